import { DTufError } from '../errors.ts';
import type { BodyReader } from './body.ts';
import type { Call } from './call.ts';
import { unreachable } from './errors.ts';
import { refusedStatus } from './registry-answer.ts';
import type { Transport } from './transport.ts';

/** What hands out the bytes of a span. */
export interface Bytewise {
  /** @returns the next bytes, or undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

/** A blob, or the part of it from `start` to before `end`. */
export interface Span {
  /** Names the data in errors; nothing is hashed here. */
  readonly digest: string;
  /** Of the whole blob. */
  readonly size: number;
  readonly start: number;
  readonly end: number;
}

/** A connection that brought fewer bytes than this before it broke counts as a failed attempt. */
const progress = 64 * 1024;

/**
 * The bytes of a span, from as many connections as it takes: where one breaks, the next asks for the rest with a
 * closed Range. Each byte is handed out once, whether or not the registry does ranges.
 */
export class Download {
  readonly #transport: Transport;
  #span: Span;
  readonly #call: Omit<Call, 'method' | 'headers'>;
  #at: number;
  #body: BodyReader | undefined;
  /** Bytes still to be passed over, where a registry answers a Range with the whole blob. */
  #skip = 0;
  /** Whether the answer is to end with the span. */
  #exact = true;
  /** Handed out of the present connection. */
  #fresh = 0;
  #fruitless = 0;
  #encoding: string | null = null;
  #partial = false;
  #cancelled = false;

  constructor(transport: Transport, span: Span, call: Omit<Call, 'method' | 'headers'>) {
    this.#transport = transport;
    this.#span = span;
    this.#call = call;
    this.#at = span.start;
  }

  /** @throws DTufError NOT_FOUND, DIGEST_MISMATCH where the blob ends before the span, and the transport's. */
  async connect(): Promise<void> {
    const { size, end } = this.#span;
    // endAt() may be called until the answer is there: it is checked by what was asked for.
    const whole = this.#at === 0 && end === size;
    const { status, headers, body } = await this.#open(whole);
    if (this.#cancelled) {
      body.cancel();
      return;
    }
    const partial = status === 206;
    this.#partial = partial;
    if (partial && whole) throw this.#mismatch(body, 'a part of the blob, where all of it was asked for');
    if (partial) this.#checkRange(headers, body, end);
    this.#body = body;
    this.#skip = partial ? 0 : this.#at;
    this.#exact = (partial || end === size) && end === this.#span.end;
    this.#fresh = 0;
    this.#encoding = headers.get('content-encoding');
  }

  /** @returns the next bytes, or undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    while (this.#body) {
      const chunk = await this.#read(this.#body);
      if (chunk === undefined) continue;
      const bytes = this.#within(chunk, this.#body);
      if (bytes.length > 0) return bytes;
    }
    return undefined;
  }

  cancel(): void {
    this.#cancelled = true;
    this.#drop();
  }

  #drop(): void {
    this.#body?.cancel();
    this.#body = undefined;
  }

  /** Whether the registry answered with a range. */
  get partial(): boolean {
    return this.#partial;
  }

  /** Where the next byte is. */
  get at(): number {
    return this.#at;
  }

  get end(): number {
    return this.#span.end;
  }

  /** Ends sooner, whatever else the connection would bring. */
  endAt(end: number): void {
    this.#span = { ...this.#span, end };
    this.#exact = false;
  }

  async #open(whole: boolean): Promise<Awaited<ReturnType<Transport['open']>>> {
    // Compressed on the way, a range would be one of other bytes. Pages leave the header out, and need no preflight.
    const headers = { 'Accept-Encoding': 'identity' };
    const call: Call = whole
      ? { ...this.#call, method: 'GET', headers }
      : {
          ...this.#call,
          method: 'GET',
          headers: { ...headers, Range: `bytes=${this.#at}-${this.#span.end - 1}` },
          // Chromium makes ranges of one address wait for each other otherwise, and keeps the bytes twice.
          cache: 'no-store',
        };
    try {
      return await this.#transport.open(call);
    } catch (error) {
      if (refusedStatus(error) !== 416) throw error;
      throw this.#wrongSize('fewer', error);
    }
  }

