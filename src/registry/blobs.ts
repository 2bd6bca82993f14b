import { DTufError, hasCode } from '../errors.ts';
import type { Bytes, Digester } from '../ports.ts';
import { type Digest, digestOf, parseDigest } from './digest.ts';
import { Download } from './download.ts';
import { refusedWith } from './errors.ts';
import { resolveOwnLocation } from './redirect.ts';
import { deleteAt } from './removal.ts';
import type { Answer, Call, Transport } from './transport.ts';
import { requestBody, type UploadSource } from './upload-body.ts';

/** What a blob is known by. */
export interface BlobName {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** The blobs of one repository (distribution-spec v1.1, "Pulling blobs", "Pushing blobs"). */
export class Blobs {
  readonly #transport: Transport;
  readonly #repository: string;
  readonly #digester: Digester | undefined;

  /** @internal */
  constructor(transport: Transport, repository: string, digester?: Digester) {
    this.#transport = transport;
    this.#repository = repository;
    this.#digester = digester;
  }

  /**
   * A whole blob, verified by size and digest.
   *
   * @throws DTufError NOT_FOUND, DIGEST_MISMATCH, TOO_LARGE above limits.memory.
   */
  async fetch(blob: BlobName, signal?: AbortSignal): Promise<Bytes> {
    const { memory } = this.#transport.limits;
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
    return (await this.#download(blob, start, end, signal)).stream();
  }

  /**
   * The size of a blob, in bytes, as the registry says.
   *
   * @returns undefined where it is not there.
   */
  async size(digest: Digest, signal?: AbortSignal): Promise<number | undefined> {
    const call = this.#call(digest, `to look for the blob ${digest}`, signal);
    const headers = { 'Accept-Encoding': 'identity' };
    const head = await this.#transport.ask({ ...call, method: 'HEAD', headers }, 0);
    if (head.status === 404) return undefined;
    const size = head.status === 200 ? contentLength(head.headers) : undefined;
    if (size !== undefined) return size;
    // Storages that a registry redirects to often sign for GET only: a HEAD that failed says nothing.
    try {
      const { headers: got, body } = await this.#transport.open({
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

  /**
   * Uploads a blob in one piece (distribution-spec v1.1, "POST then PUT"), and begins anew, with the content opened
   * again, where that fails.
   *
   * @param options.onProgress gets the bytes sent so far; they begin again at 0 with another attempt.
   * @throws DTufError DIGEST_MISMATCH where the content is not (or no longer) what the descriptor says; ACCESS_DENIED.
   */
  async push(
    blob: BlobName,
    content: UploadSource,
    options: { signal?: AbortSignal; onProgress?: (bytes: number) => void } = {},
  ): Promise<void> {
    const { signal, onProgress } = options;
    const scope = `repository:${this.#repository}:pull,push`;
    const doing = `to upload the blob ${parseDigest(blob.digest)}`;
    const url = new URL(`/v2/${this.#repository}/blobs/uploads/`, this.#transport.registry);
    const body = requestBody(content, blob.size, onProgress);
    const start: Call = { method: 'POST', url, scope, doing, signal };
    const put = (location: URL): Call => ({
      method: 'PUT',
      url: location,
      scope,
      doing,
      signal,
      body,
      headers: { 'Content-Type': 'application/octet-stream', 'Content-Length': String(blob.size) },
    });
    let last: { call: Call; answer: Answer } | undefined;
    const attempt = async (call: Call): Promise<Response> => {
      last = { call, answer: await this.#transport.attempt(call, this.#transport.limits.answer) };
      return last.answer.response;
    };
    await this.#transport.repeat(url, signal, async () => {
      const begun = await attempt(start);
      return begun.ok ? attempt(put(uploadAddress(begun.headers, url, blob.digest))) : begun;
    });
    if (last) this.#checkPushed(last.call, last.answer, blob.digest);
  }

  /** Removes a blob. @returns false where it was not there, or where the registry does not do that. */
  delete(digest: Digest): Promise<boolean> {
    const url = new URL(`/v2/${this.#repository}/blobs/${parseDigest(digest)}`, this.#transport.registry);
    return deleteAt(this.#transport, url, this.#repository, `to delete the blob ${digest}`);
  }

  #checkPushed(call: Call, answer: Answer, digest: Digest): void {
    if (!answer.response.ok) {
      const error = this.#transport.refuse(call, answer);
      if (!refusedWith(error, 'DIGEST_INVALID', 'SIZE_INVALID')) throw error;
      throw new DTufError(
        'DIGEST_MISMATCH',
        'The registry got other bytes than described: the content changed while it was read.',
        {
          expected: digest,
          cause: error,
        },
      );
    }
    const stored = answer.headers.get('docker-content-digest') ?? digest;
    // Another algorithm is another name for what may be the same bytes.
    if (!stored.startsWith('sha256:') || stored === digest) return;
    throw new DTufError('DIGEST_MISMATCH', 'The registry stored the blob under another digest.', {
      expected: digest,
      got: stored.slice(0, 80),
    });
  }

  async #download(
    { digest, size }: BlobName,
    start: number,
    end: number,
    signal: AbortSignal | undefined,
  ): Promise<Download> {
    const { method: _, ...call } = this.#call(digest, `to fetch the blob ${digest}`, signal);
    const download = new Download(this.#transport, { digest, size, start, end }, call);
    await download.connect();
    return download;
  }

  #call(digest: Digest, doing: string, signal: AbortSignal | undefined): Call {
    const url = new URL(`/v2/${this.#repository}/blobs/${parseDigest(digest)}`, this.#transport.registry);
    return { method: 'GET', url, doing, scope: `repository:${this.#repository}:pull`, signal };
  }
}

function contentLength(headers: Headers): number | undefined {
  const text = headers.get('content-length');
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** The Location of an upload with the digest in its query, and all else in it as it came (distribution-spec v1.1). */
function uploadAddress(headers: Headers, from: URL, digest: Digest): URL {
  const location = headers.get('location');
  if (location === null) {
    throw new DTufError(
      'REGISTRY_FAILED',
      'The registry did not say where to upload to. To a page it must expose the Location header (Access-Control-Expose-Headers).',
      { expected: 'Location' },
    );
  }
  const url = resolveOwnLocation(location, from);
  url.hash = '';
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}
