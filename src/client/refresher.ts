// One refresh: joins what is stored, what is trusted and what is offered, and keeps what was verified.
import { DTufError, hasCode } from '../errors.ts';
import { late } from '../late.ts';
import { checkHosting, type Hosting } from '../layout/hosting.ts';
import type { LayoutName, MetadataSource } from '../layout/layout.ts';
import { agreedLayout } from '../layout/open.ts';
import type { Limits } from '../limits.ts';
import type { Call, ExplainedCall } from '../options.ts';
import type { Bytes, Store } from '../ports.ts';
import { whileAlive } from '../registry/silence.ts';
import { ROLES } from '../tuf/metadata.ts';
import { TrustedSet } from '../tuf/trusted-set.ts';
import { type CopyState, commitCopyState, type Pin, pinnedLayout, readCopyState } from './copy-state.ts';
import { refreshRoles, refreshRoots, type StoredMetadata } from './refresh.ts';
import type { ReadTrust } from './trust.ts';

/** Others may refresh at the same moment; so often in a row they do not. */
const COMMIT_ATTEMPTS = 5;

export interface RefresherOptions {
  readonly store: Store;
  readonly hosting: Hosting;
  readonly limits: Limits;
  /** As the caller chose it. */
  readonly layout: LayoutName | undefined;
  /** Whether the registry may be asked for what changed only. */
  readonly conditional: boolean;
  /** What to start from where there is no state. */
  readonly trust: (signal: AbortSignal | undefined) => Promise<ReadTrust | undefined>;
}

export interface RefreshCall {
  /** The one time that everything is judged against. */
  readonly now: Date;
  /** Starts from what is trusted, as if there were no state; it is replaced in the moment in which that succeeds. */
  readonly afresh: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: Call['onProgress'];
  readonly onCheck: ExplainedCall['onCheck'];
}

type Start = (root: Bytes) => Promise<TrustedSet>;

export class Refresher {
  readonly #options: RefresherOptions;

  constructor(options: RefresherOptions) {
    this.#options = options;
  }

  /** Refreshes, and commits what was verified in one transaction that compares what it started from. */
  async run(call: RefreshCall): Promise<TrustedSet> {
    let source: MetadataSource | undefined;
    for (let attempt = 0; attempt < COMMIT_ATTEMPTS; attempt++) {
      const stored = await readCopyState(this.#options.store);
      const state = call.afresh ? forget(stored) : stored;
      source ??= await this.#open(state, call);
      const result = await this.#refresh(state, source, call);
      if (result === 'unusable') {
        source = await this.#open({ ...state, pin: withoutEtag(state.pin) }, call);
      } else if (result === 'changed') {
        // Others may have stored what is newer than our source: beside it that would look like a rollback.
        source = undefined;
      } else {
        return result;
      }
    }
    throw new DTufError(
      'STATE_CHANGED',
      'the state was changed by others again and again while it was refreshed: try again',
    );
  }

  /** Opens what the repository offers; which layout is read is decided by what is pinned, given or signed. */
  async #open(state: CopyState, { signal, onProgress }: RefreshCall): Promise<MetadataSource> {
    await checkHosting(this.#options.hosting.name, pinnedLayout(state), this.#options.layout);
    const { layout = this.#options.layout, etag } = state.pin;
    const complete = ROLES.every((role) => state.metadata[role] !== undefined);
    const isAskable = this.#options.conditional && complete && etag !== undefined;
    const source = await this.#options.hosting.metadata({
      layout,
      unchangedFrom: isAskable ? { etag, metadata: state.metadata } : undefined,
      signal,
    });
    if (onProgress === undefined) return source;
    const { reporting } = await late(import('./reporting.ts'));
    return reporting(source, onProgress);
  }

