// What is published, as of the last refresh: read from the store, and verified again each time.
import { targetMismatch } from '../content/verify.ts';
import { DTufError, hasCode } from '../errors.ts';
import { late } from '../late.ts';
import { checkHosting, type Hosting } from '../layout/hosting.ts';
import type { LayoutName, TargetSource } from '../layout/layout.ts';
import type { Limits } from '../limits.ts';
import type { ExplainedCall } from '../options.ts';
import type { Store } from '../ports.ts';
import type { Check } from '../tuf/check.ts';
import { DelegatedSet } from '../tuf/delegated-set.ts';
import { knownHashes } from '../tuf/file-info.ts';
import type { Metadata } from '../tuf/metadata.ts';
import type { TargetFile, Targets } from '../tuf/targets.ts';
import { TrustedSet } from '../tuf/trusted-set.ts';
import { pinnedLayout, readCopyState, SNAPSHOT } from './copy-state.ts';
import { type FoundTarget, findTarget, type LoadRole } from './lookup.ts';
import type { StoredMetadata } from './refresh.ts';

export interface PublishedOptions {
  readonly store: Store;
  readonly hosting: Hosting;
  readonly limits: Limits;
  /** As the caller chose it. */
  readonly layout: LayoutName | undefined;
}

export interface VerifiedState {
  readonly set: TrustedSet;
  /** The top-level targets role. */
  readonly targets: Metadata<Targets>;
  readonly layout: LayoutName;
  /** Of the stored file, as the store compares it. */
  readonly snapshotVersion: string | undefined;
}

export class Published {
  /** @internal */
  readonly options: PublishedOptions;

  constructor(options: PublishedOptions) {
    this.options = options;
  }

  /**
   * The stored metadata, verified from the root on: nothing is trusted for lying in a store.
   *
   * @param now the one time that expiry is judged against.
   * @param onCheck told of each check that is made.
   * @throws DTufError METADATA_MISSING, METADATA_EXPIRED
   */
  async verified(now: Date, onCheck?: ExplainedCall['onCheck']): Promise<VerifiedState> {
    const { store, hosting } = this.options;
    const state = await readCopyState(store);
    const { metadata, pin, versions } = state;
    const { root, timestamp, snapshot, targets } = metadata;
    if (!root || !timestamp || !snapshot || !targets) {
      throw new DTufError(
        'METADATA_MISSING',
        `there is no whole, verified metadata of ${hosting.name} here: run pull-metadata first`,
      );
    }
    await checkHosting(hosting.name, pinnedLayout(state), this.options.layout);
    try {
      const set = await TrustedSet.start(root, now, onCheck);
      await verifyStored(set, { root, timestamp, snapshot, targets });
      const chosen = pin.layout ?? this.options.layout ?? 'legacy';
      const layout = chosen !== 'http' && set.root.signed.layout === 'native' ? 'native' : chosen;
      if (set.targets === undefined) throw new Error('a verified set has its targets');
      return { set, targets: set.targets, layout, snapshotVersion: versions.get(SNAPSHOT) };
    } catch (error) {
      throw error instanceof DTufError ? withAdvice(error) : error;
    }
  }

  /**
   * A target, by the role that signs for it. Delegated roles are fetched where they are not stored.
   *
   * @throws DTufError TARGET_NOT_FOUND, METADATA_…, LIMIT_EXCEEDED
   */
  async find(
    name: string,
    now: Date,
    { signal, onCheck }: ExplainedCall = {},
  ): Promise<FoundTarget & { readonly source: TargetSource; readonly explain: readonly Check[] }> {
    const { hosting, limits } = this.options;
    const { set, targets, layout, snapshotVersion } = await this.verified(now, onCheck);
    const root = set.root.signed;
    const load = roleLoader(this.options, { set, layout, snapshotVersion }, signal);
    const found = await advised(() =>
      findTarget(targets, name, { load, limits, record: (step) => set.record(step) }),
    );
    if (found === undefined) {
      throw new DTufError(
        'TARGET_NOT_FOUND',
        `there is no target ${JSON.stringify(name)} in ${hosting.name}`,
        { target: name, clause: '5.6.7' },
      );
    }
    requireKnownHash(name, found.file);
    return { ...found, explain: set.checks, source: await hosting.targets(layout, root) };
  }
}

/** Verifies what is stored anew, without any source: nothing of it is trusted for lying here (5.2 to 5.6). */
async function verifyStored(set: TrustedSet, stored: Required<StoredMetadata>): Promise<void> {
  set.endRoots();
  await set.loadTimestamp(stored.timestamp);
  set.requireValidTimestamp();
  await set.updateSnapshot(stored.snapshot);
  await set.updateTargets(stored.targets);
}

/**
 * Loads delegated roles, from where they are not stored too; where from is not opened before there is one to load.
 *
 * One loader is for one operation: it knows the roles that it loaded as delegators of others.
 */
export function roleLoader(
  { store, hosting, limits }: PublishedOptions,
  { set, layout, snapshotVersion }: Omit<VerifiedState, 'targets'>,
  signal: AbortSignal | undefined,
): LoadRole {
  const delegated = new DelegatedSet(set);
  return async (role, delegator) => {
    const { loadOrFetch } = await late(import('./delegated-roles.ts'));
    const source = await hosting.roles(layout, set.root.signed, signal);
    return loadOrFetch(delegated, store, source, limits, snapshotVersion)(role, delegator);
  };
}

/** 5.7.2: what no known hash vouches for is not handed out. Its entry does no harm to the others. */
function requireKnownHash(name: string, { hashes }: TargetFile): void {
  if (knownHashes(hashes).length > 0) return;
  throw targetMismatch(name, 'hash', 'a sha256 or sha512', Object.keys(hashes).join(', ') || 'none');
}

/** A refresh may bring another version of a delegated role that was refused or is gone. */
export async function advised<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const refused = hasCode(
      error,
      'METADATA_MISSING',
      'METADATA_INVALID',
      'METADATA_UNSIGNED',
      'METADATA_MISMATCH',
      'METADATA_EXPIRED',
    );
    throw refused ? withAdvice(error) : error;
  }
}

function withAdvice(error: DTufError): DTufError {
  return new DTufError(error.code, `${error.message}. Run pull-metadata to fetch it anew`, {
    ...error,
    cause: error,
  });
}
