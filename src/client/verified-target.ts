import { forEachChunk, streamOf } from '../content/read-all.ts';
import { verifyStream } from '../content/verify.ts';
import { writtenStream } from '../content/written-stream.ts';
import { DTufError, hasCode } from '../errors.ts';
import type { Part } from '../layout/layout.ts';
import type { Limits } from '../limits.ts';
import type { Call, Progress } from '../options.ts';
import type { Bytes, Chosen, Destination, Digester, Files, Sink } from '../ports.ts';
import { throwIfAborted } from '../registry/errors.ts';
import type { Target } from '../target.ts';
import type { Check } from '../tuf/check.ts';
import { ofTarget } from './target-failure.ts';

/** What `save()` did. */
export interface Saved {
  readonly how: Sink['how'];
  readonly bytesFetched: number;
  readonly bytesReused: number;
}

/** Of `save()`. */
export interface SaveCall extends Call, Destination {
  /** Called when the whole is verified, before it appears under its name. Where it throws, nothing appears. */
  onVerified?: () => void | Promise<void>;
}

/** A stream that says what was verified before it was handed out. */
export type TargetStream = ReadableStream<Uint8Array> & { readonly verified: 'whole' | 'chunks' | 'none' };

/** A part of a target: the file itself, or one of several. */
export interface VerifiedPart {
  /** As OCI writes it. */
  readonly digest: string;
  /** In bytes. */
  readonly length: number;
  /** The part, verified whole. */
  stream(call?: Call): Promise<ReadableStream<Uint8Array>>;
}

/**
 * A target whose data is verified whole before any of it is handed out, but where `stream` is asked not to. Of a target
 * of several parts the data is that of its parts, one after the other.
 *
 * All methods throw DTufError TARGET_MISMATCH where the data is not what was signed, TARGET_MISSING where the registry has
 * lost it, and what the registry client throws.
 */
export interface VerifiedTarget extends Target {
  /** Each check that was made on the way to it, in order: of the metadata, and the search through the roles (5.6.7). */
  readonly explain: readonly Check[];
  /** @throws DTufError TOO_LARGE above `limits.memory` */
  bytes(call?: Call): Promise<Bytes>;
  /** As UTF-8. @throws DTufError TOO_LARGE */
  text(call?: Call): Promise<string>;
  /** @throws DTufError TOO_LARGE; SyntaxError where the verified text is no JSON */
  json<T = unknown>(call?: Call): Promise<T>;
  /** @throws DTufError TOO_LARGE */
  blob(call?: Call & { type?: string }): Promise<Blob>;
  /** For `Cache.put` and `respondWith`. @throws DTufError TOO_LARGE */
  response(call?: Call & { type?: string }): Promise<Response>;
  /**
   * Writes it to where the host keeps files. Nothing appears under the name before it is verified.
   *
   * In a page it is called within a click, so that the browser asks where to, where it has a picker. To pause it, abort it by
   * the `signal`: what came so far is kept for a day, hashed again by the next `save`, and only the rest is fetched.
   *
   * @throws DTufError ABORTED where the user picked no file; STORAGE_FAILED; TOO_LARGE where the browser has no place for it
   */
  save(call?: SaveCall): Promise<Saved>;
  /** @param call with `unverified: true` the data is handed out while it arrives; the stream ends in an error where the whole does not verify. */
  stream(call?: Call & { unverified?: true }): Promise<TargetStream>;
  /** The bytes from `start` to before `end`. @throws DTufError INVALID_ARGUMENT, TOO_LARGE */
  slice(start: number, end: number, call?: Call): Promise<Bytes>;
  parts(): AsyncIterable<VerifiedPart>;
}

/** What a {@link TargetReader} reads from. */
export interface Reading {
  readonly explain: readonly Check[];
  readonly parts: (signal?: AbortSignal) => Promise<readonly Part[]>;
  readonly files: Files | undefined;
  readonly limits: Limits;
  readonly digester: Digester;
  /** Called once the whole was verified. */
  readonly onPulled: () => Promise<void>;
}

type Write = (chunk: Uint8Array) => void | Promise<void>;

/** Reads a target. */
export class TargetReader implements VerifiedTarget {
  readonly name: string;
  readonly length: number;
  readonly hashes: Readonly<Record<string, string>>;
  readonly custom?: unknown;
  readonly role: string;
  readonly explain: readonly Check[];
  readonly #reading: Reading;

