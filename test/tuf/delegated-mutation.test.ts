// Whatever is changed in the file of a delegated role or in a chain of rotated roots: other content is never trusted, and
// the refusal is ours. The files of the four top-level roles are in mutation.test.ts.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DTufError } from '../../src/errors.ts';
import type { Bytes } from '../../src/ports.ts';
import { canonicalJson } from '../../src/tuf/canonical.ts';
import { DelegatedSet } from '../../src/tuf/delegated-set.ts';
import { type Files, type Members, offer, repository, setOf, text, verified } from './repository.ts';

const plain = repository()
  .withRole('dev', { targets: { 'a.txt': 'Hello', ключ: { length: 1, hashes: { sha256: 'a'.repeat(64) } } } })
  .withRole('leaf', { targets: { b: 'World' } })
  .delegating('targets', 'dev')
  .delegating('dev', 'leaf', { paths: ['b', '[a-z]*'] });
/** The snapshot says more than the version of the delegated role. */
const files = await plain.build();
const roles = await plain.delegated();
const dev = roles.get('dev') ?? new Uint8Array();

/** Roots 1 to 4: each replaces the root key, the third also the threshold and the key of the timestamp. */
const first = plain.with('root', { keys: ['r1'] });
const second = first.nextRoot({ keys: ['r2'] });
const third = second
  .with('timestamp', { keys: ['new timestamp'] })
  .nextRoot({ keys: ['r3', 'r4'], threshold: 2 });
const fourth = third.nextRoot({ keys: ['r5'], threshold: 1 });
const chain = await Promise.all([first, second, third, fourth].map((one) => one.root()));
const latest: Files = await fourth.build();

const BYTES = fc.oneof(
  fc.nat({ max: 255 }),
  fc.constantFrom(...'{}[]",:\\0123456789abcdefu '.split('').map((c) => c.charCodeAt(0))),
);
/** One change: so many bytes are cut out at a place, and others put there. */
const change = fc.record({
  at: fc.nat({ max: 1 << 20 }),
  cut: fc.integer({ min: 0, max: 3 }),
  put: fc.array(BYTES, { maxLength: 3 }),
});
type Change = { at: number; cut: number; put: number[] };

function changed(bytes: Bytes, { at, cut, put }: Change): Bytes {
  const i = at % bytes.length;
  return Uint8Array.from([...bytes.subarray(0, i), ...put, ...bytes.subarray(i + cut)]);
}

/** What is trusted of a file, whatever white space it has. */
const content = (signed: { raw: Members | object }) => text(canonicalJson(signed.raw as Members));

async function loadDev(bytes: Bytes): Promise<string> {
  const set = await verified(files);
  if (set.targets === undefined) throw new Error('the targets are verified');
  return content((await new DelegatedSet(set).update(bytes, 'dev', set.targets)).signed);
}

/** Follows the chain and the release; what is trusted at the end. */
async function follow(roots: readonly Bytes[]): Promise<string> {
  const set = await offer(await setOf(roots), latest);
  return (
    set.roots.map(({ signed }) => content(signed)).join('\n') + content(set.targets?.signed ?? { raw: {} })
  );
}

/** Whether `trusting` what was changed is refused by an error of ours; otherwise it has to be the same as before. */
async function refuses(want: string, trusting: () => Promise<string>): Promise<boolean> {
  let trusted: string;
  try {
    trusted = await trusting();
  } catch (error) {
    expect(error).toBeInstanceOf(DTufError);
    return true;
  }
  expect(trusted).toBe(want);
  return false;
}

describe('a change', () => {
  it('anywhere in the file of a delegated role is refused, or changes nothing that is trusted', async () => {
    const want = await loadDev(dev);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        await refuses(want, () => loadDev(changes.reduce(changed, dev)));
      }),
      { numRuns: 400, seed: 4 },
    );
  });

  it('anywhere in any root of a chain is refused, or changes nothing that is trusted', async () => {
    const want = await follow(chain);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: chain.length - 1 }), change, async (which, one) => {
        await refuses(want, () => follow(chain.map((root, i) => (i === which ? changed(root, one) : root))));
      }),
      { numRuns: 400, seed: 5 },
    );
  });

  it('of roots that are left out, doubled or in another order is refused', async () => {
    const orders = fc.array(fc.nat({ max: chain.length - 1 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        const roots = order.map((i) => chain[i] ?? new Uint8Array());
        const whole = order.every((at, i) => at === (order[0] ?? 0) + i);
        try {
          const set = await setOf(roots);
          expect(whole).toBe(true);
          expect(set.root.signed.version).toBe((order.at(-1) ?? 0) + 1);
        } catch (error) {
          expect(error).toBeInstanceOf(DTufError);
          expect(whole).toBe(false);
        }
      }),
      { numRuns: 200, seed: 6 },
    );
  });

  it('of one bit, at each place, of the file of a delegated role is refused', async () => {
    const want = await loadDev(dev);
    let refused = 0;
    for (let at = 0; at < dev.length; at += 2) {
      const flipped = Uint8Array.from(dev);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 7));
      if (await refuses(want, () => loadDev(flipped))) refused++;
    }
    expect(refused).toBeGreaterThan(dev.length / 2 - 40);
  });
});

it('the file of one delegated role is never taken for another', async () => {
  const set = await verified(files);
  const leaf = roles.get('leaf') ?? new Uint8Array();
  if (set.targets === undefined) throw new Error('the targets are verified');
  const { targets: top } = set;
  const delegated = new DelegatedSet(set);
  await expect(delegated.update(leaf, 'dev', top)).rejects.toMatchObject({
    code: 'METADATA_UNSIGNED',
  });
  const delegator = await delegated.update(dev, 'dev', top);
  await expect(delegated.update(dev, 'leaf', delegator)).rejects.toBeInstanceOf(DTufError);
  await expect(set.updateTargets(dev)).rejects.toMatchObject({ code: 'METADATA_MISMATCH' });
});
