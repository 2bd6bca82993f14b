// No input makes the library throw anything but its own error: whatever stands in a file, a key, a signature or a name.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findTarget } from '../../src/client/lookup.ts';
import { utf8 } from '../../src/encoding.ts';
import { DTufError } from '../../src/errors.ts';
import type { Json } from '../../src/json.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { findFirstRoot } from '../../src/tuf/first-root.ts';
import { keyidOf } from '../../src/tuf/key-forms.ts';
import { importKey } from '../../src/tuf/keys.ts';
import { parseTargets } from '../../src/tuf/parse-targets.ts';
import { readPem, writePem } from '../../src/tuf/pem.ts';
import { parseRoot } from '../../src/tuf/root.ts';
import { countSignatures } from '../../src/tuf/signatures.ts';
import { generateKeyPair } from '../../src/tuf/signer.ts';
import { parseSnapshot } from '../../src/tuf/snapshot.ts';
import { identityOfPem } from '../../src/tuf/spki-keys.ts';
import { parseTimestamp } from '../../src/tuf/timestamp.ts';
import { type Members, repository, text } from './repository.ts';

const plain = repository()
  .withTargets({ 'demo.txt': { length: 5, hashes: { sha256: '0'.repeat(64) }, custom: { a: [1] } } })
  .withRole('dev')
  .delegating('targets', 'dev')
  .withRole('bin')
  .delegating('targets', 'bin', { pathHashPrefixes: ['0', 'ff'] });
const files = await plain.build();
const parsers = [
  ['root', parseRoot],
  ['timestamp', parseTimestamp],
  ['snapshot', parseSnapshot],
  ['targets', parseTargets],
] as const;

/** Runs `work`; whatever it throws is an error of ours, of one of `codes`. */
async function throwsOurs(codes: readonly string[], work: () => unknown): Promise<void> {
  try {
    await work();
  } catch (error) {
    expect(error).toBeInstanceOf(DTufError);
    expect(codes).toContain((error as DTufError).code);
  }
}

const json = fc.jsonValue({ maxDepth: 3 }).map((value) => value as Json);
/** What stands in metadata, and what nearly does. */
const likely = fc.constantFrom<Json>(
  ...[null, true, 0, -1, 1, 2, 1.5, 2 ** 53, '', 'root', 'targets', '*', '[', '../x', '\ud800', '__proto__'],
  ...['ed25519', 'rsa', 'ecdsa', 'rsassa-pss-sha256', 'ecdsa-sha2-nistp256', '00', 'f'.repeat(64)],
  ...[[], {}, [[]], [{}], { sha256: 'f'.repeat(64) }, { version: 1 }, { keys: {}, roles: [] }],
);
const value = fc.oneof({ weight: 3, arbitrary: likely }, { weight: 1, arbitrary: json });

interface Edit {
  readonly at: number;
  readonly how: 'replace' | 'remove' | 'add' | 'rename';
  readonly value: Json;
  readonly name: string;
}
const edit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat({ max: 500 }),
  how: fc.constantFrom('replace', 'remove', 'add', 'rename'),
  value,
  name: fc.oneof(
    fc.constantFrom('__proto__', 'paths', 'succinct_roles', 'length', 'custom', ''),
    fc.string(),
  ),
});

/** Sets a member whatever its name is; a list has no names, and gets an item. */
function put(of: Members, name: string, given: Json): void {
  // What was given once stays as it is: the next run is given the same.
  const value = structuredClone(given) as Json;
  if (Array.isArray(of) && !/^\d+$/.test(name)) of.push(value);
  else Object.defineProperty(of, name, { value, enumerable: true, configurable: true, writable: true });
}

/** Changes one of all members and items, at any depth. */
function edited(document: Json, { at, how, value, name }: Edit): Json {
  const places: { of: Members; key: string }[] = [];
  const visit = (of: Json): void => {
    if (typeof of !== 'object' || of === null) return;
    for (const key of Object.keys(of)) {
      places.push({ of: of as Members, key });
      visit((of as Members)[key] ?? null);
    }
  };
  visit(document);
  const place = places[at % places.length];
  if (place === undefined) return structuredClone(value) as Json;
  const { of, key } = place;
  if (how === 'replace') put(of, key, value);
  if (how === 'add') put(of, name, value);
  if (how === 'remove' || how === 'rename') {
    const old = of[key] ?? null;
    if (Array.isArray(of)) of.splice(Number(key), 1);
    else delete of[key];
    if (how === 'rename') put(of, name, old);
  }
  return document;
}

const edits = fc.array(edit, { minLength: 1, maxLength: 4 });
const PARSING = ['METADATA_INVALID'];

