// Writes a plan with our own signing code.
import { toHex, utf8 } from '../../src/encoding.ts';
import type { Json, JsonObject } from '../../src/json.ts';
import type { Bytes } from '../../src/ports.ts';
import { ROLES, type Role } from '../../src/tuf/metadata.ts';
import {
  type RoleKeyMap,
  rootToSign,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from '../../src/tuf/signing.ts';
import type { TargetFile } from '../../src/tuf/targets.ts';
import type { Keys } from './keys.ts';
import type {
  Algorithm,
  DelegationsPlan,
  FilePlan,
  MetaPlan,
  RootPlan,
  Signers,
  State,
  TargetPlan,
  TargetsPlan,
  Written,
} from './plan.ts';

/** Writes states of one repository; what is the same in two of them is the same file. */
export class Writer {
  readonly #keys: Keys;
  readonly #written = new Map<string, Bytes>();

  constructor(keys: Keys) {
    this.#keys = keys;
  }

  async write(state: State): Promise<Written> {
    const delegated: Record<string, Bytes> = Object.create(null);
    for (const [role, plan] of Object.entries(state.delegated)) delegated[role] = await this.#targets(plan);
    const targets = await this.#targets(state.targets);
    const snapshot = await this.#snapshot(state, { ...delegated, targets });
    const { timestamp } = state;
    const { 'snapshot.json': own = {} } = (await timestampToSign(validity(timestamp), 1, snapshot))[
      'meta'
    ] as {
      'snapshot.json': JsonObject;
    };
    // The length and hash that our publisher always signs are left out where the plan wants others.
    const { length: _, hashes: __, ...rest } = own;
    const meta = { 'snapshot.json': { ...rest, ...(await metaOf(timestamp.snapshot, snapshot)) } };
    const signed = { ...(await timestampToSign(validity(timestamp), 1, snapshot)), meta };
    return {
      roots: await Promise.all(state.roots.map((root) => this.#root(root))),
      timestamp: await this.#file(timestamp, signed),
      snapshot,
      targets,
      delegated,
    };
  }

  async #snapshot({ snapshot }: State, files: Readonly<Record<string, Bytes>>): Promise<Bytes> {
    const meta = new Map<string, JsonObject>();
    for (const [role, plan] of Object.entries(snapshot.meta))
      meta.set(`${role}.json`, await metaOf(plan, files[role]));
    return this.#file(snapshot, snapshotToSign(validity(snapshot), meta));
  }

  #root(plan: RootPlan): Promise<Bytes> {
    const keys = Object.fromEntries(ROLES.map((role) => [role, this.#keysOf(plan.roles[role])]));
    const signed = rootToSign(validity(plan), keys as Record<Role, RoleKeyMap>, {});
    const roles = Object.fromEntries(ROLES.map((role) => [role, this.#roleKeys(plan.roles[role])]));
    return this.#file(plan, { ...signed, consistent_snapshot: plan.consistent, roles });
  }

  async #targets(plan: TargetsPlan): Promise<Bytes> {
    const targets = new Map<string, TargetFile>();
    for (const [path, target] of Object.entries(plan.targets)) targets.set(path, await targetOf(target));
    const { delegations: none, ...signed } = targetsToSign(validity(plan), targets);
    const delegations = plan.delegations && this.#delegations(plan.delegations);
    return this.#file(plan, delegations === undefined ? signed : { ...signed, delegations });
  }

  #delegations(plan: DelegationsPlan): JsonObject {
    const all = 'roles' in plan ? plan.roles : [plan.succinct];
    const keys = Object.fromEntries(all.flatMap((signers) => [...this.#keysOf(signers)])) as JsonObject;
    if ('succinct' in plan) {
      const { bitLength, namePrefix } = plan.succinct;
      const bins = { ...this.#roleKeys(plan.succinct), bit_length: bitLength, name_prefix: namePrefix };
      return { keys, succinct_roles: bins };
    }
    const roles = plan.roles.map((role) => ({
      ...this.#roleKeys(role),
      name: role.name,
      terminating: role.terminating,
      ...(role.paths === undefined ? {} : { paths: role.paths }),
      ...(role.pathHashPrefixes === undefined ? {} : { path_hash_prefixes: role.pathHashPrefixes }),
    }));
    return { keys, roles };
  }

  #keysOf({ keys }: Signers): RoleKeyMap {
    return new Map(keys.map((name) => [this.#keys.signer(name).keyid, this.#keys.signer(name).signer.key]));
  }

  #roleKeys({ keys, threshold }: Signers): JsonObject {
    return { keyids: keys.map((name) => this.#keys.signer(name).keyid), threshold };
  }

  async #file(plan: FilePlan, members: JsonObject): Promise<Bytes> {
    const signed = { ...members, ...plan.unknown, ...plan.replaced };
    const same = JSON.stringify([signed, plan.signedBy, plan.spoiled]);
    const written = this.#written.get(same) ?? (await this.#sign(plan, signed));
    this.#written.set(same, written);
    return written;
  }

  async #sign({ signedBy, spoiled = [] }: FilePlan, signed: JsonObject): Promise<Bytes> {
    const bytes = await signMetadata(
      signed,
      signedBy.map((name) => this.#keys.signer(name)),
    );
    if (spoiled.length === 0) return bytes;
    const file = JSON.parse(new TextDecoder().decode(bytes)) as { signatures: { sig: string }[] };
    for (const name of spoiled) {
      const signature = file.signatures[signedBy.indexOf(name)];
      if (signature === undefined) throw new Error(`${name} did not sign`);
      signature.sig = spoil(signature.sig);
    }
    return utf8(JSON.stringify(file));
  }
}

/** Another last digit. */
function spoil(hex: string): string {
  return hex.slice(0, -1) + (hex.endsWith('0') ? '1' : '0');
}

function validity({ version, expires }: FilePlan): { version: number; expires: Date } {
  return { version, expires: new Date(expires) };
}

async function metaOf(plan: MetaPlan, bytes: Bytes = new Uint8Array()): Promise<JsonObject> {
  return {
    version: plan.version,
    ...(plan.length ? { length: lengthOf(bytes, plan) } : {}),
    ...(plan.hashes.length > 0 ? { hashes: await hashesOf(bytes, plan) } : {}),
    ...plan.unknown,
  };
}

async function targetOf(plan: TargetPlan): Promise<TargetFile> {
  const bytes = utf8(plan.text);
  return {
    length: lengthOf(bytes, plan),
    hashes: (await hashesOf(bytes, plan)) as Record<string, string>,
    ...(plan.custom === undefined ? {} : { custom: plan.custom }),
    ...plan.unknown,
  };
}

function lengthOf(bytes: Bytes, { lie }: MetaPlan | TargetPlan): number {
  return bytes.length + (lie === 'longer' ? 1 : lie === 'shorter' ? -1 : 0);
}

async function hashesOf(bytes: Bytes, { hashes, lie }: MetaPlan | TargetPlan): Promise<JsonObject> {
  const entries: [string, Json][] = [];
  for (const algorithm of hashes) {
    const hex = await hashOf(algorithm, bytes);
    entries.push([algorithm, lie === 'another hash' ? spoil(hex) : hex]);
  }
  return Object.fromEntries(entries);
}

export async function hashOf(algorithm: Algorithm, bytes: Bytes): Promise<string> {
  const name = algorithm === 'sha256' ? 'SHA-256' : 'SHA-512';
  return toHex(new Uint8Array(await crypto.subtle.digest(name, bytes)));
}
