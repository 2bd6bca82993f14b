import { late } from '../late.ts';
import type { Bytes } from '../ports.ts';
import { type Digest, parseDigest } from './digest.ts';
import type { Call, Transport } from './transport.ts';

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

/** The blobs of one repository (distribution-spec v1.1, "Pulling blobs"). */
export class Blobs {
  /** @internal */
  readonly transport: Transport;
  /** The name of the repository. */
  readonly repository: string;

  /** @internal */
  constructor(transport: Transport, repository: string) {
    this.transport = transport;
    this.repository = repository;
  }

  /**
   * A whole blob, verified by size and digest.
   *
   * @throws DTufError NOT_FOUND, DIGEST_MISMATCH, TOO_LARGE above limits.memory.
   */
  async fetch(blob: BlobName, signal?: AbortSignal): Promise<Bytes> {
    return (await fetching()).fetchBlob(this, blob, signal);
  }

  /**
   * A blob, or a part of it, as it arrives. **The caller must verify what comes out.**
   *
   * The stream ends in an error where there are more or fewer bytes than described (DIGEST_MISMATCH), after silence
   * (TIMED_OUT) and after an abort (ABORTED). A connection that breaks is taken up again where it broke.
   *
   * @throws DTufError NOT_FOUND, INVALID_ARGUMENT
   */
  async openUnverified(blob: BlobName, options: BlobPart = {}): Promise<ReadableStream<Uint8Array>> {
    return (await fetching()).openBlob(this, blob, options);
  }

  /** @internal */
  call(digest: Digest, doing: string, signal: AbortSignal | undefined): Call {
    const url = new URL(`/v2/${this.repository}/blobs/${parseDigest(digest)}`, this.transport.registry);
    return { method: 'GET', url, doing, scope: `repository:${this.repository}:pull`, signal };
  }
}

/** A refresh of small metadata fetches no blobs. */
function fetching() {
  return late(import('./fetch-blob.ts'));
}
