// Canonical JSON against a second implementation that shares nothing with the first.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/json.ts';
import { canonicalJson, compareCodePoints } from '../../src/tuf/canonical.ts';
import { text } from '../tuf/repository.ts';

const write = (value: Json) => text(canonicalJson(value));

/** Slow and plain: bytes are gathered one by one, names are compared as lists of code points. */
function reference(value: Json): number[] {
  const ascii = (word: string) => [...word].map((c) => c.charCodeAt(0));
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return ascii(`${value}`);
  if (typeof value === 'string') {
    const body: number[] = [];
    for (const character of value) {
      if (character === '"' || character === '\\') body.push(0x5c);
      body.push(...utf8Of(character.codePointAt(0) ?? 0));
    }
    return [0x22, ...body, 0x22];
  }
  const join = (parts: number[][], open: string, close: string) => [
    ...ascii(open),
    ...parts.flatMap((part, i) => (i === 0 ? part : [0x2c, ...part])),
    ...ascii(close),
  ];
  if (Array.isArray(value)) return join(value.map(reference), '[', ']');
  const points = (name: string) => Array.from(name, (c) => c.codePointAt(0) ?? 0);
  const names = Object.keys(value).map((name) => ({ name, order: points(name) }));
  names.sort((a, b) => {
    for (let i = 0; ; i++) {
      const [x, y] = [a.order[i], b.order[i]];
      if (x === undefined || y === undefined) return a.order.length - b.order.length;
      if (x !== y) return x - y;
    }
  });
  const object = value as { [name: string]: Json };
  return join(
    names.map(({ name }) => [...reference(name), 0x3a, ...reference(object[name] ?? null)]),
    '{',
    '}',
  );
}

function utf8Of(point: number): number[] {
  if (point < 0x80) return [point];
  const tail = (shift: number) => 0x80 | ((point >> shift) & 0x3f);
  if (point < 0x800) return [0xc0 | (point >> 6), tail(0)];
  if (point < 0x10000) return [0xe0 | (point >> 12), tail(6), tail(0)];
  return [0xf0 | (point >> 18), tail(12), tail(6), tail(0)];
}

const jsonValue = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'binary', maxLength: 4 }), tie('value'), { maxKeys: 6 }),
  ),
})).value;

describe('canonical JSON', () => {
  it('is what a second implementation writes', () => {
    fc.assert(
      fc.property(jsonValue, (value) => {
        expect([...canonicalJson(value)]).toEqual(reference(value));
      }),
      { numRuns: 500 },
    );
  });

  it('sorts by code point: emoji come after U+E000 to U+FFFF (ATTACKS 80)', () => {
    const names = [
      '\u{1f600}',
      '\uffff',
      '\ue000',
      '\ud7ff',
      'z',
      'a',
      '',
      '\u{1f600}a',
      '\u{10ffff}',
      '\u{10000}',
    ];
    const object = Object.fromEntries(names.map((name, i) => [name, i]));
    const sorted = [
      '',
      'a',
      'z',
      '\ud7ff',
      '\ue000',
      '\uffff',
      '\u{10000}',
      '\u{1f600}',
      '\u{1f600}a',
      '\u{10ffff}',
    ];
    expect([...names].sort(compareCodePoints)).toEqual(sorted);
    expect(write(object)).toBe(`{${sorted.map((name) => `"${name}":${names.indexOf(name)}`).join(',')}}`);
  });

  it('sorts names of digits as text', () => {
    expect(write({ 10: 1, 9: 2, 1: 3 })).toBe('{"1":3,"10":1,"9":2}');
  });

  it('writes control characters, DEL, U+2028 and escapes as they are, but for quote and backslash (ATTACKS 80)', () => {
    expect(write('\n\t\r\b\0\x7f\u2028/é"\\')).toBe('"\n\t\r\b\0\x7f\u2028/é\\"\\\\"');
  });

  it.each([1.5, 2 ** 53, -(2 ** 53), Number.NaN, Number.POSITIVE_INFINITY, 0.1])(
    'the number %d has no form (ATTACKS 80)',
    (number) => {
      expect(() => canonicalJson({ custom: [number] })).toThrow(
        expect.objectContaining({ code: 'METADATA_INVALID' }),
      );
    },
  );

  it.each(['\ud800', 'a\udc00', '\udc00\ud800'])('a lone surrogate has no form: %j (ATTACKS 2)', (lone) => {
    for (const value of [lone, { [lone]: 1 }]) {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
    }
  });

  it('100 and 1e2 are the same number when publishing', () => {
    expect(write([1e2, -0, Number.MAX_SAFE_INTEGER])).toBe('[100,0,9007199254740991]');
  });

  it('is written 32 levels deep and no deeper, as it is read', () => {
    const nested = (depth: number): Json => {
      let value: Json = [];
      for (let i = 1; i < depth; i++) value = i % 2 === 0 ? [value] : { a: value };
      return value;
    };
    expect(write(nested(32)).length).toBeGreaterThan(64);
    for (const depth of [33, 34, 100_000]) {
      expect(() => write(nested(depth))).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
    }
  });

  it.each([undefined, () => 1, 1n, Symbol('x')])('what is no JSON has no form: %s', (value: unknown) => {
    expect(() => write({ a: value as Json })).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
  });
});
