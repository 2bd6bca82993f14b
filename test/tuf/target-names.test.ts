// Names under which nothing is published, since a client could not keep, fetch or tell them apart safely.
import { describe, expect, it } from 'vitest';
import { checkTargetName } from '../../src/publish/target-name.ts';

const hex = (length: number) => 'a1'.repeat(length / 2);

describe('the target name', () => {
  it.each([
    ...[
      '',
      '.',
      '..',
      '../x',
      '/x',
      'a/..',
      'a/../b',
      './a',
      'a/.',
      'a/',
      '/',
      '//example.com/x',
      'a\\..\\b',
    ],
    ...['root.json', 'targets.json', 'snapshot.json', 'timestamp.json', '1.root.json', '12.timestamp.json'],
    ...[`${hex(64)}.x`, `${hex(64)}.`, `${hex(128)}.x`, `sha512-${hex(64)}.x`],
    ...[
      '\0',
      'a\0',
      '\n',
      'a\r',
      '\u001b[2J',
      '\u0085',
      '\ud800',
      'a\udc00',
      'x'.repeat(4_097),
      'é'.repeat(2_049),
    ],
  ])('%j is refused in each layout (ATTACKS 48)', (name) => {
    for (const layout of ['native', 'legacy'] as const) {
      expect(() => checkTargetName(name, layout)).toThrow(
        expect.objectContaining({ code: 'TARGET_RESERVED', target: name }),
      );
    }
  });

  it.each([
    ...[
      '?',
      '#',
      '%2e%2e',
      'con',
      'CON',
      'nul.txt',
      '...',
      '..x',
      '.hidden',
      'a b',
      '__proto__',
      'constructor',
    ],
    ...['名前', 'имя', '\u00e9', 'e\u0301', 'App', 'app', 'ſ', '😀', '-x', '_x', '%', 'x'.repeat(4_096)],
    ...[
      'targets.json.gz',
      'my.root.jsonx',
      'Root.json',
      `${hex(62)}.x`,
      hex(64),
      `${hex(64)}x.y`,
      'a/b',
      'C:\\x',
      'a\\b',
    ],
  ])('%j is one like any other in the native layout (ATTACKS 48)', (name) => {
    expect(() => checkTargetName(name, 'native')).not.toThrow();
  });

  it.each(['a/b', 'C:\\x', 'a\\b', 'my-root.json', 'x.targets.json', 'x'.repeat(181)])(
    '%j is refused in the legacy layout, where python-dtuf keeps files of these names (ATTACKS 48)',
    (name) => {
      expect(() => checkTargetName(name, 'legacy')).toThrow(
        expect.objectContaining({ code: 'TARGET_RESERVED' }),
      );
    },
  );
});
