// Repositories in few words, friendly and hostile: `repository().withTargets({ a: 'text' }).with('root', { keys: ['new'] })`.
// All times are fixed, and each key is made of its name, so that a failure repeats.
import { toHex, utf8 } from '../../src/encoding.ts';
import type { Json, JsonObject } from '../../src/json.ts';
import type { Bytes } from '../../src/ports.ts';
import { canonicalJson } from '../../src/tuf/canonical.ts';
import { fileInfo } from '../../src/tuf/file-info.ts';
import { keyidOf } from '../../src/tuf/key-forms.ts';
import { ROLES, type Role } from '../../src/tuf/metadata.ts';
import { signerOf } from '../../src/tuf/signer.ts';
import type { RoleSigner } from '../../src/tuf/signing.ts';
import { TrustedSet } from '../../src/tuf/trusted-set.ts';

export const NOW = new Date('2026-01-01T00:00:00Z');
export const VALID = '2027-01-01T00:00:00Z';
export const EXPIRED = '2025-12-31T23:59:59Z';

/** One file a role, as a client gets them. */
export type Files = Readonly<Record<Role, Bytes>>;

export type Members = { [name: string]: Json };

/** What of a role is not as in a plain repository. */
export interface RoleOptions {
  readonly version?: number;
  readonly expires?: string;
  /** Names of the role's keys; the role's own name if left out. */
  readonly keys?: readonly string[];
  readonly threshold?: number;
  /** Names of the keys that sign the file; those of the role if left out. */
  readonly signedBy?: readonly string[];
  /** Changes `signed` before it is signed. */
  readonly signed?: (signed: Members) => Members;
  /** Changes the signatures. */
  readonly signatures?: (signatures: Signature[]) => Json[];
  /** Changes the file after it was signed. */
  readonly file?: (text: string) => string | Bytes;
}

/** A delegated role: its file, and what it holds. */
export interface DelegatedOptions extends RoleOptions {
  readonly targets?: { readonly [name: string]: Json };
}

/** How a role is delegated. */
export interface DelegationOptions {
  /** `*` if neither is given. */
  readonly paths?: readonly string[];
  readonly pathHashPrefixes?: readonly string[];
  readonly terminating?: boolean;
  /** Names of the keys; those of the role if left out. */
  readonly keys?: readonly string[];
  readonly threshold?: number;
}

interface Delegation extends DelegationOptions {
  readonly from: string;
  readonly to: string;
}

export type Signature = { keyid: string; sig: string };

type Options = Readonly<Record<Role, RoleOptions>>;

const keys = new Map<string, Promise<RoleSigner>>();

/** The ed25519 key that is made of `name`; always the same. */
export function keyNamed(name: string): Promise<RoleSigner> {
  const known = keys.get(name) ?? makeKey(name);
  keys.set(name, known);
  return known;
}

async function makeKey(name: string): Promise<RoleSigner> {
  const seed = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(name)));
  const prefix = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
  ];
  const signer = await signerOf(Uint8Array.from([...prefix, ...seed]));
  return { keyid: await keyidOf(signer.key), signer };
}

/** `{ keyid: key }` of a key, as root lists it. */
export async function listed(name: string): Promise<JsonObject> {
  const { keyid, signer } = await keyNamed(name);
  return { [keyid]: signer.key as Json };
}

/** A signature of the key called `name`. */
export async function signatureBy(name: string, payload: Bytes): Promise<Signature> {
  const { keyid, signer } = await keyNamed(name);
  return { keyid, sig: toHex(await signer.sign(payload)) };
}

/** A metadata file: `signed` under signatures of the keys called `names`. */
export async function fileOf(
  signed: JsonObject,
  names: readonly string[],
  options: RoleOptions = {},
): Promise<Bytes> {
  const payload = canonicalJson(signed);
  const made = await Promise.all(names.map((name) => signatureBy(name, payload)));
  const signatures = options.signatures?.(made) ?? made;
  const text = JSON.stringify({ signatures, signed });
  const changed = options.file?.(text) ?? text;
  return typeof changed === 'string' ? utf8(changed) : changed;
}

/** A repository that can be changed step by step; each step is a new one. */
export class Repository {
  readonly #options: Options;
  readonly #targets: Members;
  readonly #roles: ReadonlyMap<string, DelegatedOptions>;
  readonly #delegations: readonly Delegation[];

  constructor(
    options: Options,
    targets: Members,
    roles: ReadonlyMap<string, DelegatedOptions> = new Map(),
    delegations: readonly Delegation[] = [],
  ) {
    this.#options = options;
    this.#targets = targets;
    this.#roles = roles;
    this.#delegations = delegations;
  }

