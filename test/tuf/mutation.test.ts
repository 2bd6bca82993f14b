// Whatever is changed in a file of a valid repository: other content is never trusted, and the refusal is ours.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { DTufError } from '../../src/errors.ts';
import type { Bytes } from '../../src/ports.ts';
import { canonicalJson } from '../../src/tuf/canonical.ts';
import { ROLES, type Role } from '../../src/tuf/metadata.ts';
import type { TrustedSet } from '../../src/tuf/trusted-set.ts';
import { type Files, type Members, offer, repository, setOf } from './repository.ts';

/** Parents sign no hashes here, so that the signatures alone have to find what was changed. */
const bare = (role: 'snapshot' | 'targets') => (signed: Members) => ({
  ...signed,
  meta: { [`${role}.json`]: { version: 1 } },
});
const strict = repository().withTargets({
  'demo.txt': 'Hello',
  ключ: { length: 1, hashes: { sha256: 'a'.repeat(64) } },
});
const loose = strict
  .with('timestamp', { signed: bare('snapshot') })
  .with('snapshot', { signed: bare('targets') });
const nextRoot = await strict.nextRoot({ keys: ['next'] }).root();

type Mutation = { at: number; byte: number; how: 'flip' | 'set' | 'insert' | 'remove' | 'cut' | 'double' };

function mutate(bytes: Bytes, { at, byte, how }: Mutation): Bytes {
  const i = at % bytes.length;
  const before = [...bytes.subarray(0, i)];
  const after = [...bytes.subarray(i + 1)];
  const old = bytes[i] ?? 0;
  const parts: Record<Mutation['how'], number[]> = {
    flip: [...before, old ^ (1 << (byte & 7)), ...after],
    set: [...before, byte, ...after],
    insert: [...before, byte, old, ...after],
    remove: [...before, ...after],
    cut: before,
    double: [...before, old, old, ...after],
  };
  return Uint8Array.from(parts[how]);
}

const mutation = fc.record<Mutation>({
  at: fc.nat({ max: 1 << 20 }),
  byte: fc.oneof(
    fc.nat({ max: 255 }),
    fc.constantFrom(...'{}[]",:\\0123456789eE.- '.split('').map((c) => c.charCodeAt(0))),
  ),
  how: fc.constantFrom('flip', 'set', 'insert', 'remove', 'cut', 'double'),
});

/** What a set trusts, in one form whatever white space the files have. */
function trusted(set: TrustedSet): Record<Role, string> {
  const text = (role: Role) => {
    const metadata = set[role];
    return metadata === undefined ? '' : new TextDecoder().decode(canonicalJson(metadata.signed.raw));
  };
  return {
    root: text('root'),
    timestamp: text('timestamp'),
    snapshot: text('snapshot'),
    targets: text('targets'),
  };
}

async function walk(files: Files, next: Bytes | undefined): Promise<TrustedSet> {
  return offer(await setOf(next === undefined ? files.root : [files.root, next]), files);
}

it.each([
  ['with hashes in the parents', strict],
  ['with versions in the parents only', loose],
])('a change anywhere in any file is refused, or changes nothing that is trusted: %s', async (_, made) => {
  const good = await made.build();
  const want = trusted(await walk(good, undefined));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ROLES),
      fc.array(mutation, { minLength: 1, maxLength: 3 }),
      async (role, changes) => {
        const files = { ...good, [role]: changes.reduce(mutate, good[role]) };
        try {
          expect(trusted(await walk(files, undefined))).toEqual(want);
        } catch (error) {
          expect(error).toBeInstanceOf(DTufError);
        }
      },
    ),
    { numRuns: 1500, seed: 1 },
  );
});

it('a change anywhere in the next root is refused, or changes nothing that is trusted', async () => {
  const good = await strict.build();
  const want = trusted(await walk(good, nextRoot));
  await fc.assert(
    fc.asyncProperty(mutation, async (change) => {
      try {
        expect(trusted(await walk(good, mutate(nextRoot, change)))).toEqual(want);
      } catch (error) {
        expect(error).toBeInstanceOf(DTufError);
      }
    }),
    { numRuns: 700, seed: 2 },
  );
});

it('every single byte of every file matters, or is no part of what is trusted', async () => {
  const good = await loose.build();
  const want = trusted(await walk(good, undefined));
  let refused = 0;
  for (const role of ROLES) {
    for (let at = 0; at < good[role].length; at += 3) {
      const changed = mutate(good[role], { at, byte: at, how: 'flip' });
      try {
        expect(trusted(await walk({ ...good, [role]: changed }, undefined))).toEqual(want);
      } catch (error) {
        expect(error).toBeInstanceOf(DTufError);
        refused++;
      }
    }
  }
  expect(refused).toBeGreaterThan(500);
});
