// What the public classes take.
import type { LayoutName } from './layout/layout.ts';
import type { Limits } from './limits.ts';
import type { Digester, Files, Lock, OpenPrivateKey, Store } from './ports.ts';
import type { Credentials } from './registry/credentials.ts';
import type { Check } from './tuf/check.ts';

/**
 * Where a registry is: its host as in `registry.example.com:5000`, an address with a scheme, or a handler that is called
 * in the process, as `dtuf/registry` makes them. Node adds `oci:FOLDER`.
 */
export type Place = string | URL | { fetch: typeof fetch };

/** How to reach a registry. */
export interface Connection {
  host: Place;
  /** Plain http where `host` names no scheme. Loopback names need it not. */
  insecure?: boolean;
  credentials?: Credentials;
  /** The host of the token service, in the place of the one that the registry names. */
  authHost?: string;
  fetch?: typeof fetch;
  limits?: Partial<Limits>;
  /** Hashes what passes by: uploads, streams, large targets. What is at hand as a whole is hashed by Web Crypto. */
  digester?: Digester;
  /** Whether requests may carry headers for which a page would need a preflight, as If-None-Match. */
  conditional?: boolean;
  /** Told what a person should know and no result says: a warning of the registry, a key that was ignored. */
  onNotice?: (text: string) => void;
}

/** What {@link DTufMaster} and {@link DTufCopy} take. */
export interface Options extends Connection {
  /** As in `fred/demo`. Of the layout `http` it only names the local state, and can be left out. */
  repository?: string;
  /**
   * How the repository is laid out, where neither a signed mark nor the state says. `http`: a plain TUF repository on a
   * web server, which {@link DTufCopy} reads; `host` is then the base address of its metadata.
   */
  layout?: LayoutName;
  /** Of the layout `http`: the base address of the targets; by default `targets/` beside the metadata's. */
  targetsHost?: string | URL;
  store?: Store;
  lock?: Lock;
  files?: Files;
  clock?: () => Date;
  openPrivateKey?: OpenPrivateKey;
}

/** Of a call that takes time. */
export interface Call {
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

/** Of a call that uploads data. */
export interface UploadCall extends Call {
  /**
   * A repository of the same registry that may have the data already: the registry then takes it from there, and nothing
   * is sent. It has to allow to read that one too.
   */
  mountFrom?: string;
}

/** Of a call that verifies metadata. */
export interface ExplainedCall extends Call {
  /** Told of each check as it is made; of one that fails too, before the call throws. */
  onCheck?: (check: Check) => void;
}

/** How far a call has come, in bytes. */
export interface Progress {
  readonly target: string;
  readonly received: number;
  readonly total: number;
  readonly phase: 'fetch' | 'verify' | 'write';
}
