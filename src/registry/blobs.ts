import { DTufError, hasCode } from '../errors.ts';
import type { Bytes, Digester } from '../ports.ts';
import { type Digest, digestOf, parseDigest } from './digest.ts';
import { type Bytewise, openSpan, streamOut } from './span.ts';
import type { Call, Transport } from './transport.ts';

/** What a blob is known by. */
export interface BlobName {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** The blobs of one repository (distribution-spec v1.1, "Pulling blobs"). */
export class Blobs {
  /** @internal */
  readonly transport: Transport;
  /** The name of the repository. */
  readonly repository: string;
  readonly #digester: Digester | undefined;

  /** @internal */
  constructor(transport: Transport, repository: string, digester?: Digester) {
    this.transport = transport;
    this.repository = repository;
    this.#digester = digester;
  }

  /**
   * A whole blob, verified by size and digest.
   *
   * @throws DTufError NOT_FOUND, DIGEST_MISMATCH, TOO_LARGE above limits.memory.
   */
  async fetch(blob: BlobName, signal?: AbortSignal): Promise<Bytes> {
    const { memory } = this.transport.limits;
    if (blob.size > memory) {
      throw new DTufError(
        'TOO_LARGE',
        'The blob is larger than what is held in memory at once (limits.memory).',
        {
          expected: `at most ${memory} bytes`,
          got: `${blob.size} bytes`,
        },
      );
    }
    const download = await this.#download(blob, 0, blob.size, signal);
    const bytes = new Uint8Array(blob.size);
    let at = 0;
    for (let chunk = await download.next(); chunk; chunk = await download.next()) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    const got = await digestOf(bytes, this.#digester);
    if (got === blob.digest) return bytes;
    throw new DTufError(
      'DIGEST_MISMATCH',
      'The registry sent other bytes than the ones that were asked for.',
      {
        expected: blob.digest,
        got,
      },
    );
  }

  /**
   * A blob, or a part of it, as it arrives. **The caller must verify what comes out.**
   *
   * The stream ends in an error where there are more or fewer bytes than described (DIGEST_MISMATCH), after silence
   * (TIMED_OUT) and after an abort (ABORTED). A connection that breaks is taken up again where it broke.
   *
   * @param options.start first byte; 0 if left out.
   * @param options.end the byte after the last; the size of the blob if left out.
   * @throws DTufError NOT_FOUND, INVALID_ARGUMENT
   */
  async openUnverified(
    blob: BlobName,
    options: { start?: number; end?: number; signal?: AbortSignal } = {},
  ): Promise<ReadableStream<Uint8Array>> {
    const { start = 0, end = blob.size, signal } = options;
    if (
      !(
        Number.isSafeInteger(start) &&
        Number.isSafeInteger(end) &&
        0 <= start &&
        start <= end &&
        end <= blob.size
      )
    ) {
      throw new DTufError('INVALID_ARGUMENT', 'A range lies within the blob.', {
        expected: `0 <= start <= end <= ${blob.size}`,
        got: `${start} to ${end}`,
      });
    }
    if (start === end && blob.size > 0)
      return new ReadableStream({ start: (controller) => controller.close() });
    return streamOut(await this.#download(blob, start, end, signal));
  }

  /**
   * The size of a blob, in bytes, as the registry says.
   *
   * @returns undefined where it is not there.
   */
  async size(digest: Digest, signal?: AbortSignal): Promise<number | undefined> {
    const call = this.#call(digest, `to look for the blob ${digest}`, signal);
    const headers = { 'Accept-Encoding': 'identity' };
    const head = await this.transport.ask({ ...call, method: 'HEAD', headers }, 0);
    if (head.status === 404) return undefined;
    const size = head.status === 200 ? contentLength(head.headers) : undefined;
    if (size !== undefined) return size;
    // Storages that a registry redirects to often sign for GET only: a HEAD that failed says nothing.
    try {
      const { headers: got, body } = await this.transport.open({
        ...call,
        method: 'GET',
        headers,
        cache: 'no-store',
      });
      body.cancel();
      const length = contentLength(got);
      if (length !== undefined) return length;
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
    throw new DTufError('REGISTRY_FAILED', `The registry does not tell the size of the blob ${digest}.`, {
      expected: 'Content-Length',
    });
  }

  /**
   * Whether a blob can really be had: by reading its last byte. After a garbage collection some registries answer 200
   * to HEAD, and 206 without a byte, for blobs that are gone.
   */
  async exists(blob: BlobName, signal?: AbortSignal): Promise<boolean> {
    try {
      const download = await this.#download(blob, Math.max(0, blob.size - 1), blob.size, signal);
      // An answer without that byte, or with more, ends in DIGEST_MISMATCH.
      while (await download.next());
      return true;
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND', 'DIGEST_MISMATCH')) return false;
      throw error;
    }
  }

  #download(
    { digest, size }: BlobName,
    start: number,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<Bytewise> {
    const { method: _, ...call } = this.#call(digest, `to fetch the blob ${digest}`, signal);
    return openSpan(this.transport, { digest, size, start, end }, call);
  }

  #call(digest: Digest, doing: string, signal: AbortSignal | undefined): Call {
    const url = new URL(`/v2/${this.repository}/blobs/${parseDigest(digest)}`, this.transport.registry);
    return { method: 'GET', url, doing, scope: `repository:${this.repository}:pull`, signal };
  }
}

function contentLength(headers: Headers): number | undefined {
  const text = headers.get('content-length');
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
