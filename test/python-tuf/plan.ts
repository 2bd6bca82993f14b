// A repository before it is written: two states of it, one after the other, as data. python-tuf and we write the same
// plan, each with its own code, and each judges what the other wrote.
import type { JsonObject } from '../../src/json.ts';
import type { Role } from '../../src/tuf/metadata.ts';

export interface Plan {
  /** What is wrong with it, in words; or that nothing is. */
  readonly broken: string;
  readonly states: readonly [State, State];
  /** Target paths that both clients look up in each session. */
  readonly lookups: readonly string[];
}

/** What is published at one time; `1.root.json` of the first is what clients trust. */
export interface State {
  /** The clients' time. */
  now: string;
  /** All roots up to this time; the first is published as `1.root.json`, and so on, whatever its version. */
  roots: RootPlan[];
  timestamp: TimestampPlan;
  snapshot: SnapshotPlan;
  targets: TargetsPlan;
  delegated: Record<string, TargetsPlan>;
  /** The data of targets, by path. */
  data: Record<string, string>;
  /** What the server does with files, by their address. */
  faults: Record<string, Fault>;
}

/** A status, in the place of a file; or what becomes of its bytes: another file's, or what another was in the first state. */
export type Fault =
  | number
  | 'cut in half'
  | 'a space added'
  | 'replaced by a list'
  | { readonly instead: string }
  | { readonly before: string };

/** Names of keys (keys.ts), and how many have to sign. */
export interface Signers {
  keys: string[];
  threshold: number;
}

export interface FilePlan {
  version: number;
  expires: string;
  signedBy: string[];
  /** Of `signedBy`, the keys whose signature is damaged. */
  spoiled?: string[];
  /** Further members of `signed`, that nobody knows. */
  unknown?: JsonObject;
  /** Replaces members of `signed` just before it is signed. */
  replaced?: JsonObject;
}

export interface RootPlan extends FilePlan {
  consistent: boolean;
  roles: Record<Role, Signers>;
}

export interface TimestampPlan extends FilePlan {
  snapshot: MetaPlan;
}

export interface SnapshotPlan extends FilePlan {
  /** By role. */
  meta: Record<string, MetaPlan>;
}

export type Lie = 'longer' | 'shorter' | 'another hash';

/** What a parent signs of a metadata file. */
export interface MetaPlan {
  version: number;
  length: boolean;
  hashes: Algorithm[];
  lie?: Lie;
  unknown?: JsonObject;
}

export type Algorithm = 'sha256' | 'sha512';

export interface TargetsPlan extends FilePlan {
  targets: Record<string, TargetPlan>;
  delegations?: DelegationsPlan;
}

export interface TargetPlan {
  text: string;
  hashes: Algorithm[];
  lie?: Lie;
  custom?: JsonObject;
  unknown?: JsonObject;
}

export type DelegationsPlan = { roles: DelegationPlan[] } | { succinct: SuccinctPlan };

export interface DelegationPlan extends Signers {
  name: string;
  terminating: boolean;
  paths?: string[];
  pathHashPrefixes?: string[];
}

export interface SuccinctPlan extends Signers {
  bitLength: number;
  namePrefix: string;
}

/** The metadata files of a state, written by one or the other. */
export interface Written {
  readonly roots: readonly Uint8Array[];
  readonly timestamp: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly targets: Uint8Array;
  readonly delegated: Readonly<Record<string, Uint8Array>>;
}

/** What a client made of a repository: of each session what it says. Equal for equal behaviour. */
export interface Session {
  /** `ok`, or what was refused of which role. */
  readonly refresh: string;
  /** Versions of the top-level roles that it holds afterwards. */
  readonly held: Readonly<Record<string, number>>;
  /** By path: `absent`, the SHA-256 of the data that came, or what was refused. */
  readonly targets: Readonly<Record<string, string>>;
}