  #checkRange(headers: Headers, body: BodyReader, end: number): void {
    const { size } = this.#span;
    if (/^multipart\//i.test(headers.get('content-type') ?? '')) {
      throw this.#mismatch(body, 'several parts in one answer');
    }
    // Pages see Content-Range only where the registry exposes it; the digest decides in the end.
    const range = headers.get('content-range');
    if (range === null) return;
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(range.trim()) ?? [];
    if (Number(first) !== this.#at || Number(last) !== end - 1) {
      throw this.#mismatch(body, `the range ${range.slice(0, 80)}`);
    }
    if (total !== '*' && Number(total) !== size) {
      body.cancel();
      throw this.#wrongSize(`${total}`);
    }
  }

  /** @returns undefined where there is nothing at this moment: at the end, or after a break. */
  async #read(body: BodyReader): Promise<Uint8Array | undefined> {
    const complete = this.#at === this.#span.end;
    if (complete && !this.#exact) {
      this.#drop();
      return undefined;
    }
    try {
      const chunk = await body.next();
      if (chunk) return chunk;
    } catch (error) {
      if (error instanceof DTufError && error.code === 'ABORTED') throw error;
      // When all bytes are here it does not matter how the connection ends.
      if (complete) this.#drop();
      else await this.#resume(error);
      return undefined;
    }
    if (complete) {
      this.#body = undefined;
      return undefined;
    }
    // An end that comes early but looks regular is a break too (some browsers do not tell), unless nothing came at all.
    if (this.#fresh === 0) throw this.#wrongSize(`${this.#at}`);
    await this.#resume(this.#wrongSize(`${this.#at}`));
    return undefined;
  }

  async #resume(error: unknown): Promise<void> {
    this.#fruitless = this.#fresh >= progress ? 0 : this.#fruitless + 1;
    const silent = error instanceof DTufError && error.code === 'TIMED_OUT' && this.#fruitless > 0;
    if (silent || this.#fruitless >= this.#transport.limits.attempts) {
      // Distribution announces the length of a blob that a garbage collection took, and breaks off before its first byte
      // (2.8 with a cache of descriptors): an answer without the blob, not a network without the registry.
      if (!silent && this.#at === this.#span.start) throw this.#wrongSize('0', error);
      throw error instanceof DTufError ? error : unreachable(this.#call.url.host, error);
    }
    this.#body?.cancel();
    await this.connect();
  }

  #within(chunk: Uint8Array, body: BodyReader): Uint8Array {
    const skipped = Math.min(this.#skip, chunk.length);
    this.#skip -= skipped;
    const left = this.#span.end - this.#at;
    const rest = chunk.subarray(skipped);
    if (rest.length > left && this.#exact) {
      body.cancel();
      throw this.#wrongSize('more');
    }
    const bytes = rest.subarray(0, left);
    this.#at += bytes.length;
    this.#fresh += bytes.length;
    return bytes;
  }

  #wrongSize(got: string, cause?: unknown): DTufError {
    const { digest, size } = this.#span;
    const coded =
      this.#encoding === null ? '' : ` The answer was marked Content-Encoding: ${this.#encoding}.`;
    return new DTufError(
      'DIGEST_MISMATCH',
      `The blob ${digest} does not have the size that it should have.${coded}`,
      {
        expected: `${size} bytes`,
        got: `${got} bytes`,
        ...(cause === undefined ? {} : { cause }),
      },
    );
  }

  #mismatch(body: BodyReader, got: string): DTufError {
    body.cancel();
    return new DTufError('REGISTRY_FAILED', `The registry answered with ${got}.`, {
      expected: `bytes ${this.#at}-${this.#span.end - 1}/${this.#span.size}`,
      got,
    });
  }
}