  constructor(target: Target, reading: Reading) {
    this.name = target.name;
    this.length = target.length;
    this.hashes = target.hashes;
    if (target.custom !== undefined) this.custom = target.custom;
    this.role = target.role;
    this.explain = reading.explain;
    this.#reading = reading;
  }

  async bytes(call: Call = {}): Promise<Bytes> {
    const parts = await this.#reading.parts(call.signal);
    const total = totalOf(parts);
    const { memory } = this.#reading.limits;
    if (total > memory) {
      throw new DTufError(
        'TOO_LARGE',
        `${this.name} has ${total} bytes, more than the ${memory} that are held in memory: save it, or read it as a stream`,
        {
          target: this.name,
          expected: `at most ${memory}`,
          got: String(total),
        },
      );
    }
    return this.#collect(parts, total, call);
  }

  async text(call?: Call): Promise<string> {
    return new TextDecoder().decode(await this.bytes(call));
  }

  async json<T = unknown>(call?: Call): Promise<T> {
    return JSON.parse(await this.text(call)) as T;
  }

  async blob({ type = 'application/octet-stream', ...call }: Call & { type?: string } = {}): Promise<Blob> {
    return new Blob([await this.bytes(call)], { type });
  }

  async response({
    type = 'application/octet-stream',
    ...call
  }: Call & { type?: string } = {}): Promise<Response> {
    const bytes = await this.bytes(call);
    return new Response(bytes, { headers: { 'Content-Type': type, 'Content-Length': String(bytes.length) } });
  }

  async save({ signal, onProgress, onVerified, ...destination }: SaveCall = {}): Promise<Saved> {
    const { files } = this.#reading;
    if (files === undefined) {
      throw new DTufError('NOT_SUPPORTED', 'there are no files here: use bytes(), blob() or stream()', {
        target: this.name,
      });
    }
    const call = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
    const chosen: Chosen = (await files.choose?.(destination, this.name)) ?? destination;
    try {
      const saved = await this.#saveTo(files, chosen, call, onVerified);
      await this.#reading.onPulled();
      return saved;
    } catch (error) {
      await chosen.giveUp?.();
      throw error;
    }
  }

