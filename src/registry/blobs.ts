import { late } from '../late.ts';
import type { Bytes } from '../ports.ts';
import type { BlobName, BlobRange } from './blob-name.ts';
import type { Call } from './call.ts';
import { type Digest, parseDigest } from './digest.ts';
import type { Transport } from './transport.ts';

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
    const { fetchBlob } = await fetching();
    return fetchBlob(this.transport, this.#fetching(blob, signal), blob);
  }

  /**
   * A blob, or a part of it, as it arrives. **The caller must verify what comes out.**
   *
   * The stream ends in an error where there are more or fewer bytes than described (DIGEST_MISMATCH), after silence
   * (TIMED_OUT) and after an abort (ABORTED). A connection that breaks is taken up again where it broke.
   *
   * @throws DTufError NOT_FOUND, INVALID_ARGUMENT
   */
  async openUnverified(blob: BlobName, options: BlobRange = {}): Promise<ReadableStream<Uint8Array>> {
    const { openBlob } = await fetching();
    return openBlob(this.transport, this.#fetching(blob, options.signal), blob, options);
  }

  #fetching({ digest }: BlobName, signal: AbortSignal | undefined): Call {
    return this.call(digest, `to fetch the blob ${digest}`, signal);
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
