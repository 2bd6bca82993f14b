import { DTufBase } from './base.ts';
import { ofTarget } from './client/target-failure.ts';
import { contentOf, type Source } from './content/source.ts';
import { DTufError, hasCode } from './errors.ts';
import type { JsonObject } from './json.ts';
import { late } from './late.ts';
import type { RegistryLayout } from './layout/layout.ts';
import { LegacyTargets } from './layout/legacy.ts';
import { LegacyPublisher } from './layout/legacy-publisher.ts';
import { NativePublisher } from './layout/native-publisher.ts';
import { NativeTargets } from './layout/native-targets.ts';
import type { NewPart, Publisher } from './layout/publisher.ts';
import type { Call, Options, UploadCall } from './options.ts';
import type { Files, Lock, OpenPrivateKey, Signer, Store } from './ports.ts';
import { checkCustom } from './publish/custom.ts';
import { type CreatedKey, KeyFiles, type Passwords } from './publish/key-files.ts';
import { Keyring } from './publish/keyring.ts';
import { LegacyPending } from './publish/legacy-pending.ts';
import {
  applyPending,
  layoutOf,
  type MasterState,
  PendingTargets,
  readMasterState,
} from './publish/master-state.ts';
import { Publication, type PublishResult } from './publish/publication.ts';
import { createFirstMetadata, createNextRoot, defaultLifetimes, type Lifetimes } from './publish/roots.ts';
import { checkTargetName } from './publish/target-name.ts';
import type { Repository } from './registry/registry.ts';
import type { Target } from './target.ts';
import { ROLES, type Role } from './tuf/metadata.ts';
import type { KeyType } from './tuf/signer.ts';
import type { TargetFile } from './tuf/targets.ts';

export interface KeyOptions {
  type?: KeyType;
  /** Encrypts the private key. The `passwords` of the constructor are asked where it is left out. */
  password?: string;
}

export interface RootKeyOptions extends KeyOptions {
  store?: boolean;
}

export interface MasterOptions extends Options {
  store: Store;
  lock: Lock;
  /** Signers in the place of key files: hardware tokens, non-extractable keys, services. */
  keys?: Partial<Record<Role, Signer>>;
  passwords?: Passwords;
  /** In seconds. By default a year, three months (90 days), a week and a day. */
  lifetimes?: Partial<Lifetimes>;
  /** Of keys that are made; ed25519 by default, in python-dtuf's layout rsa. */
  keyType?: KeyType;
}

const LOCK = 'publish';

/**
 * The publisher of one repository.
 *
 * @example
 * const master = new DTufMaster({ host: 'localhost:5000', repository: 'fred/demo', store, lock, passwords: () => 'secret' });
 * await master.createRootKey();
 * await master.createMetadataKeys();
 * await master.createMetadata();
 * await master.pushTarget('demo.txt', new TextEncoder().encode('Hello World!'));
 * await master.pushMetadata();
 */
export class DTufMaster extends DTufBase {
  readonly #notice: (text: string) => void;
  readonly #store: Store;
  readonly #lock: Lock;
  readonly #files: Files | undefined;
  readonly #repository: Repository;
  readonly #clock: () => Date;
  readonly #lifetimes: Lifetimes;
  readonly #keyring: Keyring;
  readonly #keyType: KeyType | undefined;
  readonly #layout: RegistryLayout | undefined;

  constructor(options: MasterOptions) {
    super(requireRegistry(options));
    this.#notice = options.onNotice ?? (() => undefined);
    this.#store = options.store;
    this.#lock = options.lock;
    this.#files = options.files;
    this.#repository = this.repository;
    this.#clock = options.clock ?? (() => new Date());
    this.#lifetimes = { ...defaultLifetimes, ...options.lifetimes };
    this.#keyType = options.keyType;
    this.#layout = options.layout === 'http' ? undefined : options.layout;
    const { store, passwords = noPassword, openPrivateKey = openPortably, keys } = options;
    this.#keyring = new Keyring(new KeyFiles(store, passwords, openPrivateKey), keys);
  }

