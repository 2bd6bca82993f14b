// What a refresh changed for whoever downloaded targets before.
import type { Limits } from '../limits.ts';
import type { Store } from '../ports.ts';
import type { Metadata } from '../tuf/metadata.ts';
import type { TargetFile, Targets } from '../tuf/targets.ts';
import type { TrustedSet } from '../tuf/trusted-set.ts';
import { fingerprint } from './copy-state.ts';
import { loadStored, reachable, unlessUnusable } from './delegated-roles.ts';
import { findTarget } from './lookup.ts';
import { lookupCost } from './lookup-cost.ts';

export interface Changes {
  /** Targets that are new or other than when they were downloaded. */
  readonly changed: readonly string[];
  /** Targets that were downloaded and are published no more. */
  readonly removed: readonly string[];
}

/**
 * Compares what is published with what was downloaded. Of delegated targets those count whose roles are stored, and
 * whether one is still published is left open where a role that decides it is not.
 *
 * @param pulled by target name, the fingerprints under which it is known.
 */
export async function findChanges(
  set: TrustedSet,
  pulled: ReadonlyMap<string, readonly string[]>,
  store: Store,
  limits: Limits,
): Promise<Changes> {
  const top = set.targets;
  if (top === undefined) throw new Error('the targets come first');
  const published = new Map<string, TargetFile>(top.signed.targets);
  const open = new Set<string>();
  if (delegates(top.signed)) {
    const load = await loadStored(set, store);
    const roles = await reachable(set, top, (role, delegator) => unlessUnusable(() => load(role, delegator)));
    const names = new Set(roles.flatMap((role) => [...role.signed.targets.keys()]));
    const looked = affordable([[...names, ...pulled.keys()], [...pulled.keys()]], [top, ...roles], limits);
    for (const name of pulled.keys()) if (!looked.has(name)) open.add(name);
    for (const name of looked) {
      const answer = await unlessUnusable(async () => ({
        found: await findTarget(top, name, { load, limits }),
      }));
      if (answer === undefined) open.add(name);
      else if (answer.found !== undefined) published.set(name, answer.found.file);
    }
  }
  const changed = [...published].filter(([name, file]) => !pulled.get(name)?.includes(fingerprint(file)));
  const removed = [...pulled.keys()].filter((name) => !published.has(name) && !open.has(name));
  return { changed: changed.map(([name]) => name), removed };
}

/** The names to look up: the first of `choices` that is not too much. */
function affordable(
  choices: readonly (readonly string[])[],
  roles: readonly Metadata<Targets>[],
  { comparisons }: Limits,
): ReadonlySet<string> {
  return new Set(choices.find((names) => lookupCost(names, roles) <= comparisons));
}

function delegates({ delegations }: Targets): boolean {
  return delegations !== undefined && (delegations.succinct !== undefined || delegations.roles.size > 0);
}
