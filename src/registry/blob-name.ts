import type { Digest } from './digest.ts';

/** What a blob is known by. */
export interface BlobName {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** The part of a blob that is asked for. */
export interface BlobPart {
  /** First byte; 0 if left out. */
  readonly start?: number;
  /** The byte after the last; the size of the blob if left out. */
  readonly end?: number;
  readonly signal?: AbortSignal;
}
