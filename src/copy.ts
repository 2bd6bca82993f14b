import { DTufBase } from './base.ts';
import { findChanges } from './client/changes.ts';
import { expirationsOf } from './client/expirations.ts';
import type { PublishedOptions } from './client/published.ts';
import { readPulled } from './client/pulled.ts';
import type { Reader } from './client/reader.ts';
import { Refresher } from './client/refresher.ts';
import type { ReadTrust, Trust } from './client/trust.ts';
import type { VerifiedTarget } from './client/verified-target.ts';
import type { Source } from './content/source.ts';
import { DTufError } from './errors.ts';
import { late } from './late.ts';
import { type Hosting, registryHosting, webHosting } from './layout/hosting.ts';
import type { Call, ExplainedCall, Options } from './options.ts';
import type { Files, Store } from './ports.ts';
import type { Target } from './target.ts';
import type { Check } from './tuf/check.ts';
import type { Role } from './tuf/metadata.ts';
import type { Root } from './tuf/root.ts';
import type { TrustedSet } from './tuf/trusted-set.ts';

/** What a refresh found. */
export interface Refreshed {
  /**
   * Targets that are new or changed since they were last downloaded; of those that are delegated, the ones whose role is
   * stored at its present version.
   */
  readonly changed: readonly string[];
  /** Targets that were downloaded and are no longer published. */
  readonly removed: readonly string[];
  /** When the first of the four roles expires. */
  readonly expires: Date;
  readonly rootVersion: number;
  /** Each check that was made, in order. */
  readonly explain: readonly Check[];
}

/**
 * A client of one repository: it refreshes and verifies metadata, and hands out targets that were verified.
 *
 * @example
 * const copy = new DTufCopy({ host: 'registry.example.com', repository: 'fred/demo', trust: rootPem, store: memoryStore() });
 * await copy.pullMetadata();
 * const text = await (await copy.pullTarget('demo.txt')).text();
 */
export class DTufCopy extends DTufBase {
  /** Whether the state outlives the process or page: false where rollback protection ends with it. */
  readonly persistent: boolean;
  readonly #store: Store;
  readonly #files: Files | undefined;
  readonly #clock: () => Date;
  readonly #fetch: typeof fetch;
  readonly #trust: Trust | undefined;
  readonly #onNotice: Options['onNotice'];
  readonly #refresher: Refresher;
  readonly #state: PublishedOptions;
  #resetsTrust = false;
  /** Whether the refresh at hand began with the trust that was given, rather than with the state. */
  #startsFromTrust = false;

