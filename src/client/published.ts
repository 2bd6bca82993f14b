// What is published, as of the last refresh: read from the store, and verified again each time.
import { targetMismatch } from '../content/verify.ts';
import { DTufError, hasCode } from '../errors.ts';
import { checkHosting, type Hosting } from '../layout/hosting.ts';
import type { LayoutName, TargetSource } from '../layout/layout.ts';
import type { Limits } from '../limits.ts';
import type { ExplainedCall } from '../options.ts';
import type { Store } from '../ports.ts';
import type { Check } from '../tuf/check.ts';
import { knownHashes } from '../tuf/file-info.ts';
import type { Metadata } from '../tuf/metadata.ts';
import type { TargetFile, Targets } from '../tuf/targets.ts';
import { TrustedSet } from '../tuf/trusted-set.ts';
import { pinnedLayout, readCopyState, SNAPSHOT } from './copy-state.ts';
import { loadOrFetch, reachable } from './delegated-roles.ts';
import type { Exporting } from './export.ts';
import { type FoundTarget, findTarget, type LoadRole } from './lookup.ts';
import { lookupCost } from './lookup-cost.ts';
import { verifyStored } from './refresh.ts';

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
  readonly #options: PublishedOptions;

  constructor(options: PublishedOptions) {
    this.#options = options;
  }

  /**
   * The stored metadata, verified from the root on: nothing is trusted for lying in a store.
   *
   * @param now the one time that expiry is judged against.
   * @param onCheck told of each check that is made.
   * @throws DTufError METADATA_MISSING, METADATA_EXPIRED
   */
  async verified(now: Date, onCheck?: ExplainedCall['onCheck']): Promise<VerifiedState> {
    const { store, hosting } = this.#options;
    const state = await readCopyState(store);
    const { metadata, pin, versions } = state;
    const { root, timestamp, snapshot, targets } = metadata;
    if (!root || !timestamp || !snapshot || !targets) {
      throw new DTufError(
        'METADATA_MISSING',
        `there is no whole, verified metadata of ${hosting.name} here: run pull-metadata first`,
      );
    }
    checkHosting(hosting.name, pinnedLayout(state), this.#options.layout);
    try {
      const set = await TrustedSet.start(root, now, onCheck);
      await verifyStored(set, { root, timestamp, snapshot, targets });
      const chosen = pin.layout ?? this.#options.layout ?? 'legacy';
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
    const { store, hosting, limits } = this.#options;
    const { set, targets, layout, snapshotVersion } = await this.verified(now, onCheck);
    const root = set.root.signed;
    const load = loadOrFetch(set, store, hosting.roles(layout, root, signal), limits, snapshotVersion);
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
    return { ...found, explain: set.checks, source: hosting.targets(layout, root) };
  }

  /**
   * All that a plain TUF repository holds, of what was pulled. Delegated roles are fetched where they are not stored.
   *
   * @throws DTufError NOT_SUPPORTED in the legacy layout, whose targets plain clients would take for lists; METADATA_…
   */
  async exporting(now: Date, signal?: AbortSignal): Promise<Exporting> {
    const { store, hosting, limits } = this.#options;
    const { set, targets, layout, snapshotVersion } = await this.verified(now);
    if (layout === 'legacy') {
      throw new DTufError(
        'NOT_SUPPORTED',
        `${hosting.name} is laid out as python-dtuf does: the targets that it signs are lists of blobs, which no client of a web server reads as files`,
        { expected: 'native or http', got: layout },
      );
    }
    const root = set.root.signed;
    const load = loadOrFetch(set, store, hosting.roles(layout, root, signal), limits, snapshotVersion);
    const roles = [targets, ...(await advised(() => allRoles(set, targets, unlessUnlisted(set, load))))];
    requireAffordable(hosting.name, roles, limits);
    const finds = async (name: string, role: string) =>
      (await findTarget(targets, name, { load, limits }))?.role === role;
    const metadata = await hosting.metadata({ layout, ...(signal === undefined ? {} : { signal }) });
    return { set, roles, finds, source: hosting.targets(layout, root), metadata };
  }
}

/** 5.7.2: what no known hash vouches for is not handed out. Its entry does no harm to the others. */
function requireKnownHash(name: string, { hashes }: TargetFile): void {
  if (knownHashes(hashes).length > 0) return;
  throw targetMismatch(name, 'hash', 'a sha256 or sha512', Object.keys(hashes).join(', ') || 'none');
}

/** A role that the snapshot does not list yet was never published: no client has it. */
function unlessUnlisted(set: TrustedSet, load: LoadRole) {
  return async (role: string, delegator: Metadata<Targets>) =>
    set.snapshot?.signed.meta.has(`${role}.json`) ? load(role, delegator) : undefined;
}

/** @throws DTufError LIMIT_EXCEEDED where it would take too long to tell which of their targets roles may sign for. */
function requireAffordable(name: string, roles: readonly Metadata<Targets>[], { comparisons }: Limits): void {
  const names = roles.slice(1).flatMap(({ signed }) => [...signed.targets.keys()]);
  if (lookupCost(names, roles) <= comparisons) return;
  throw new DTufError(
    'LIMIT_EXCEEDED',
    `the roles that ${name} delegates to have so many targets and path patterns that it cannot be told in time which are found`,
    { clause: '5.6.7', expected: `at most ${comparisons} comparisons (limits.comparisons)` },
  );
}

/** All delegated roles. One that a delegator has other keys for counts where another has the right ones. */
async function allRoles(
  set: TrustedSet,
  top: Metadata<Targets>,
  load: (...role: Parameters<LoadRole>) => Promise<Metadata<Targets> | undefined>,
): Promise<readonly Metadata<Targets>[]> {
  const refused = new Map<string, unknown>();
  const roles = await reachable(set, top, async (role, delegator) => {
    try {
      return await load(role, delegator);
    } catch (error) {
      if (!hasCode(error, 'METADATA_UNSIGNED')) throw error;
      refused.set(role, error);
      return undefined;
    }
  });
  for (const { signed } of roles) refused.delete(signed.role);
  for (const error of refused.values()) throw error;
  return roles;
}

/** A refresh may bring another version of a delegated role that was refused or is gone. */
async function advised<T>(work: () => Promise<T>): Promise<T> {
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