  async #saveTo(
    files: Files,
    destination: Destination,
    call: Call,
    onVerified: SaveCall['onVerified'],
  ): Promise<Saved> {
    const parts = await this.#reading.parts(call.signal);
    const total = totalOf(parts);
    let sha256 = destination.resume === false ? undefined : this.hashes['sha256'];
    for (;;) {
      const sink = await files.sink(destination, this.name, total, sha256);
      const { how, kept } = sink;
      const bytesReused = kept?.size ?? 0;
      try {
        await this.#verify(parts, total, call, 'write', (chunk) => sink.write(chunk), kept);
        await onVerified?.();
        await sink.commit();
        return { how, bytesFetched: total - bytesReused, bytesReused };
      } catch (error) {
        await (isInterruption(error) && sink.pause ? sink.pause() : sink.abort());
        // What was kept may be damaged: once more without it, wherever that now is.
        if (bytesReused === 0 || !hasCode(error, 'TARGET_MISMATCH')) throw error;
        sha256 = undefined;
      }
    }
  }

  async stream({ unverified, ...call }: Call & { unverified?: true } = {}): Promise<TargetStream> {
    const parts = await this.#reading.parts(call.signal);
    const total = totalOf(parts);
    if (unverified === true)
      return Object.assign(this.#passThrough(parts, total, call), { verified: 'none' as const });
    const stream = await this.#spooled(parts, total, call, this.#reading.onPulled);
    return Object.assign(stream, { verified: 'whole' as const });
  }

  async slice(start: number, end: number, call: Call = {}): Promise<Bytes> {
    const parts = await this.#reading.parts(call.signal);
    const total = totalOf(parts);
    if (
      !Number.isSafeInteger(start) ||
      !Number.isSafeInteger(end) ||
      start < 0 ||
      end < start ||
      end > total
    ) {
      throw new DTufError(
        'INVALID_ARGUMENT',
        `a slice of ${this.name} lies within 0 to ${total}; ${start} to ${end} was asked for`,
        { target: this.name },
      );
    }
    if (end - start > this.#reading.limits.memory) {
      throw new DTufError(
        'TOO_LARGE',
        `a slice of ${end - start} bytes is more than the ${this.#reading.limits.memory} that are held in memory`,
        { target: this.name },
      );
    }
    // Without a chunk index only the whole can be verified.
    const slice = new Uint8Array(end - start);
    let at = 0;
    await forEachChunk(await this.#spooled(parts, total, call), (chunk) => {
      const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
      if (wanted.length > 0) slice.set(wanted, Math.max(0, at - start));
      at += chunk.length;
    });
    return slice;
  }

  async *parts(): AsyncIterable<VerifiedPart> {
    const parts = await this.#reading.parts();
    const left = new Set(parts);
    for (const part of parts) {
      const { digest, length } = part;
      const stream = async (call: Call = {}) => {
        return this.#spooled([part], length, call, async () => {
          if (left.delete(part) && left.size === 0) await this.#reading.onPulled();
        });
      };
      yield { digest, length, stream };
    }
  }

  async #collect(parts: readonly Part[], total: number, call: Call): Promise<Bytes> {
    const bytes = new Uint8Array(total);
    let at = 0;
    await this.#verify(parts, total, call, 'fetch', (chunk) => {
      bytes.set(chunk, at);
      at += chunk.length;
    });
    await this.#reading.onPulled();
    return bytes;
  }

  /** The parts as one stream that begins only after all of them were verified, and `then` has ended. */
  async #spooled(
    parts: readonly Part[],
    total: number,
    call: Call,
    then: () => Promise<void> = async () => undefined,
  ): Promise<ReadableStream<Uint8Array>> {
    const { files, limits } = this.#reading;
    if (total <= limits.unspooled || (files === undefined && total <= limits.memory)) {
      const bytes = new Uint8Array(total);
      let at = 0;
      await this.#verify(parts, total, call, 'fetch', (chunk) => {
        bytes.set(chunk, at);
        at += chunk.length;
      });
      await then();
      return streamOf(bytes);
    }
    if (files === undefined) {
      throw new DTufError(
        'TOO_LARGE',
        `${this.name} has ${total} bytes and there is no place here to keep it until it is verified`,
        { target: this.name },
      );
    }
    const spool = await files.spool(total);
    try {
      await this.#verify(parts, total, call, 'fetch', (chunk) => spool.write(chunk));
      await then();
      return await spool.read();
    } catch (error) {
      await spool.discard();
      throw error;
    }
  }

  /**
   * Passes the parts to `write`, and throws unless all of them are what was signed.
   *
   * @param kept their beginning, which is verified again and not written.
   */
  async #verify(
    parts: readonly Part[],
    total: number,
    call: Call,
    phase: Progress['phase'],
    write: Write,
    kept = new Blob(),
  ): Promise<void> {
    const { onProgress, signal } = call;
    let received = 0;
    for (const part of parts) {
      const take: Write = async (chunk) => {
        throwIfAborted(signal);
        const isKept = received < kept.size;
        // Before it is written: a sink may take the chunk over.
        received += chunk.length;
        if (!isKept) await write(chunk);
        onProgress?.({ target: this.name, received, total, phase: isKept ? 'verify' : phase });
      };
      const beginning = kept.slice(received, received + part.length);
      await ofTarget(this.name, async () => {
        const stream = await openAfter(beginning, part, signal);
        await verifyStream(stream, part.expected, this.#reading.digester, this.name, take);
      });
    }
  }

  #passThrough(parts: readonly Part[], total: number, call: Call): ReadableStream<Uint8Array> {
    return writtenStream((write) => this.#verify(parts, total, call, 'fetch', write));
  }
}

/** The part, its beginning from what is at hand. */
async function openAfter(
  beginning: Blob,
  part: Part,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  if (beginning.size === 0) return part.open(signal);
  return writtenStream(async (write) => {
    await forEachChunk(beginning.stream(), write);
    if (beginning.size < part.length) await forEachChunk(await part.open(signal, beginning.size), write);
  });
}

/** Whether the same can go on later from where it ended. */
function isInterruption(error: unknown): boolean {
  return hasCode(error, 'ABORTED', 'UNREACHABLE', 'TIMED_OUT', 'REGISTRY_FAILED');
}

function totalOf(parts: readonly Part[]): number {
  return parts.reduce((total, part) => total + part.length, 0);
}