  constructor(options: Options & { store: Store; trust?: Trust }) {
    super(options);
    this.#store = options.store;
    this.persistent = options.store.persistent;
    this.#files = options.files;
    this.#clock = options.clock ?? (() => new Date());
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#trust = options.trust;
    this.#onNotice = options.onNotice;
    this.#state = {
      store: options.store,
      hosting: this.#openHosting(options),
      limits: this.limits,
      layout: options.layout,
    };
    this.#refresher = new Refresher({
      ...this.#state,
      conditional: options.conditional ?? false,
      trust: (signal) => {
        this.#startsFromTrust = true;
        return this.#readTrust(signal);
      },
    });
  }

  #openHosting({ layout, host, targetsHost }: Options): Hosting {
    const { limits } = this;
    if (layout !== 'http') return registryHosting(this.repository, limits);
    return webHosting({ metadata: host, targets: targetsHost, fetch: this.#fetch, limits });
  }

  /**
   * Fetches and verifies what is new (TUF 1.0.34, section 5). It is the only call that asks for new metadata. Where it
   * fails, the state is as it was, but for files that were verified before the failure.
   *
   * @throws DTufError TRUST_MISSING, TRUST_BROKEN, METADATA_… , NOT_A_REPOSITORY, ACCESS_DENIED, UNREACHABLE, TIMED_OUT
   */
  async pullMetadata({ signal, onProgress, onCheck }: ExplainedCall = {}): Promise<Refreshed> {
    this.#startsFromTrust = false;
    const set = await this.#refresher.run({
      now: this.#clock(),
      afresh: this.#resetsTrust,
      signal,
      onProgress,
      onCheck,
    });
    this.#resetsTrust = false;
    // Who refreshes will ask for a target next, and then a page should not have to wait for that part.
    void this.reader().catch(() => undefined);
    return this.#report(set);
  }

  async #report(set: TrustedSet): Promise<Refreshed> {
    await this.#noticeIgnoredTrust(set.root.signed);
    const pulled = await readPulled(this.#store);
    const { changed, removed } = await findChanges(set, pulled, this.#store, this.limits);
    if (removed.length > 0) {
      const { forgetPulled } = await late(import('./client/note-pulled.ts'));
      await forgetPulled(this.#store, removed);
    }
    const expires = Math.min(...Object.values(expirationsOf(set)).map(Number));
    return {
      changed,
      removed,
      expires: new Date(expires),
      rootVersion: set.root.signed.version,
      explain: set.checks,
    };
  }

  async #readTrust(signal?: AbortSignal): Promise<ReadTrust | undefined> {
    if (this.#trust === undefined) return undefined;
    const { readTrust } = await late(import('./client/trust.ts'));
    return readTrust(this.#trust, { files: this.#files, limits: this.limits, fetch: this.#fetch, signal });
  }

  /** A key that is given again where there is state replaces nothing: who holds a retired one would take over. */
  async #noticeIgnoredTrust(root: Root): Promise<void> {
    const show = this.#onNotice;
    // An address is not fetched for that: a page has it in its script, and would fetch it at every refresh.
    if (this.#startsFromTrust || this.#trust instanceof URL || show === undefined) return;
    const trust = await this.#readTrust();
    if (trust === undefined) return;
    const { noticeIfIgnored } = await late(import('./client/ignored-trust.ts'));
    await noticeIfIgnored(trust, root, show);
  }

  /**
   * Makes the next {@link pullMetadata} start from `trust` as if there were no state. The state is replaced in the moment
   * in which that succeeds.
   *
   * @throws DTufError TRUST_MISSING where no trust was given.
   */
  async resetTrust(): Promise<void> {
    if (this.#trust === undefined) {
      throw new DTufError('TRUST_MISSING', 'to start again, a root public key or a root.json is needed');
    }
    this.#resetsTrust = true;
  }

  /**
   * A target by its name. Nothing is fetched before its data is asked for, but for the metadata of roles that it may be
   * delegated to, where that is not stored yet.
   *
   * @throws DTufError TARGET_NOT_FOUND, METADATA_MISSING, METADATA_EXPIRED
   */
  async pullTarget(name: string, call: ExplainedCall = {}): Promise<VerifiedTarget> {
    return (await this.reader()).target(name, call);
  }

  /**
   * The sizes in bytes of the parts of a target, in order.
   *
   * @throws DTufError TARGET_NOT_FOUND, METADATA_MISSING, METADATA_EXPIRED
   */
  async blobSizes(name: string, { signal }: Call = {}): Promise<number[]> {
    return (await (await this.reader()).parts(name, signal)).map((part) => part.length);
  }

  /**
   * Whether `data` is what was signed of a target: its file, or its parts in order.
   *
   * @throws DTufError TARGET_NOT_FOUND, METADATA_MISSING, METADATA_EXPIRED, INVALID_ARGUMENT
   */
  async checkTarget(name: string, data: Source | readonly Source[], call: Call = {}): Promise<boolean> {
    return (await this.reader()).matches(name, data, call);
  }

  /** The targets of the top-level role, as of the last refresh. @throws DTufError METADATA_MISSING, METADATA_EXPIRED */
  async *listTargets(): AsyncIterable<Target> {
    yield* (await this.reader()).targets();
  }

  /** When each role expires; also where it has expired. @throws DTufError METADATA_MISSING */
  async getExpirations(): Promise<Record<Role, Date>> {
    return (await this.reader()).expirations();
  }

  /** @internal What answers about targets. It is loaded when it is asked for first: a page refreshes before anybody clicks. */
  async reader(): Promise<Reader> {
    const { Reader } = await late(import('./client/reader.ts'));
    return new Reader({
      ...this.#state,
      digester: this.digester,
      files: this.#files,
      now: this.#clock(),
    });
  }
}