  /**
   * Makes the root key pair: `keys/root_key`, and `keys/root_key.pub` which is given to clients. The private key can be
   * moved away once the metadata was created; it is needed again by {@link resetKeys}.
   *
   * @param options.store whether the private key is stored here; true if left out. Otherwise it is in the result only, and this
   * object signs with it as long as it lives.
   * @throws DTufError KEY_PASSWORD, STORAGE_FAILED
   */
  async createRootKey({ store = true, ...options }: RootKeyOptions = {}): Promise<CreatedKey> {
    const created = (await this.#createKeys(['root'], options, store)).get('root');
    if (created === undefined) throw new Error('a key was made for each role');
    return created;
  }

  /**
   * Takes a private key that is kept elsewhere, for as long as this object lives.
   *
   * @param pem encrypted, as {@link createRootKey} returned it.
   * @throws DTufError KEY_PASSWORD, KEY_INVALID
   */
  async useKey(role: Role, pem: string, password?: string): Promise<void> {
    await this.#keyring.use(role, pem, password);
  }

  /** Makes the key pairs of targets, snapshot and timestamp, all or none. @throws DTufError KEY_PASSWORD, STORAGE_FAILED */
  async createMetadataKeys({
    roles = ['targets', 'snapshot', 'timestamp'],
    ...options
  }: KeyOptions & { roles?: readonly Role[] } = {}): Promise<void> {
    await this.#createKeys(roles, options);
  }

  async #createKeys(
    roles: readonly Role[],
    { type, password }: KeyOptions,
    store = true,
  ): Promise<ReadonlyMap<Role, CreatedKey>> {
    const legacy = (await this.#presentLayout()) === 'legacy';
    const chosen = type ?? this.#keyType ?? (legacy ? 'rsa' : 'ed25519');
    if (legacy && chosen !== 'rsa') {
      throw new DTufError(
        'INVALID_ARGUMENT',
        `the clients of a repository in python-dtuf's layout know rsa keys only, not ${chosen}`,
        { expected: 'rsa', got: chosen },
      );
    }
    const created = await this.#keyring.create(roles, chosen, { password, store });
    for (const [role, { setAside }] of created) {
      if (setAside === undefined) continue;
      this.#notice(
        `the ${role} key that was there is kept as ${setAside}; run reset-keys to sign with the new one`,
      );
    }
    return created;
  }