describe('whatever stands in a metadata file', () => {
  it.each(parsers)('of %s, it is read or METADATA_INVALID', async (role, parse) => {
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const document = changes.reduce<Json>(edited, JSON.parse(text(files[role])) as Json);
        await throwsOurs(PARSING, () => parse(utf8(JSON.stringify(document))));
      }),
      { numRuns: 800, seed: 11 },
    );
  });

  it.each(parsers)('of %s, any bytes are read or METADATA_INVALID', async (_, parse) => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }).map((some) => Uint8Array.from(some)),
      json.map((some) => utf8(JSON.stringify({ signatures: [], signed: some }))),
    );
    await fc.assert(
      fc.asyncProperty(bytes, (some) => throwsOurs(PARSING, () => parse(some))),
      { numRuns: 300, seed: 12 },
    );
  });

  it('the keys and signatures of a root that can be read are counted', async () => {
    const { publicPem } = await generateKeyPair('ecdsa');
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const document = changes.reduce<Json>(edited, JSON.parse(text(files.root)) as Json);
        const bytes = utf8(JSON.stringify(document));
        await throwsOurs(PARSING, async () => {
          const root = parseRoot(bytes);
          for (const role of Object.values(root.signed.roles)) {
            const count = await countSignatures(root, { ...role, keys: root.signed.keys });
            expect(count).toBeLessThanOrEqual(root.signatures.length);
          }
        });
        await throwsOurs(['TRUST_BROKEN'], () => findFirstRoot(publicPem, only(bytes)));
      }),
      { numRuns: 300, seed: 13 },
    );
  });

  it('targets that can be read can be searched', async () => {
    const leaf = parseTargets((await plain.delegated()).get('dev') ?? new Uint8Array(), 'dev');
    const name = fc.oneof(fc.constantFrom('demo.txt', 'x', ''), fc.string({ unit: 'binary' }));
    await fc.assert(
      fc.asyncProperty(edits, name, async (changes, wanted) => {
        const document = changes.reduce<Json>(edited, JSON.parse(text(files.targets)) as Json);
        await throwsOurs([...PARSING, 'LIMIT_EXCEEDED'], () =>
          findTarget(parseTargets(utf8(JSON.stringify(document))), wanted, {
            load: async () => leaf,
            limits: defaultLimits,
          }),
        );
      }),
      { numRuns: 600, seed: 14 },
    );
  });
});

async function* only(bytes: Bytes): AsyncIterable<Bytes> {
  yield bytes;
}

const pems = await Promise.all(
  (['ed25519', 'ecdsa', 'rsa'] as const).map(async (type) => (await generateKeyPair(type)).publicPem),
);
/** PEM with some of its characters, or bytes of its DER, changed. */
const pem = fc
  .record({
    which: fc.constantFrom(...pems),
    deep: fc.boolean(),
    at: fc.nat({ max: 700 }),
    cut: fc.nat({ max: 4 }),
    put: fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('\r', '\n-----END ', '-----BEGIN X-----\n'),
    ),
  })
  .map(({ which, deep, at, cut, put }) => {
    if (!deep) return which.slice(0, at % which.length) + put + which.slice((at % which.length) + cut);
    const der = [...readPem(which).der];
    der.splice(at % der.length, cut, ...utf8(put.replace(/\p{Cs}/gu, '')));
    return writePem('PUBLIC KEY', Uint8Array.from(der));
  });
const someKey = fc.record({
  keytype: fc.constantFrom('ed25519', 'ecdsa', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'rsa', 'x', ''),
  scheme: fc.constantFrom(
    ...[
      'ed25519',
      'ecdsa-sha2-nistp256',
      'ecdsa-sha2-nistp384',
      'rsassa-pss-sha256',
      'rsassa-pss-sha512',
      '__proto__',
    ],
  ),
  keyval: fc.record({
    public: fc.oneof(
      pem,
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map((point) => hex(point)),
      fc.uint8Array({ minLength: 64, maxLength: 64 }).map((point) => `04${hex(point)}`),
    ),
  }),
});

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

describe('whatever stands in a key', () => {
  it('it is a key or none, and verifies no signature that nobody made', async () => {
    const signature = fc.oneof(
      fc.uint8Array({ maxLength: 140 }),
      fc.constantFrom(...[63, 64, 65, 256, 257, 384, 512].map((length) => new Uint8Array(length).fill(1))),
    );
    await fc.assert(
      fc.asyncProperty(someKey, signature, async (key, some) => {
        const usable = await importKey(key);
        if (usable !== undefined) expect(await usable.verify(utf8('x'), Uint8Array.from(some))).toBe(false);
      }),
      { numRuns: 800, seed: 15 },
    );
  });

  it('it has a keyid, or no canonical form', async () => {
    await fc.assert(
      fc.asyncProperty(someKey, (key) => throwsOurs(PARSING, () => keyidOf(key))),
      { numRuns: 100, seed: 16 },
    );
  });

  it('as PEM it has an identity, or is KEY_INVALID', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(pem, fc.string({ unit: 'binary' })), async (some) => {
        await throwsOurs(['KEY_INVALID'], () => readPem(some));
        await throwsOurs(['KEY_INVALID'], () => identityOfPem(some));
      }),
      { numRuns: 500, seed: 17 },
    );
  });
});
