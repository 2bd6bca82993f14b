import { DTufError, hasCode } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Call } from './call.ts';
import { unreachable } from './errors.ts';
import { doOnce } from './once.ts';
import { Pieces } from './pieces.ts';
import type { Answer } from './transport.ts';
import { closingAddress, uploadLocation } from './upload-address.ts';
import { openWhole, requestBody } from './upload-body.ts';
import { beginning, checkNamed, refusedUpload, SizeRefused, type UploadTask } from './upload-task.ts';

/** An upload that has to begin again at its first byte; the `cause` is what to throw where that was the last time. */
class Restart extends Error {
  override readonly cause: DTufError;

  constructor(cause: DTufError) {
    super(cause.message);
    this.cause = cause;
  }
}

/**
 * Uploads a blob in chunks (distribution-spec v1.1, "Pushing a blob in chunks").
 *
 * A chunk that broke off is sent again only where the registry says that all before it has arrived and nothing of it.
 * Elsewhere nobody can know what the registry has kept, and the upload begins anew.
 */
export class ChunkedUpload {
  readonly #task: UploadTask;
  readonly #start: Call;
  readonly #chunk: number;
  /** Whether this attempt repeated a request, or took the registry's word on what had arrived. */
  #resumed = false;
  #mayResume = true;
  /** What failed last. */
  #failure: DTufError | undefined;

  constructor(task: UploadTask, chunk: number) {
    this.#task = task;
    this.#start = beginning(task);
    this.#chunk = chunk;
  }

  /**
   * @param begun by a mount that failed.
   * @throws DTufError; SizeRefused where a chunk was too large.
   */
  async run(begun: Answer | undefined): Promise<void> {
    let first = begun;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(first);
      } catch (error) {
        if (!(error instanceof Restart)) throw error;
        if (attempt >= this.#task.transport.limits.attempts) throw error.cause;
        // What was resumed and came out wrong may be the fault of where the registry said that we were.
        this.#mayResume &&= !this.#resumed;
        first = undefined;
      }
    }
  }

  async #attempt(begun: Answer | undefined): Promise<void> {
    const { transport, content, size, options } = this.#task;
    this.#resumed = false;
    const first = begun ?? (await transport.ask(this.#start, transport.limits.answer));
    if (!first.response.ok) throw await transport.refuse(this.#start, first);
    let location = uploadLocation(first.headers, this.#start.url);
    const pieces = new Pieces(await openWhole(content, size), this.#sizeOf(first.headers));
    try {
      let sent = 0;
      for (let piece = await pieces.next(); piece; piece = await pieces.next()) {
        location = await this.#send(location, sent, piece);
        sent += piece.length;
        options.onProgress?.(sent);
      }
    } finally {
      pieces.cancel();
    }
    await this.#close(location);
  }

  /** The registry's minimum wins over ours. */
  #sizeOf(headers: Headers): number {
    const { memory } = this.#task.transport.limits;
    const text = headers.get('oci-chunk-min-length') ?? '';
    // A number of bytes, and nothing else that JavaScript reads as a number.
    const minimum = /^\d{1,15}$/.test(text) ? Number(text) : 0;
    if (minimum <= this.#chunk) return this.#chunk;
    const size = Math.min(minimum, Math.max(1, this.#task.size));
    if (size <= memory) return size;
    throw new DTufError(
      'TOO_LARGE',
      'The registry wants chunks that are larger than what is held in memory at once (limits.memory).',
      { expected: `at most ${memory} bytes`, got: `${minimum} bytes` },
    );
  }

  /** @returns where the upload goes on. */
  async #send(from: URL, start: number, bytes: Bytes): Promise<URL> {
    const end = start + bytes.length;
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Content-Length': String(bytes.length),
      'Content-Range': `${start}-${end - 1}`,
    };
    const body = requestBody(bytes, bytes.length);
    let location = from;
    const answer = await this.#once(
      () => ({ ...this.#start, method: 'PATCH', url: location, headers, body }),
      async () => {
        const standing = await this.#standing(location);
        location = standing.location;
        // At the start "0-0" may be a byte or none.
        if (standing.arrived !== end && (standing.arrived !== start || start === 0)) throw this.#lost();
        return standing.arrived === end;
      },
    );
    if (answer === undefined) return location;
    if (answer.response.ok) return uploadLocation(answer.headers, location);
    throw await this.#refused(answer, start, bytes.length);
  }

  /** @returns the answer; undefined where it got lost, but not the request. */
  #once(call: () => Call, isDone: () => Promise<boolean>): Promise<Answer | undefined> {
    const { transport } = this.#task;
    let sent = 0;
    return doOnce(transport, {
      call: this.#start,
      isDone,
      attempt: async (risk) => {
        risk();
        sent++;
        this.#resumed ||= sent > 1;
        try {
          const answer = await transport.attempt(call(), transport.limits.answer);
          if (!answer.response.ok) this.#failure = await transport.refuse(this.#start, answer);
          return answer;
        } catch (error) {
          if (error instanceof DTufError) this.#failure = error;
          throw error;
        }
      },
    });
  }

  async #refused(answer: Answer, start: number, length: number): Promise<Error> {
    const error = await refusedUpload(this.#task, answer);
    // GHCR refuses chunks above 4 MiB with 416. A chunk of a size that was taken before is refused for another reason,
    // and one that the registry itself wants as large as that cannot be made smaller.
    const tooLarge = (answer.status === 413 || answer.status === 416) && start === 0;
    if (tooLarge && length <= this.#chunk) return new SizeRefused(length, error);
    // An upload that the registry has forgotten, or that stands elsewhere than we think.
    return answer.status === 404 || answer.status === 416 ? new Restart(error) : error;
  }

  /** How far the registry says that an upload is. */
  async #standing(at: URL): Promise<{ location: URL; arrived: number }> {
    const { transport } = this.#task;
    if (!this.#mayResume) throw this.#lost();
    const call: Call = { ...this.#start, method: 'GET', url: at, cache: 'no-store' };
    const { status, headers } = await transport.ask(call, transport.limits.answer).catch((error: unknown) => {
      throw hasCode(error, 'ABORTED') ? error : this.#lost();
    });
    const [, last] = /^(?:bytes=)?0-(\d{1,15})$/.exec(headers.get('range') ?? '') ?? [];
    if (status !== 204 || last === undefined) throw this.#lost();
    this.#resumed = true;
    const location = headers.has('location') ? uploadLocation(headers, at) : at;
    return { location, arrived: Number(last) + 1 };
  }

  async #close(location: URL): Promise<void> {
    const { digest, isThere } = this.#task;
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': '0' };
    const answer = await this.#once(
      () => ({ ...this.#start, method: 'PUT', url: closingAddress(location, digest), headers }),
      async () => {
        if (await isThere()) return true;
        throw this.#lost();
      },
    );
    if (answer === undefined) return;
    if (answer.response.ok) return checkNamed(digest, answer.headers);
    const error = await refusedUpload(this.#task, answer);
    const wrong = this.#resumed && hasCode(error, 'DIGEST_MISMATCH');
    throw wrong || answer.status === 404 ? new Restart(error) : error;
  }

  #lost(): Restart {
    const { host } = this.#start.url;
    return new Restart(this.#failure ?? unreachable(host, undefined));
  }
}
