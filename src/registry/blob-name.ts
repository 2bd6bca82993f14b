import type { Digest } from './digest.ts';

/** What a blob is known by. */
export interface BlobName {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** Which bytes of a blob are asked for. */
export interface BlobRange {
  /** First byte; 0 if left out. */
  readonly start?: number;
  /** The byte after the last; the size of the blob if left out. */
  readonly end?: number;
  readonly signal?: AbortSignal;
}
