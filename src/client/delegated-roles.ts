// The files of delegated roles that a client keeps. Nothing of them is trusted for lying in the store: each is verified
// again, against its present delegator and snapshot, by whoever uses it.
import { DTufError, hasCode } from '../errors.ts';
import type { RoleSource } from '../layout/layout.ts';
import type { Limits } from '../limits.ts';
import type { Bytes, Store } from '../ports.ts';
import { delegatedKeys } from '../tuf/covering.ts';
import type { DelegatedSet } from '../tuf/delegated-set.ts';
import type { Delegations } from '../tuf/delegations.ts';
import type { Metadata } from '../tuf/metadata.ts';
import type { Targets } from '../tuf/targets.ts';
import type { TrustedSet } from '../tuf/trusted-set.ts';
import { SNAPSHOT } from './copy-state.ts';
import type { LoadRole } from './lookup.ts';
import { storeName } from './store-name.ts';

const FOLDER = 'repository/metadata/delegated/';

async function pathOf(role: string): Promise<string> {
  return `${FOLDER}${await storeName(role)}.json`;
}

/** Loads delegated roles from the store; from `source`, where they are not stored as the snapshot names them. */
export function loadOrFetch(
  delegated: DelegatedSet,
  store: Store,
  source: RoleSource,
  limits: Limits,
  snapshotVersion: string | undefined,
): LoadRole {
  return async (role, delegator) => {
    const path = await pathOf(role);
    const stored = (await store.read([path])).get(path);
    const kept = stored && (await verifyStored(delegated, stored.bytes, role, delegator));
    if (kept !== undefined) return kept;
    const { version, length } = delegated.fileOf(role);
    const bytes = await source.role(role, version, Math.min(length ?? limits.targets, limits.targets));
    const fetched = await delegated.update(bytes, role, delegator);
    // Where another process stored this role or a newer snapshot meanwhile, what it stored stays: ours is verified too,
    // and only not kept.
    await store.commit(
      new Map([
        [path, stored?.version],
        [SNAPSHOT, snapshotVersion],
      ]),
      new Map([[path, bytes]]),
    );
    return fetched;
  };
}

/** Loads delegated roles from the store only: METADATA_MISSING where one is not stored as the snapshot names it. */
export async function loadStored(delegated: DelegatedSet, store: Store): Promise<LoadRole> {
  const there = new Set(await store.list(FOLDER));
  return async (role, delegator) => {
    const verified = delegated.get(role, delegator);
    if (verified !== undefined) return verified;
    const path = await pathOf(role);
    const stored = there.has(path) ? (await store.read([path])).get(path) : undefined;
    const kept = stored && (await verifyStored(delegated, stored.bytes, role, delegator));
    if (kept !== undefined) return kept;
    throw new DTufError('METADATA_MISSING', `the role ${role} is not stored at its present version`, {
      role,
    });
  };
}

/** Undefined where the file is damaged, superseded or no longer vouched for: then another is fetched. */
async function verifyStored(
  delegated: DelegatedSet,
  bytes: Bytes,
  role: string,
  delegator: Metadata<Targets>,
): Promise<Metadata<Targets> | undefined> {
  try {
    return await delegated.load(bytes, role, delegator);
  } catch (error) {
    if (hasCode(error, 'METADATA_INVALID', 'METADATA_UNSIGNED')) return undefined;
    throw error;
  }
}

/**
 * All delegated roles from `top` on, each once.
 *
 * @param load answers undefined for a role that is to be passed over.
 */
export async function reachable(
  set: TrustedSet,
  top: Metadata<Targets>,
  load: (...role: Parameters<LoadRole>) => Promise<Metadata<Targets> | undefined>,
): Promise<readonly Metadata<Targets>[]> {
  const found = new Map<string, Metadata<Targets>>();
  const pending = [top];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    const { delegations } = at.signed;
    for (const role of delegations ? delegatedNames(set, delegations) : []) {
      const loaded = found.has(role) ? undefined : await load(role, at);
      if (loaded === undefined) continue;
      found.set(role, loaded);
      pending.push(loaded);
    }
  }
  return [...found.values()];
}

/** Of bins there may be 2^32: those that the snapshot lists. */
function delegatedNames(set: TrustedSet, delegations: Delegations): Iterable<string> {
  if (delegations.succinct === undefined) return delegations.roles.keys();
  const listed = [...(set.snapshot?.signed.meta.keys() ?? [])].map((file) => file.replace(/\.json$/, ''));
  return listed.filter((role) => delegatedKeys(delegations, role) !== undefined);
}

/** What a stored role says does not count where it, or one that is searched before it, is missing or unusable. */
export async function unlessUnusable<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (hasCode(error, 'METADATA_MISSING', 'METADATA_EXPIRED', 'LIMIT_EXCEEDED')) return undefined;
    throw error;
  }
}