  /** The layout of what is there, or that was asked for. */
  async #presentLayout(): Promise<RegistryLayout> {
    try {
      return layoutOf((await readMasterState(this.#store)).root);
    } catch (error) {
      if (hasCode(error, 'METADATA_MISSING')) return this.#layout ?? 'native';
      throw error;
    }
  }

  /**
   * Creates and signs the first metadata, once for each repository.
   *
   * @throws DTufError METADATA_EXISTS, KEY_MISSING, KEY_PASSWORD
   */
  async createMetadata(): Promise<void> {
    await this.#lock.run(LOCK, async () => {
      const signers = await this.#keyring.signers(ROLES);
      await createFirstMetadata(this.#store, signers, {
        now: this.#clock(),
        lifetimes: this.#lifetimes,
        layout: this.#layout ?? 'native',
      });
    });
  }

  /**
   * Signs a new root for the keys that are there now. It is published by {@link pushMetadata}. The root key that was used
   * before signs too where it is at hand, so that clients follow by themselves; otherwise they need the new key.
   *
   * @throws DTufError METADATA_MISSING, KEY_MISSING, KEY_INVALID, KEY_PASSWORD, also where the root key of before is there and
   * does not open; NOT_SUPPORTED where the present root asks for more than one signature of a role.
   */
  async resetKeys(): Promise<void> {
    await this.#lock.run(LOCK, async () => {
      const signers = await this.#keyring.signers(ROLES);
      const locked: string[] = [];
      const previous = await this.#keyring.previousSigners('root', (name) => locked.push(name));
      const { followed } = await createNextRoot(this.#store, signers, previous, {
        now: this.#clock(),
        lifetimes: this.#lifetimes,
        locked,
      });
      if (!followed) {
        this.#notice(
          'the root key of before is not at hand: clients cannot follow by themselves and need the new root key (pull-metadata --reset-trust)',
        );
      }
    });
  }

  /**
   * Uploads the data of a target. Clients see it once {@link pushMetadata} has published it.
   *
   * @param data a file, or several parts in order; `@name` stands for the parts of another target.
   * @returns what is going to be signed.
   * @throws DTufError TARGET_RESERVED, TARGET_NOT_FOUND, INVALID_ARGUMENT, ACCESS_DENIED, UNREACHABLE
   */
  async pushTarget(
    name: string,
    data: Source | readonly Source[],
    { custom, ...call }: UploadCall & { custom?: JsonObject } = {},
  ): Promise<Target> {
    const state = await readMasterState(this.#store);
    const layout = layoutOf(state.root);
    checkTargetName(name, layout);
    if (custom !== undefined) checkCustom(name, custom);
    const sources = Array.isArray(data) ? (data as readonly Source[]) : [data as Source];
    const parts: NewPart[] = [];
    for (const source of sources) parts.push(...(await this.#partsOf(source, state, call)));
    if (parts.length === 0)
      throw new DTufError('INVALID_ARGUMENT', `${name} has no data: give a file at least`, { target: name });
    const pushed = await this.#publisher(layout).pushTarget(name, parts, custom, call);
    await this.#pending(layout, state).set(new Map([[name, pushed]]));
    return { name, ...pushed.file, role: 'targets' };
  }

  async #partsOf(source: Source, state: MasterState, { signal }: Call): Promise<readonly NewPart[]> {
    if (typeof source !== 'string' || !source.startsWith('@')) return [await contentOf(source, this.#files)];
    const name = source.slice(1);
    const file = (await this.#targets(state)).get(name);
    if (file === undefined) {
      throw new DTufError(
        'TARGET_NOT_FOUND',
        `there is no target ${JSON.stringify(name)} to take data from`,
        { target: name },
      );
    }
    const Targets = layoutOf(state.root) === 'native' ? NativeTargets : LegacyTargets;
    return ofTarget(name, () => new Targets(this.#repository, this.limits).parts(name, file, signal));
  }

  /**
   * Takes targets out of the metadata. Clients see it once {@link pushMetadata} has published it. The data stays in the
   * registry, for clients that still have the metadata of before.
   *
   * @throws DTufError TARGET_NOT_FOUND
   */
  async delTarget(...names: string[]): Promise<void> {
    const state = await readMasterState(this.#store);
    const present = await this.#targets(state);
    const missing = names.find((name) => !present.has(name));
    if (missing !== undefined) {
      throw new DTufError('TARGET_NOT_FOUND', `there is no target ${JSON.stringify(missing)}`, {
        target: missing,
      });
    }
    await this.#pending(layoutOf(state.root), state).set(new Map(names.map((name) => [name, undefined])));
  }

  /**
   * Signs targets, snapshot and timestamp anew and publishes them. It can be interrupted at any moment and repeated.
   *
   * @returns the version of the timestamp, and whether another publisher's state was merged after it had overwritten ours.
   * @throws DTufError KEY_MISSING, KEY_PASSWORD, KEY_INVALID, OVERWRITTEN, TRUST_BROKEN, ACCESS_DENIED, UNREACHABLE
   */
  async pushMetadata(call: Call = {}): Promise<PublishResult> {
    return this.#lock.run(
      LOCK,
      async () => {
        const state = await readMasterState(this.#store);
        const layout = layoutOf(state.root);
        const signers = await this.#keyring.signers(['targets', 'snapshot', 'timestamp']);
        const publication = new Publication({
          store: this.#store,
          publisher: this.#publisher(layout),
          pending: this.#pending(layout, state),
          limits: this.limits,
          lifetimes: this.#lifetimes,
          now: this.#clock(),
          signers,
          previousSigners: (role) => this.#keyring.previousSigners(role, () => undefined),
          notice: this.#notice,
        });
        return publication.run(call);
      },
      call.signal,
    );
  }

  /** The targets as the next {@link pushMetadata} publishes them. @throws DTufError METADATA_MISSING */
  async *listTargets(): AsyncIterable<Target> {
    const targets = await this.#targets(await readMasterState(this.#store));
    for (const [name, file] of targets) yield { name, ...file, role: 'targets' };
  }

  async #targets(state: MasterState): Promise<ReadonlyMap<string, TargetFile>> {
    return applyPending(
      state.targets.signed.targets,
      await this.#pending(layoutOf(state.root), state).read(),
    );
  }

  /** When each role expires, as it was signed last. @throws DTufError METADATA_MISSING */
  async getExpirations(): Promise<Record<Role, Date>> {
    const { root, targets, snapshot, timestamp } = await readMasterState(this.#store);
    return {
      root: root.signed.expires,
      targets: targets.signed.expires,
      snapshot: snapshot.signed.expires,
      timestamp: timestamp.signed.expires,
    };
  }

  #publisher(layout: RegistryLayout): Publisher {
    if (layout === 'native') return new NativePublisher(this.#repository, this.digester, this.limits);
    return this.#legacyPublisher();
  }

  #legacyPublisher(): LegacyPublisher {
    return new LegacyPublisher(this.#repository, this.digester, this.limits);
  }

  #pending(layout: RegistryLayout, state: MasterState): PendingTargets | LegacyPending {
    return layout === 'native'
      ? new PendingTargets(this.#store)
      : new LegacyPending(this.#store, state.targets.signed.targets, this.#legacyPublisher(), this.#notice);
  }
}

function noPassword(role: Role): never {
  throw new DTufError('KEY_PASSWORD', `the ${role} key needs a password: pass \`passwords\``, { role });
}

const openPortably: OpenPrivateKey = async (pem, password) => {
  const { openPrivateKey } = await late(import('./tuf/private-key.ts'));
  return openPrivateKey(pem, password);
};

function requireRegistry(options: MasterOptions): MasterOptions {
  if (options.layout !== 'http') return options;
  throw new DTufError('NOT_SUPPORTED', 'publishing needs a registry: the layout "http" is only read', {
    expected: 'native or legacy',
    got: 'http',
  });
}
