// Canonical JSON of large documents: that it is the same at any size, and that its work grows with the document only.
// What the form is, is in test/core/tuf-canonical.test.ts.
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { toHex, utf8 } from '../../src/encoding.ts';
import { equalBytes } from '../../src/equal-bytes.ts';
import type { Json, JsonObject } from '../../src/json.ts';
import { canonicalJson } from '../../src/tuf/canonical.ts';
import { NOW, repository, setOf } from './repository.ts';

/** One text that is encoded at its end; names in the order of their UTF-8, which is that of code points. */
function asText(value: Json): string {
  if (typeof value === 'string') return `"${value.replace(/["\\]/g, '\\$&')}"`;
  if (value === null || typeof value !== 'object') return `${value}`;
  if (Array.isArray(value)) return `[${value.map(asText).join(',')}]`;
  const members = Object.entries(value as JsonObject).map(([name, member]) => ({ name, member }));
  members.sort((a, b) => (toHex(utf8(a.name)) < toHex(utf8(b.name)) ? -1 : 1));
  return `{${members.map(({ name, member }) => `${asText(name)}:${asText(member)}`).join(',')}}`;
}

/** Up to some thousand characters; what takes more than one byte stands anywhere in it. */
const long = fc
  .array(fc.tuple(fc.constantFrom('a', '/', '"', '\\', '\n', 'é', '€', '\uffff', '😀'), fc.nat(1500)), {
    maxLength: 4,
  })
  .map((runs) => runs.map(([character, times]) => character.repeat(times)).join(''));

describe('large documents', () => {
  it('have the form that small ones have, whatever the lengths of their strings', () => {
    const document = fc.oneof(
      fc.array(fc.oneof(long, fc.maxSafeInteger()), { maxLength: 12 }),
      fc.dictionary(long, fc.oneof(long, fc.array(long, { maxLength: 2 })), { maxKeys: 8 }),
    );
    fc.assert(
      fc.property(document, (value: Json) => {
        expect(equalBytes(canonicalJson(value), utf8(asText(value)))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it.each(['a', '"', 'é', '€', '😀', 'a€', '€"', '""€'])(
    'have it where strings are %j over and over',
    (unit) => {
      for (let length = 0; length < 3000; length += 41) {
        const value = [unit.repeat(length / 2), unit.repeat(length)];
        expect(equalBytes(canonicalJson(value), utf8(asText(value)))).toBe(true);
      }
    },
  );
});

describe('each is done once', () => {
  it('a member is read once where an object is written', () => {
    let read = 0;
    const counted = (members: JsonObject): JsonObject =>
      new Proxy(members, {
        get(target, name, receiver): unknown {
          read++;
          return Reflect.get(target, name, receiver);
        },
      });
    const entries = Array.from({ length: 1000 }, (_, i) => [`${i}`, counted({ length: i, b: '', a: null })]);
    canonicalJson(counted(Object.fromEntries(entries)));
    expect(read).toBe(1000 + 3 * 1000);
  });

  it('a targets file is decoded and parsed once', async () => {
    const files = await repository().withTargets({ a: 'text', b: 'text' }).build();
    const set = await setOf(files.root, NOW);
    await set.updateTimestamp(files.timestamp);
    await set.updateSnapshot(files.snapshot);
    const parse = vi.spyOn(JSON, 'parse');
    const decode = vi.spyOn(TextDecoder.prototype, 'decode');
    try {
      await set.updateTargets(files.targets);
      expect(parse).toHaveBeenCalledTimes(1);
      expect(decode).toHaveBeenCalledTimes(1);
    } finally {
      vi.restoreAllMocks();
    }
  });
});
