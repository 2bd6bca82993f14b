// What is read as JSON: one document for every reader of the same bytes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { type JsonObject, parseJson } from '../../src/json.ts';
import { canonicalJson } from '../../src/tuf/canonical.ts';
import { member } from '../../src/tuf/fields.ts';
import { parseTargets } from '../../src/tuf/parse-targets.ts';
import { parseRoot } from '../../src/tuf/root.ts';
import { parseSnapshot } from '../../src/tuf/snapshot.ts';
import { parseTimestamp } from '../../src/tuf/timestamp.ts';
import { text } from './repository.ts';

const read = (json: string) => parseJson(utf8(json), 'root');
const refused = expect.objectContaining({ code: 'METADATA_INVALID', role: 'root' });

describe('what is no JSON is refused', () => {
  it.each([
    '',
    ' ',
    'x',
    '{',
    '{"a":1',
    '{"a":1}}',
    '[1,]',
    "{'a':1}",
    '{"a":1} x',
    '<html>',
    'NaN',
    '"a\nb"',
    '"\\x"',
    '"',
  ])('%j (ATTACKS 1)', (json) => {
    expect(() => read(json)).toThrow(refused);
  });

  it.each(['[]', '"text"', 'null', '1', 'true', '{}', '{"signed":[],"signatures":[]}', '{"signed":{}}'])(
    '%s is no metadata of any role (ATTACKS 1)',
    (json) => {
      for (const parse of [parseRoot, parseTimestamp, parseSnapshot, parseTargets]) {
        expect(() => parse(utf8(json))).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
      }
    },
  );
});

