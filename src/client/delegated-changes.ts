// What delegated roles publish of the targets that somebody downloaded, or may want to.
import type { Limits } from '../limits.ts';
import type { Store } from '../ports.ts';
import { DelegatedSet } from '../tuf/delegated-set.ts';
import type { Metadata } from '../tuf/metadata.ts';
import type { TargetFile, Targets } from '../tuf/targets.ts';
import type { TrustedSet } from '../tuf/trusted-set.ts';
import { loadStored, reachable, unlessUnusable } from './delegated-roles.ts';
import { findTarget } from './lookup.ts';
import { lookupCost } from './lookup-cost.ts';

export interface DelegatedTargets {
  readonly found: ReadonlyMap<string, TargetFile>;
  /** Those of which it cannot be told here whether they are published. */
  readonly open: ReadonlySet<string>;
}

/** Looks in the roles that are stored at their present version. @param pulled by target name. */
export async function findDelegated(
  set: TrustedSet,
  top: Metadata<Targets>,
  pulled: ReadonlyMap<string, unknown>,
  store: Store,
  limits: Limits,
): Promise<DelegatedTargets> {
  const load = await loadStored(new DelegatedSet(set), store);
  const roles = await reachable(set, top, (role, delegator) => unlessUnusable(() => load(role, delegator)));
  const names = new Set(roles.flatMap((role) => [...role.signed.targets.keys()]));
  const looked = affordable([[...names, ...pulled.keys()], [...pulled.keys()]], [top, ...roles], limits);
  const open = new Set([...pulled.keys()].filter((name) => !looked.has(name)));
  const found = new Map<string, TargetFile>();
  for (const name of looked) {
    const answer = await unlessUnusable(async () => ({
      target: await findTarget(top, name, { load, limits }),
    }));
    if (answer === undefined) open.add(name);
    else if (answer.target !== undefined) found.set(name, answer.target.file);
  }
  return { found, open };
}

/** The names to look up: the first of `choices` that is not too much. */
function affordable(
  choices: readonly (readonly string[])[],
  roles: readonly Metadata<Targets>[],
  { comparisons }: Limits,
): ReadonlySet<string> {
  return new Set(choices.find((names) => lookupCost(names, roles) <= comparisons));
}