  with(role: Role, options: RoleOptions): Repository {
    const changed = { ...this.#options, [role]: { ...this.#options[role], ...options } };
    return new Repository(changed, this.#targets, this.#roles, this.#delegations);
  }

  /** A delegated role, new or changed; the snapshot lists it. */
  withRole(name: string, options: DelegatedOptions = {}): Repository {
    const roles = new Map(this.#roles).set(name, { ...this.#roles.get(name), ...options });
    return new Repository(this.#options, this.#targets, roles, this.#delegations);
  }

  /** Lets `from` delegate to `to`, after those that it delegates to already; to a role again: in its place. */
  delegating(from: string, to: string, options: DelegationOptions = {}): Repository {
    const others = this.#delegations.filter((other) => other.from !== from || other.to !== to);
    return new Repository(this.#options, this.#targets, this.#roles, [...others, { from, to, ...options }]);
  }

  /** Timestamp, snapshot and targets of version `version`. */
  release(version: number): Repository {
    return this.with('timestamp', { version }).with('snapshot', { version }).with('targets', { version });
  }

  /** Texts that are published under their names, or entries as they are to be signed. */
  withTargets(targets: { [name: string]: Json }): Repository {
    return new Repository(this.#options, { ...this.#targets, ...targets }, this.#roles, this.#delegations);
  }

  /** The next root, with `options` changed; it is signed by the keys of this one and its own. */
  nextRoot(options: RoleOptions = {}): Repository {
    const { version = 1, keys: before = ['root'] } = this.#options.root;
    const after = options.keys ?? before;
    return this.with('root', {
      version: version + 1,
      signedBy: [...new Set([...before, ...after])],
      ...options,
    });
  }

  async build(): Promise<Files> {
    const targets = await this.#file('targets', await this.#signedTargets());
    const { version = 1 } = this.#options.targets;
    const roles = [...this.#roles].map(([name, options]) => [
      `${name}.json`,
      { version: options.version ?? 1 },
    ]);
    const snapshot = await this.#file('snapshot', {
      meta: { 'targets.json': { ...(await fileInfo(targets)), version }, ...Object.fromEntries(roles) },
    });
    const timestamp = await this.#file('timestamp', {
      meta: {
        'snapshot.json': { ...(await fileInfo(snapshot)), version: this.#options.snapshot.version ?? 1 },
      },
    });
    return { root: await this.root(), timestamp, snapshot, targets };
  }

  async root(): Promise<Bytes> {
    const all = await Promise.all(ROLES.flatMap((role) => this.#keysOf(role)).map(listed));
    const roles: Members = {};
    for (const role of ROLES) {
      const keyids = await Promise.all(this.#keysOf(role).map(async (name) => (await keyNamed(name)).keyid));
      roles[role] = { keyids, threshold: this.#options[role].threshold ?? 1 };
    }
    return this.#file('root', {
      consistent_snapshot: true,
      keys: Object.assign({}, ...all),
      roles,
      'x-dtuf': { layout: 'native' },
    });
  }

  /** The files of the delegated roles. */
  async delegated(): Promise<ReadonlyMap<string, Bytes>> {
    const files = new Map<string, Bytes>();
    for (const [name, options] of this.#roles) {
      const { version = 1, expires = VALID, signedBy = options.keys ?? [name], targets = {} } = options;
      const members = await this.#targetsMembers(name, targets);
      const signed = { _type: 'targets', spec_version: '1.0.34', version, expires, ...members };
      files.set(name, await fileOf(options.signed?.(signed) ?? signed, signedBy, options));
    }
    return files;
  }

  #keysOf(role: Role): readonly string[] {
    return this.#options[role].keys ?? [role];
  }

  #signedTargets(): Promise<Members> {
    return this.#targetsMembers('targets', this.#targets);
  }

  async #targetsMembers(role: string, targets: { readonly [name: string]: Json }): Promise<Members> {
    const entries = Object.entries(targets).map(async ([name, target]) => {
      const entry = typeof target === 'string' ? await fileInfo(utf8(target)) : target;
      return [name, entry] as const;
    });
    return {
      delegations: await this.#delegationsOf(role),
      targets: Object.fromEntries(await Promise.all(entries)),
    };
  }

  async #delegationsOf(from: string): Promise<Members> {
    const keys: Members = {};
    const roles: Json[] = [];
    for (const delegation of this.#delegations.filter((other) => other.from === from)) {
      const { to, paths, pathHashPrefixes, terminating = false, threshold = 1 } = delegation;
      const names = delegation.keys ?? this.#roles.get(to)?.keys ?? [to];
      for (const name of names) Object.assign(keys, await listed(name));
      const keyids = await Promise.all(names.map(async (name) => (await keyNamed(name)).keyid));
      const covers = pathHashPrefixes
        ? { path_hash_prefixes: pathHashPrefixes, ...(paths ? { paths } : {}) }
        : { paths: paths ?? ['*'] };
      roles.push({ name: to, keyids, threshold, terminating, ...covers });
    }
    return { keys, roles };
  }

  #file(role: Role, members: Members): Promise<Bytes> {
    const options = this.#options[role];
    const { version = 1, expires = VALID, signedBy = this.#keysOf(role) } = options;
    const signed = { _type: role, spec_version: '1.0.34', version, expires, ...members };
    return fileOf(options.signed?.(signed) ?? signed, signedBy, options);
  }
}

/** A valid repository of version 1 with one key a role and no targets. */
export function repository(): Repository {
  return new Repository({ root: {}, timestamp: {}, snapshot: {}, targets: {} }, {});
}

/** A set with final roots. */
export async function setOf(roots: Bytes | readonly Bytes[], now = NOW): Promise<TrustedSet> {
  const [first, ...next] = roots instanceof Uint8Array ? [roots] : roots;
  if (first === undefined) throw new Error('a set begins with a root');
  const set = await TrustedSet.start(first, now);
  for (const root of next) await set.updateRoot(root);
  set.endRoots();
  return set;
}

/** Offers all files as if they came from outside, in order. */
export async function offer(set: TrustedSet, files: Omit<Files, 'root'>): Promise<TrustedSet> {
  await set.updateTimestamp(files.timestamp);
  await set.updateSnapshot(files.snapshot);
  await set.updateTargets(files.targets);
  return set;
}

/** A set that verified all of `files`. */
export async function verified(files: Files, now = NOW): Promise<TrustedSet> {
  return offer(await setOf(files.root, now), files);
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
