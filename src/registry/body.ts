import { concatenate } from '../concatenate.ts';
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import { type Patience, whileAlive } from './silence.ts';
import type { Slot } from './slots.ts';

/** Milliseconds after which a body that nobody reads on leaves its place to another request, so that none waits for ever. */
const lent = 1000;

/** How long a body may take. */
export interface BodyPatience extends Patience {
  /**
   * Bytes per second under which a connection counts as silent: a server that sends one byte a second
   * could hold a client for ever (TUF 1.0.34, 1.5.2, slow retrieval).
   */
  readonly slowest: number;
}

/** Reads the body of an answer step by step, with an eye on the clock and on the caller's signal. */
export class BodyReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  readonly #patience: BodyPatience;
  readonly #slot: Slot;
  #lending: ReturnType<typeof setTimeout> | undefined;
  /** Since the last time that enough had arrived. Only time spent waiting for the server counts. */
  #waited = 0;
  #received = 0;

  /** @param slot is released when the body has ended, or is not read on. */
  constructor(body: ReadableStream<Uint8Array> | null, patience: BodyPatience, slot: Slot) {
    this.#reader = body?.getReader();
    this.#patience = patience;
    this.#slot = slot;
    if (this.#reader) this.#lend();
    else slot.release();
  }

  /**
   * @returns the next bytes, or undefined at the end.
   * @throws DTufError TIMED_OUT, ABORTED; whatever the runtime throws where the connection broke.
   */
  async next(): Promise<Uint8Array | undefined> {
    const reader = this.#reader;
    if (!reader) return undefined;
    clearTimeout(this.#lending);
    const started = performance.now();
    try {
      const idle = Math.max(1, this.#patience.idle - this.#waited);
      const { done, value } = await whileAlive({ ...this.#patience, idle }, () => reader.read());
      if (done) {
        this.#slot.release();
        return undefined;
      }
      this.#account(value.length, performance.now() - started);
      this.#lend();
      return value;
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  /** Gives up the rest, and the connection with it. */
  cancel(): void {
    clearTimeout(this.#lending);
    this.#slot.release();
    // A stream that has failed already refuses to be cancelled, and there is nothing left to release then.
    this.#reader?.cancel().catch(() => undefined);
  }

  #lend(): void {
    this.#lending = setTimeout(() => this.#slot.release(), lent);
  }

  #account(bytes: number, milliseconds: number): void {
    this.#waited += milliseconds;
    this.#received += bytes;
    if (this.#received >= (this.#patience.slowest * this.#patience.idle) / 1000) {
      this.#waited = 0;
      this.#received = 0;
    }
  }
}

/**
 * Reads a body to its end.
 *
 * @param limit in bytes.
 * @throws DTufError LIMIT_EXCEEDED as soon as there is more, whatever Content-Length said.
 */
export async function readBounded(body: BodyReader, limit: number, what: string): Promise<Bytes> {
  const { bytes, whole } = await readUpTo(body, limit);
  if (whole) return bytes;
  throw new DTufError('LIMIT_EXCEEDED', `The ${what} is larger than the limit of ${limit} bytes.`, {
    expected: `at most ${limit} bytes`,
    got: 'more',
  });
}

/** Reads at most `limit` bytes, and drops the rest. */
export async function readUpTo(body: BodyReader, limit: number): Promise<{ bytes: Bytes; whole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  let whole = true;
  for (let chunk = await body.next(); chunk; chunk = await body.next()) {
    const kept = chunk.subarray(0, limit - length);
    chunks.push(kept);
    length += kept.length;
    if (kept.length < chunk.length) {
      whole = false;
      body.cancel();
      break;
    }
  }
  return { bytes: concatenate(chunks, length), whole };
}
