import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { storeName } from '../../src/client/store-name.ts';

/** What two names become on a file system that ignores case and normalises Unicode, as macOS and Windows do. */
const folded = (name: string) => name.normalize('NFC').toLowerCase().normalize('NFC');

describe('storeName', () => {
  test('short lower-case names stay as they are', async () => {
    for (const name of [
      'app.bin',
      'a',
      '_x',
      '-',
      '0',
      'app-1.2_3.tar.gz',
      'console',
      'com',
      'com10',
      'x.con',
      'a..b',
    ]) {
      expect(await storeName(name)).toBe(name);
    }
  });

  test('what could leave its folder or fail on some system becomes a hash (ATTACKS 47, 48)', async () => {
    const hostile = [
      ...[
        '',
        '.',
        '..',
        '.hidden',
        '../x',
        '/x',
        'a/b',
        'a\\b',
        'C:\\x',
        '?',
        '#',
        '%2e%2e',
        '%',
        '\0',
        'a\0',
        'a b',
        'A',
      ],
      ...[
        'con',
        'CON',
        'nul.txt',
        'com1',
        'lpt9.tar.gz',
        'aux.',
        'a.',
        'é',
        'e\u0301',
        'ſ',
        'K',
        '名前',
        '😀',
        'a:b',
        'a\n',
      ],
      ...['x'.repeat(101), 'x'.repeat(4096), 'constructor/', '__proto__/x', 'prog~1'],
    ];
    const names = await Promise.all(hostile.map(storeName));
    for (const name of names) expect(name).toMatch(/^%[0-9a-f]{64}$/);
    expect(new Set(names).size).toBe(hostile.length);
  });

  test('half a surrogate pair is refused: it would share the bytes of another name (ATTACKS 2)', async () => {
    await expect(storeName('a\ud800')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    await expect(storeName('\udbff')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('distinct names stay distinct where letter case and Unicode form are ignored (ATTACKS 47, 48)', async () => {
    const letter = fc.constantFrom(...'aAbBeEkK\u212a\u0301é\u00c9.%/\\-_ 0cCoOnN~'.split(''));
    const near = fc.string({ unit: letter, maxLength: 6 });
    const any = fc.oneof(
      near,
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.string({ unit: 'grapheme' }),
    );
    await fc.assert(
      fc.asyncProperty(any, any, async (a, b) => {
        const [x, y] = [await storeName(a), await storeName(b)];
        expect(folded(x) === folded(y)).toBe(a === b);
        // What came out once is a name of its own when it comes from outside.
        if (x !== a) expect(await storeName(x)).not.toBe(x);
        expect(x).toMatch(/^(?:[a-z0-9_-][a-z0-9._-]{0,99}|%[0-9a-f]{64})$/);
      }),
      { numRuns: 500, seed: 10 },
    );
  });
});
