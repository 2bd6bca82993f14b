/**
 * What the core asks of its host. A runtime differs from another by the adapters
 * that it passes in here, never by an `if` in the core.
 */

/** Bytes whose buffer is a plain ArrayBuffer: what Web Crypto and fetch take. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** A stored file, and the opaque version that {@link Store.commit} compares. */
export interface Stored {
  readonly bytes: Bytes;
  readonly version: string;
}

/**
 * The state of one repository: small files under names of the form `a/b/c.json`.
 *
 * Names are made by the core, from fixed words and names that were checked
 * to be safe path segments.
 */
export interface Store {
  /** False where the host forgets the state when the process or page ends. */
  readonly persistent: boolean;
  /**
   * Reads a consistent set: never a mixture from before and after one commit.
   * A name that is not there is absent from the answer.
   */
  read(names: readonly string[]): Promise<ReadonlyMap<string, Stored>>;
  /**
   * Writes and deletes all or nothing, also if the process is killed in between.
   *
   * @param expected for each name compared, the version that was read, or undefined where it was not there.
   * @returns false, with nothing changed, where a compared name has another version by now.
   * @throws DTufError STORAGE_FAILED (full, read-only), STORAGE_UNAVAILABLE.
   */
  commit(
    expected: ReadonlyMap<string, string | undefined>,
    writes: ReadonlyMap<string, Uint8Array>,
    deletes?: readonly string[],
  ): Promise<boolean>;
  /** All names that begin with `prefix`, in no particular order. */
  list(prefix: string): Promise<readonly string[]>;
}

/** One writer at a time, across processes or tabs. */
export interface Lock {
  /**
   * Runs `work` while the lock `name` is held, and releases it however `work` ends.
   * The lock of a holder that died is taken over.
   *
   * @throws DTufError LOCKED where another holder keeps it longer than the adapter waits.
   */
  run<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export type HashAlgorithm = 'sha256' | 'sha512';

/** An incremental hash over data that is too large to be held at once. */
export interface Hash {
  update(chunk: Uint8Array): void | Promise<void>;
  /** The digest; the hash cannot be used after it. */
  digest(): Promise<Uint8Array>;
}

export interface Digester {
  create(algorithm: HashAlgorithm): Promise<Hash>;
}

/** A TUF public key, as it stands in metadata (TUF 1.0.34, 4.2.3). */
export interface PublicKey {
  readonly keytype: string;
  readonly scheme: string;
  readonly keyval: { readonly public: string };
  readonly [unknown: string]: unknown;
}

/** Whoever can sign for one key: a key file, a non-extractable key, a hardware token, a service. */
export interface Signer {
  readonly key: PublicKey;
  /** The raw signature of the key's scheme (ECDSA: DER). */
  sign(data: Bytes): Promise<Uint8Array>;
}

/** Data to be published. It can be opened more than once, each time from its start. */
export interface Content {
  /** In bytes. */
  readonly length: number;
  open(): ReadableStream<Uint8Array> | Promise<ReadableStream<Uint8Array>>;
}

/** A place for data that must be verified whole before anything of it is handed out. */
export interface Spool {
  write(chunk: Uint8Array): Promise<void>;
  /** What was written, from its start. The spool is discarded when the stream ends or is cancelled. */
  read(): Promise<ReadableStream<Uint8Array>>;
  discard(): Promise<void>;
}

/** Where a verified target is to be kept. */
export interface Destination {
  /** Node, Deno, Bun: the file to be written. */
  path?: string;
  /** Page: a file handle from a picker. */
  handle?: FileHandleLike;
  /** Page: the name that is proposed to the user; the target's base name if left out. */
  fileName?: string;
  /**
   * Page: whether to go on from what an earlier attempt left, and to leave what came so far where this one is aborted or
   * the connection fails. True if left out.
   */
  resume?: boolean;
}

/** A destination that the user was asked for. */
export interface Chosen extends Destination {
  /** Removes what the asking itself left there, where nothing came of it. Never throws. */
  giveUp?(): Promise<void>;
}

/** A structural FileSystemFileHandle, so that the types compile without the DOM. */
export interface FileHandleLike {
  createWritable(): Promise<{
    write(data: Bytes | Blob): Promise<void>;
    close(): Promise<void>;
    abort(reason?: unknown): Promise<void>;
  }>;
}

/** A destination that is being written: nothing appears under its name before `commit`. */
export interface Sink {
  readonly how: 'file' | 'picker' | 'download';
  /** What an earlier attempt left, from the first byte on. It is not verified; only what comes after it is written. */
  readonly kept?: Blob;
  /** @param chunk belongs to the sink, which may write over it. */
  write(chunk: Uint8Array): Promise<void>;
  commit(): Promise<void>;
  /** Removes what was written. Never throws. */
  abort(): Promise<void>;
  /** Ends for now: what was written is `kept` the next time. Never throws. */
  pause?(): Promise<void>;
}

/** Files of the host: temporary ones, those to be written, those to be published. */
export interface Files {
  /** @param length in bytes, so that a host can refuse early. @throws DTufError STORAGE_FAILED, TOO_LARGE */
  spool(length: number): Promise<Spool>;
  /**
   * Asks the user where to, where this host does. Called before anything else, while the user's click still counts.
   *
   * @param name of the target.
   * @throws DTufError ABORTED where the user did not want to.
   */
  choose?(destination: Destination, name: string): Promise<Chosen>;
  /**
   * @param name of the target.
   * @param length in bytes, so that a host can refuse early.
   * @param sha256 of the target, in hex: one name for all attempts. Left out where nothing is to be kept for another.
   * @throws DTufError INVALID_ARGUMENT where the destination is not of a kind that this host has; STORAGE_FAILED, TOO_LARGE
   */
  sink(destination: Destination, name: string, length: number, sha256?: string): Promise<Sink>;
  /** A local file to be published, by its path. @throws DTufError INVALID_ARGUMENT, NOT_SUPPORTED */
  content(path: string | URL): Promise<Content>;
  /** A trusted root or key named by a local address. @throws DTufError NOT_SUPPORTED where the host has none. */
  readSmall(path: URL, limit: number): Promise<Bytes>;
}

/**
 * Opens an encrypted private key in PEM.
 *
 * @returns the PKCS#8 DER of the key.
 * @throws DTufError KEY_PASSWORD, KEY_INVALID
 */
export type OpenPrivateKey = (pem: string, password: string) => Promise<Bytes>;
