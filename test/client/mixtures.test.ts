// A registry that holds only what was once signed, and offers any mixture of it: a client never goes back, never trusts
// what its parents do not name, and follows the honest registry afterwards. There is no state in which it stays locked out.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DTufError, memoryStore } from '../../src/index.ts';
import type { Bytes } from '../../src/ports.ts';
import { type Files, type Members, type Repository, repository } from '../tuf/repository.ts';
import { CURRENT, client, Place, stateOf } from './place.ts';

/** Parents that sign the versions of their files only, so that nothing but the rules of the client holds them together. */
const loosely =
  (role: 'snapshot' | 'targets') =>
  (signed: Members): Members => {
    const meta = signed['meta'] as Members;
    const { version = 1 } = meta[`${role}.json`] as Members;
    return { ...signed, meta: { ...meta, [`${role}.json`]: { version } } };
  };

/** Six releases; on the way the keys of the timestamp, of the root and of targets are replaced, and a role is added. */
function history(loose: boolean): Repository[] {
  const dev = (of: Repository) => of.withRole('dev').delegating('targets', 'dev', { paths: ['dev/*'] });
  const steps: ((before: Repository) => Repository)[] = [
    (before) => before,
    (before) => dev(before),
    (before) => before.with('timestamp', { keys: ['timestamp 2'] }).nextRoot(),
    (before) => before.withRole('dev', { version: 2 }),
    (before) => before.nextRoot({ keys: ['root 2'] }),
    (before) => before.with('targets', { keys: ['targets 2'] }).nextRoot({ keys: ['root 2'] }),
  ];
  let now = repository();
  if (loose) {
    now = now
      .with('timestamp', { signed: loosely('snapshot') })
      .with('snapshot', { signed: loosely('targets') });
  }
  return steps.map((step, i) => {
    now = step(now)
      .release(i + 1)
      .withTargets({ 'demo.txt': `release ${i + 1}` });
    return now;
  });
}

interface Offer {
  readonly roots: number;
  readonly timestamp: number;
  readonly snapshot: number;
  readonly targets: number;
}

describe.each([
  ['length, hashes and version', false],
  ['the version alone', true],
])('where parents sign %s', async (_, loose) => {
  const releases = history(loose);
  const built: Files[] = await Promise.all(releases.map((release) => release.build()));
  const roots: Bytes[] = [...new Map(built.map(({ root }) => [String(root), root])).values()];
  const last = built.length - 1;
  const at = <T>(list: readonly T[], i: number): T => list[i] ?? (list[0] as T);

  async function publish(place: Place, offer: Offer): Promise<void> {
    const { timestamp } = at(built, offer.timestamp);
    const { snapshot } = at(built, offer.snapshot);
    const { targets } = at(built, offer.targets);
    await place.publish({ timestamp, snapshot, targets }, roots.slice(0, offer.roots), [
      `release ${last + 1}`,
    ]);
  }

  /** Which release each stored file is of. */
  async function versions(store: ReturnType<typeof memoryStore>): Promise<Record<string, number>> {
    const state = await stateOf(store);
    const found: Record<string, number> = {};
    for (const role of ['root', 'timestamp', 'snapshot', 'targets']) {
      const version = /"version":(\d+),"expires"/.exec(state[`${CURRENT}${role}.json`] ?? '')?.[1];
      if (version !== undefined) found[role] = Number(version);
    }
    return found;
  }

  const one = fc.nat({ max: last });
  const offers = fc.array(
    fc.record<Offer>({
      roots: fc.integer({ min: 1, max: roots.length }),
      timestamp: one,
      snapshot: one,
      targets: one,
    }),
    { minLength: 1, maxLength: 5 },
  );

  it('no mixture of releases takes a client back, or locks it out (ATTACKS 30, 34, 35)', async () => {
    expect(roots).toHaveLength(4);
    await fc.assert(
      fc.asyncProperty(offers, async (mixtures) => {
        const place = new Place();
        const store = memoryStore();
        const copy = client(place, { store, trust: at(roots, 0) });
        let before: Record<string, number> = {};
        for (const mixture of mixtures) {
          await publish(place, mixture);
          const taken = await copy.pullMetadata().catch((error: unknown) => error);
          const now = await versions(store);
          if (taken instanceof Error) expect(taken).toBeInstanceOf(DTufError);
          else expect(new Set([now['timestamp'], now['snapshot'], now['targets']]).size).toBe(1);
          expect(now['root'] ?? 0).toBeGreaterThanOrEqual(before['root'] ?? 0);
          // Files that a new root made worthless are forgotten (5.3.11), and nothing else goes back.
          for (const role of ['timestamp', 'snapshot', 'targets']) {
            const forgotten = now['root'] !== before['root'];
            if (!forgotten) expect(now[role] ?? 0).toBeGreaterThanOrEqual(before[role] ?? 0);
          }
          before = now;
        }
        await publish(place, { roots: roots.length, timestamp: last, snapshot: last, targets: last });
        await copy.pullMetadata();
        expect(await (await copy.pullTarget('demo.txt')).text()).toBe(`release ${last + 1}`);
      }),
      { numRuns: 60, seed: 21 },
    );
  });
});
