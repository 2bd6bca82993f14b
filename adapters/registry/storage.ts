import type { Digest } from './digest.ts';

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** One entry of an image layout's `index.json`. What other tools wrote into it is kept. */
export interface IndexEntry {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [other: string]: unknown;
}

/** The manifests of one repository, as an OCI image index (image-spec, image-layout.md). */
export interface ImageIndex {
  readonly schemaVersion: 2;
  readonly manifests: readonly IndexEntry[];
  readonly [other: string]: unknown;
}

/** A blob that is being received. It is nowhere to be seen before `commit`. */
export interface BlobWriter {
  /** Bytes received. */
  readonly size: number;
  /** @throws DTufError STORAGE_FAILED, TOO_LARGE where the storage is full. */
  write(chunk: Uint8Array): Promise<void>;
  /** No more comes for now, or ever: nothing is held open until the next call. @throws DTufError STORAGE_FAILED */
  pause(): Promise<void>;
  /**
   * Stores what was received, durably, under its digest. The writer is at its end.
   *
   * @returns false, with nothing stored, where the bytes have another digest.
   * @throws DTufError STORAGE_FAILED
   */
  commit(digest: Digest): Promise<boolean>;
  /** Forgets what was received. Never throws. */
  discard(): Promise<void>;
}

/**
 * Where the embedded registry keeps its repositories.
 *
 * It is given names and digests that were checked against their grammar.
 * A repository comes to be with its first blob or manifest.
 */
export interface RegistryStorage {
  /** The names of all repositories, in no particular order. */
  repositories(): Promise<readonly string[]>;
  /** Undefined where there is no such repository. */
  readIndex(repository: string): Promise<ImageIndex | undefined>;
  /**
   * Replaces the index in one step, one caller at a time, across processes.
   *
   * @param change gets the present index (empty where the repository is new) and returns the next,
   *   or undefined to leave it as it is. It may write blobs.
   * @throws DTufError STORAGE_FAILED, LOCKED
   */
  updateIndex(
    repository: string,
    change: (index: ImageIndex) => Promise<ImageIndex | undefined>,
  ): Promise<void>;
  /** In bytes; undefined where there is no such blob. */
  blobSize(repository: string, digest: Digest): Promise<number | undefined>;
  /** A part of a blob that is there. Nothing is held open before the first read. */
  openBlob(repository: string, digest: Digest, range: ByteRange): ReadableStream<Uint8Array>;
  createBlob(repository: string): Promise<BlobWriter>;
  /** Makes a blob of another repository one of this, too. False where the other has not got it. */
  copyBlob(from: string, repository: string, digest: Digest): Promise<boolean>;
  /** False where there was no such blob. */
  deleteBlob(repository: string, digest: Digest): Promise<boolean>;
}

export const emptyIndex: ImageIndex = Object.freeze({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: Object.freeze([]),
});
