import { DTufBase } from './base.ts';
import { findChanges } from './client/changes.ts';
import { Pulled } from './client/copy-state.ts';
import { Published } from './client/published.ts';
import { Refresher } from './client/refresher.ts';
import { ofTarget } from './client/target-failure.ts';
import { TargetReader } from './client/target-reader.ts';
import { type ReadTrust, readTrust, sharesRootKey, type Trust } from './client/trust.ts';
import type { VerifiedTarget } from './client/verified-target.ts';
import { contentOf, type Source } from './content/source.ts';
import { verifyStream } from './content/verify.ts';
import { DTufError, hasCode } from './errors.ts';
import { type Hosting, registryHosting, webHosting } from './layout/hosting.ts';
import { HttpSite } from './layout/http-site.ts';
import type { Part } from './layout/layout.ts';
import type { Call, ExplainedCall, Options, Place } from './options.ts';
import type { Files, Store } from './ports.ts';
import { throwIfAborted } from './registry/errors.ts';
import type { Target } from './target.ts';
import type { Check } from './tuf/check.ts';
import type { Role, Signed } from './tuf/metadata.ts';
import type { Root } from './tuf/root.ts';
import type { TargetFile } from './tuf/targets.ts';
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
  /** @internal */
  readonly clock: () => Date;
  readonly #fetch: typeof fetch;
  readonly #trust: Trust | undefined;
  readonly #refresher: Refresher;
  /** @internal */
  readonly published: Published;
  readonly #pulled: Pulled;
  #resetsTrust = false;
  /** Whether the refresh at hand began with the trust that was given, rather than with the state. */
  #startsFromTrust = false;

  constructor(options: Options & { store: Store; trust?: Trust }) {
    super(options);
    this.#store = options.store;
    this.persistent = options.store.persistent;
    this.#files = options.files;
    this.clock = options.clock ?? (() => new Date());
    this.#fetch = options.fetch ?? ((input, init) => fetch(input, init));
    this.#trust = options.trust;
    const state = {
      store: options.store,
      hosting: this.#openHosting(options),
      limits: this.limits,
      layout: options.layout,
    };
    this.published = new Published(state);
    this.#refresher = new Refresher({
      ...state,
      conditional: options.conditional ?? false,
      trust: (signal) => {
        this.#startsFromTrust = true;
        return this.#readTrust(signal);
      },
    });
    this.#pulled = new Pulled(options.store);
  }

  #openHosting({ layout, host, targetsHost }: Options): Hosting {
    const { limits } = this;
    if (layout !== 'http') return registryHosting(this.repository, limits);
    const metadata = addressOf(host);
    return webHosting(new HttpSite({ metadata, targets: targetsHost, fetch: this.#fetch, limits }));
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
      now: this.clock(),
      afresh: this.#resetsTrust,
      signal,
      onProgress,
      onCheck,
    });
    this.#resetsTrust = false;
    return this.#report(set);
  }

  async #report(set: TrustedSet): Promise<Refreshed> {
    await this.#noticeIgnoredTrust(set.root.signed);
    const pulled = await this.#pulled.read();
    const { changed, removed } = await findChanges(set, pulled, this.#store, this.limits);
    if (removed.length > 0) await this.#pulled.remove(removed);
    const expires = Math.min(...signedOf(set).map((signed) => signed.expires.getTime()));
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
    return readTrust(this.#trust, { files: this.#files, limits: this.limits, fetch: this.#fetch, signal });
  }

  /** A key that is given again where there is state replaces nothing: who holds a retired one would take over. */
  async #noticeIgnoredTrust(root: Root): Promise<void> {
    // An address is not fetched for that: a page has it in its script, and would fetch it at every refresh.
    if (this.#startsFromTrust || this.#trust === undefined || this.#trust instanceof URL) return;
    const trust = await this.#readTrust();
    if (trust === undefined || (await sharesRootKey(trust, root))) return;
    this.notice(
      'the root that was given is not of the present root keys and was ignored: the state is trusted from its own root on (--reset-trust begins anew)',
    );
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
  async pullTarget(name: string, { signal, onCheck }: ExplainedCall = {}): Promise<VerifiedTarget> {
    const call = { ...(signal ? { signal } : {}), ...(onCheck ? { onCheck } : {}) };
    const { file, role, source, explain } = await this.published.find(name, this.clock(), call);
    return new TargetReader(targetOf(name, file, role), {
      explain,
      parts: (signal) => ofTarget(name, () => source.parts(name, file, signal)),
      files: this.#files,
      limits: this.limits,
      digester: this.digester,
      onPulled: () => this.#pulled.add(name, file),
    });
  }

  /**
   * The sizes in bytes of the parts of a target, in order.
   *
   * @throws DTufError TARGET_NOT_FOUND, METADATA_MISSING, METADATA_EXPIRED
   */
  async blobSizes(name: string, { signal }: Call = {}): Promise<number[]> {
    return (await this.#parts(name, signal)).map((part) => part.length);
  }

  /**
   * Whether `data` is what was signed of a target: its file, or its parts in order.
   *
   * @throws DTufError TARGET_NOT_FOUND, METADATA_MISSING, METADATA_EXPIRED, INVALID_ARGUMENT
   */
  async checkTarget(name: string, data: Source | readonly Source[], call: Call = {}): Promise<boolean> {
    const sources = Array.isArray(data) ? (data as readonly Source[]) : [data as Source];
    const parts = await this.#parts(name, call.signal);
    if (parts.length !== sources.length) return false;
    for (const [i, part] of parts.entries()) {
      const source = sources[i];
      if (source === undefined || !(await this.#matches(name, part, source, call))) return false;
    }
    return true;
  }

  async #matches(target: string, part: Part, source: Source, { onProgress, signal }: Call): Promise<boolean> {
    const content = await contentOf(source, this.#files);
    if (content.length !== part.length) return false;
    let received = 0;
    try {
      await verifyStream(await content.open(), part.expected, this.digester, target, (chunk) => {
        throwIfAborted(signal);
        received += chunk.length;
        onProgress?.({ target, received, total: part.length, phase: 'verify' });
      });
      return true;
    } catch (error) {
      if (hasCode(error, 'TARGET_MISMATCH')) return false;
      throw error;
    }
  }

  /** The targets of the top-level role, as of the last refresh. @throws DTufError METADATA_MISSING, METADATA_EXPIRED */
  async *listTargets(): AsyncIterable<Target> {
    const { targets } = await this.published.verified(this.clock());
    for (const [name, file] of targets.signed.targets) yield targetOf(name, file, targets.signed.role);
  }

  /** When each role expires; also where it has expired. @throws DTufError METADATA_MISSING */
  async getExpirations(): Promise<Record<Role, Date>> {
    const { set } = await this.published.verified(new Date(0));
    const [root, timestamp, snapshot, targets] = signedOf(set).map((signed) => signed.expires);
    if (!root || !timestamp || !snapshot || !targets) throw new Error('a verified set has all four roles');
    return { root, targets, snapshot, timestamp };
  }

  async #parts(name: string, signal?: AbortSignal): Promise<readonly Part[]> {
    const { file, source } = await this.published.find(name, this.clock(), signal ? { signal } : {});
    return ofTarget(name, () => source.parts(name, file, signal));
  }
}

/** In the order in which they are verified. */
function signedOf({ root, timestamp, snapshot, targets }: TrustedSet): Signed[] {
  return [root, timestamp, snapshot, targets].flatMap((metadata) =>
    metadata === undefined ? [] : [metadata.signed],
  );
}

function targetOf(name: string, file: TargetFile, role: string): Target {
  return { name, ...file, role };
}

/** @throws DTufError INVALID_ARGUMENT for a handler, which has no address. */
function addressOf(host: Place): string | URL {
  if (typeof host === 'string' || host instanceof URL) return host;
  throw new DTufError(
    'INVALID_ARGUMENT',
    'a repository on a web server (layout "http") has an address: give it as host, and a handler as fetch',
    { expected: 'https://host/path/' },
  );
}
