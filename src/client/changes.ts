// What a refresh changed for whoever downloaded targets before.
import { late } from '../late.ts';
import type { Limits } from '../limits.ts';
import type { Store } from '../ports.ts';
import type { TargetFile, Targets } from '../tuf/targets.ts';
import type { TrustedSet } from '../tuf/trusted-set.ts';
import { fingerprint } from './pulled.ts';

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
  const delegated = delegates(top.signed)
    ? await (await late(import('./delegated-changes.ts'))).findDelegated(set, top, pulled, store, limits)
    : undefined;
  const published = new Map<string, TargetFile>([...top.signed.targets, ...(delegated?.found ?? [])]);
  const changed = [...published].filter(([name, file]) => !pulled.get(name)?.includes(fingerprint(file)));
  const removed = [...pulled.keys()].filter((name) => !published.has(name) && !delegated?.open.has(name));
  return { changed: changed.map(([name]) => name), removed };
}

function delegates({ delegations }: Targets): boolean {
  return delegations !== undefined && (delegations.succinct !== undefined || delegations.roles.size > 0);
}