describe('text that readers see differently is refused', () => {
  it.each([
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
    ['a byte that is no UTF-8', [0x22, 0xff, 0x22]],
    ['an overlong form', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['a character that is cut off', [0x22, 0xe2, 0x82, 0x22]],
    ['a code point above U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
    ['a zero byte after the end', [0x7b, 0x7d, 0x00]],
  ])('%s (ATTACKS 2)', (_, bytes) => {
    expect(() => parseJson(Uint8Array.from(bytes), 'root')).toThrow(refused);
  });

  it.each([
    '"\\ud800"',
    '"\\uDFFF"',
    '"\\ud800\\ud800"',
    '"\\ud800x"',
    '"\\ud800\\u0041"',
    '"\\ud800\\udbff"',
    '"\\ud800\\ue000"',
    '"\\ud800xxdc00"',
    '"\\ud800\\ndc00"',
    '"\\ud800xudc00"',
    '"\\udbff"',
    '"\\udc00"',
    '"\\udc00\\ud800"',
    '{"\\udbff":1}',
    '"\\ud800\\"',
    '"\\ud83d\\ude00\\ude00"',
    '"\\\\\\ud800"',
  ])('the lone surrogate in %s (ATTACKS 2)', (json) => {
    expect(() => read(json)).toThrow(refused);
  });

  it('a surrogate pair and a backslash before the letter u are text', () => {
    expect(read('"\\ud83d\\ude00"')).toBe('😀');
    expect(read('"\\ud800\\udc00\\uDBFF\\uDFFF"')).toBe('\ud800\udc00\udbff\udfff');
    expect(read('"\\\\ud800"')).toBe('\\ud800');
    expect(read('"\\u00e9\\ud7ff\\ue000"')).toBe('é\ud7ff\ue000');
  });

  it.each([
    '1.0',
    '1.5',
    '1e3',
    '1E3',
    '-0',
    '0.0',
    '9007199254740992',
    '-9007199254740992',
    '9007199254740993',
    '99999999999999999999',
    '12345678901234567',
    '1e400',
    '-',
    '01',
    '1.',
  ])('the number %s (ATTACKS 5)', (json) => {
    for (const document of [json, `[${json}]`, `{"a": ${json} }`])
      expect(() => read(document)).toThrow(refused);
  });

  it.each(['0', '1', '-1', '9007199254740991', '-9007199254740991'])('but the number %s is read', (json) => {
    expect(read(json)).toBe(Number(json));
  });

  it('the error says that bytes are no UTF-8', () => {
    expect(() => parseJson(Uint8Array.of(0x22, 0xff, 0x22), 'root')).toThrow(/not UTF-8/);
  });

  it('of duplicate keys the last one counts (ATTACKS 3)', () => {
    expect(read('{"a":1,"b":2,"a":3}')).toEqual({ a: 3, b: 2 });
  });

  it('the error names a number that is refused, and the role', () => {
    expect(() => read('{"version": 1e3}')).toThrow(/root cannot be read: numbers are plain integers.*"1e3"/);
  });
});

describe('names that JavaScript objects have are ordinary names', () => {
  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'])(
    '%s (ATTACKS 4)',
    (name) => {
      const object = read(`{"${name}":{"polluted":1}}`) as JsonObject;
      expect(Object.keys(object)).toEqual([name]);
      expect(member(object, name)).toEqual({ polluted: 1 });
      expect(member(read('{}') as JsonObject, name)).toBeUndefined();
      expect(text(canonicalJson(object))).toBe(`{"${name}":{"polluted":1}}`);
      expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    },
  );
});

describe('nesting', () => {
  it('32 levels are read, 33 are refused', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(() => read(nested(32))).not.toThrow();
    expect(() => read(nested(33))).toThrow(refused);
    expect(() => read('{"a":'.repeat(33) + 1 + '}'.repeat(33))).toThrow(/deeper than 32/);
    // Siblings do not add up.
    expect(() => read(`[${Array(100).fill(nested(31)).join(',')}]`)).not.toThrow();
  });

  it('100,000 nested arrays are refused without a stack overflow (ATTACKS 8)', () => {
    expect(() => read('['.repeat(100_000) + ']'.repeat(100_000))).toThrow(refused);
    expect(() => read('{"a":'.repeat(100_000))).toThrow(refused);
  });

  it.each(['[', ']', '{', '[]', '"', '9'])(
    'a file of 100 MB of %j is refused in bounded time (ATTACKS 8)',
    (unit) => {
      const bytes = new Uint8Array(100_000_000).fill(unit.charCodeAt(0));
      if (unit.length > 1) for (let i = 1; i < bytes.length; i += 2) bytes[i] = unit.charCodeAt(1);
      const start = performance.now();
      expect(() => parseJson(bytes, 'root')).toThrow(refused);
      // JSON.parse alone takes 17 seconds for the first; far above what a busy machine needs for one scan.
      expect(performance.now() - start).toBeLessThan(10_000);
    },
  );

  it('brackets and digits within strings are text', () => {
    const value = `${'['.repeat(100)}1e3 -0 "\\`;
    expect(read(JSON.stringify({ [value]: value }))).toEqual({ [value]: value });
  });
});

describe('properties', () => {
  it('what is read is what JSON.parse reads', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 8 }), (json) => {
        const bytes = utf8(json);
        try {
          expect(parseJson(bytes, 'root')).toEqual(JSON.parse(text(bytes)));
        } catch (error) {
          expect(error).toMatchObject({ code: 'METADATA_INVALID' });
        }
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('what is made of plain integers and whole characters is always read', () => {
    const { value } = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small', maxDepth: 6 },
        fc.maxSafeInteger().filter((n) => !Object.is(n, -0)),
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ unit: 'binary' }), tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, fc.boolean(), (value, pretty) => {
        const json = JSON.stringify(value, null, pretty ? 2 : 0);
        expect(parseJson(utf8(json), 'root')).toEqual(JSON.parse(json));
      }),
      { numRuns: 300, seed: 8 },
    );
  });

  it('any bytes at all are read as JSON.parse reads them, or refused', () => {
    const pieces = fc.constantFrom(
      ...'{}[]":,\\ue019-.+E \n'.split(''),
      'true',
      'null',
      '\\ud800',
      '\\udc00',
      '"a"',
      'é',
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const json = parts.join('');
        let value: unknown;
        try {
          value = parseJson(utf8(json), 'root');
        } catch (error) {
          expect(error).toMatchObject({ code: 'METADATA_INVALID' });
          return;
        }
        expect(value).toEqual(JSON.parse(json));
      }),
      { numRuns: 2000, seed: 9 },
    );
  });
});