  /**
   * @returns `unusable` where the host said that nothing changed and what is stored does not verify; `changed` where others changed
   * the state meanwhile.
   */
  async #refresh(
    state: CopyState,
    offered: MetadataSource,
    { now, afresh, signal, onCheck }: RefreshCall,
  ): Promise<TrustedSet | 'changed' | 'unusable'> {
    const started = await this.#start(state, offered, (root) => TrustedSet.start(root, now, onCheck), signal);
    if (started === undefined) return 'unusable';
    const { set, firstRoot } = started;
    // Before anything is kept: a registry's layout follows from its root, a web server is the caller's choice.
    let pin: Pin = offered.layout === 'http' ? { layout: 'http' } : state.pin;
    const commit = () =>
      commitCopyState(this.#options.store, state, {
        metadata: filesOf(set),
        firstRoot,
        pin,
        forgetsStored: set.forgetsStored,
      });
    try {
      await refreshRoots(set, offered, this.#options.limits);
      const { layout: mark } = set.root.signed;
      const layout = await agreedLayout(
        this.#options.hosting.name,
        mark,
        offered.layout,
        state.pin.layout ?? this.#options.layout,
      );
      const source =
        layout === offered.layout
          ? (offered.under?.(set.root.signed) ?? offered)
          : await this.#options.hosting.metadata({ layout, signal });
      await refreshRoles(set, source, state.metadata, this.#options.limits);
      pin = { layout, ...(source.etag === undefined ? {} : { etag: source.etag }) };
    } catch (error) {
      // Expired too: a cache that answers "unchanged" to whatever must not keep a client there.
      if (offered.isStored === true) return 'unusable';
      // What was verified on the way stays (5.3.8, 5.4.5, 5.5.7): it protects against a rollback next time. Whether
      // it could be kept does not matter beside the error that is told. A new trust counts only once it works.
      if (!afresh) await commit().catch(() => false);
      throw await this.#advised(error, signal);
    }
    return (await commit()) ? set : 'changed';
  }

  /** Starts from the stored root; where it is damaged from the first one; where there is none from what is trusted. */
  async #start(
    state: CopyState,
    source: MetadataSource,
    start: Start,
    signal: AbortSignal | undefined,
  ): Promise<{ set: TrustedSet; firstRoot: Bytes } | undefined> {
    for (const root of [state.metadata.root, state.firstRoot]) {
      const set = root && (await unlessDamaged(() => start(root)));
      if (set) return { set, firstRoot: state.firstRoot ?? set.root.bytes };
      if (source.isStored === true) return undefined;
    }
    const trust = await this.#options.trust(signal);
    if (trust === undefined) {
      throw new DTufError(
        'TRUST_MISSING',
        'no root is trusted yet: give the root public key or a root.json of the repository, once',
      );
    }
    const root = 'root' in trust ? trust.root : await firstRoot(trust.pem, source);
    return { set: await start(root), firstRoot: root };
  }

  /** With what to do about it. Where that does not come, or nobody waits for it any more, the refusal stays what it is. */
  #advised(error: unknown, signal: AbortSignal | undefined): Promise<unknown> {
    return whileAlive(
      { ...this.#options.limits, host: '', signal },
      () => import('./refresh-advice.ts'),
    ).then(
      ({ withAdvice }) => withAdvice(error),
      () => error,
    );
  }
}

async function firstRoot(pem: string, source: MetadataSource): Promise<Bytes> {
  const { findFirstRoot } = await late(import('../tuf/first-root.ts'));
  return findFirstRoot(pem, source.roots());
}

/** A set from a stored root, or undefined where the file is damaged. */
async function unlessDamaged(start: () => Promise<TrustedSet>): Promise<TrustedSet | undefined> {
  try {
    return await start();
  } catch (error) {
    if (hasCode(error, 'METADATA_INVALID', 'METADATA_UNSIGNED')) return undefined;
    throw error;
  }
}

function filesOf(set: TrustedSet): StoredMetadata {
  const { root, timestamp, snapshot, targets } = set;
  return {
    root: root.bytes,
    ...(timestamp ? { timestamp: timestamp.bytes } : {}),
    ...(snapshot ? { snapshot: snapshot.bytes } : {}),
    ...(targets ? { targets: targets.bytes } : {}),
  };
}

/** The state of a client that forgets what it trusted, but compares what it replaces. */
function forget({ versions }: CopyState): CopyState {
  return { metadata: {}, firstRoot: undefined, pin: {}, versions };
}

function withoutEtag({ etag: _, ...pin }: Pin): Pin {
  return pin;
}
