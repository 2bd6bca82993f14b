import type { Limits } from '../limits.ts';
import { Download, type Span } from './download.ts';
import { aborted } from './errors.ts';
import type { Call, Transport } from './transport.ts';

/** What hands out the bytes of a span. */
export interface Bytewise {
  /** @returns the next bytes, or undefined at the end. */
  next(): Promise<Uint8Array | undefined>;
  cancel(): void;
}

/**
 * Begins to fetch a span: in one request, or in several ranges at once where it is large and the registry does ranges.
 *
 * @throws DTufError NOT_FOUND, DIGEST_MISMATCH where the blob ends before the span, and the transport's.
 */
export async function openSpan(
  transport: Transport,
  span: Span,
  call: Omit<Call, 'method' | 'headers'>,
): Promise<Bytewise> {
  const { range, ranges } = transport.limits;
  if (ranges < 2 || span.end - span.start <= range) {
    const download = new Download(transport, span, call);
    await download.connect();
    return download;
  }
  const parts = new PartedDownload(transport, span, call);
  await parts.connect();
  return parts;
}

/** What is handed out, as a stream that is read no sooner than it is asked for. */
export function streamOut(source: Bytewise): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const chunk = await source.next();
        if (chunk) controller.enqueue(chunk);
        else controller.close();
      },
      cancel: () => source.cancel(),
    },
    { highWaterMark: 0 },
  );
}

/** The bytes of a span in ranges, of which several are fetched at once, and handed out in their order. */
class PartedDownload implements Bytewise {
  readonly #transport: Transport;
  readonly #span: Span;
  readonly #call: Omit<Call, 'method' | 'headers'>;
  readonly #control = new AbortController();
  readonly #limits: Limits;
  /** Under way, the one that is handed out first. No more than `limits.ranges`. */
  readonly #parts: Part[] = [];
  /** Where the next part begins. */
  #at: number;

  constructor(transport: Transport, span: Span, call: Omit<Call, 'method' | 'headers'>) {
    const { signal } = call;
    const abort = (): void => this.#control.abort(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    this.#control.signal.addEventListener('abort', () => signal?.removeEventListener('abort', abort));
    this.#transport = transport;
    this.#limits = transport.limits;
    this.#span = span;
    this.#call = { ...call, signal: this.#control.signal };
    this.#at = span.start;
  }

  /** One range first: the answer tells whether the registry does ranges. */
  async connect(): Promise<void> {
    const { signal } = this.#call;
    const first = this.#download();
    try {
      await first.connect();
    } catch (error) {
      this.cancel();
      throw error;
    }
    if (signal?.aborted) throw aborted(signal);
    if (!first.partial) {
      // All of it comes over this connection.
      first.extend(this.#span.end);
      this.#at = this.#span.end;
    }
    this.#parts.push(new Part(first, Promise.resolve(), first.partial));
    this.#fill();
  }

  async next(): Promise<Uint8Array | undefined> {
    for (let part = this.#parts[0]; part; part = this.#parts[0]) {
      const chunk = await this.#from(part);
      if (chunk) return chunk;
      this.#parts.shift();
      this.#fill();
    }
    this.cancel();
    return undefined;
  }

  cancel(): void {
    for (const { download } of this.#parts) download.cancel();
    this.#parts.length = 0;
    this.#control.abort();
  }

  async #from(part: Part): Promise<Uint8Array | undefined> {
    try {
      return await part.next();
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  #fill(): void {
    while (this.#parts.length < this.#limits.ranges && this.#at < this.#span.end) {
      const download = this.#download();
      this.#parts.push(new Part(download, download.connect(), true));
    }
  }

  #download(): Download {
    const start = this.#at;
    this.#at = Math.min(start + this.#limits.range, this.#span.end);
    return new Download(this.#transport, { ...this.#span, start, end: this.#at }, this.#call);
  }
}

/** A range that is read ahead of whoever wants it, into memory: it is no longer than `limits.range`. */
class Part implements Bytewise {
  readonly download: Download;
  readonly #ahead: Uint8Array[] = [];
  readonly #running: Promise<void> | undefined;
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(download: Download, connected: Promise<void>, ahead: boolean) {
    this.download = download;
    if (!ahead) return;
    this.#running = connected.then(() => this.#readAhead());
    // Its failure is told when its turn has come.
    this.#running.catch(() => this.#end());
  }

  async next(): Promise<Uint8Array | undefined> {
    if (!this.#running) return this.download.next();
    while (this.#ahead.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#ahead.shift();
    if (!chunk) await this.#running;
    return chunk;
  }

  cancel(): void {
    this.download.cancel();
  }

  async #readAhead(): Promise<void> {
    for (let chunk = await this.download.next(); chunk; chunk = await this.download.next()) {
      this.#ahead.push(chunk);
      this.#wake();
    }
    this.#end();
  }

  #end(): void {
    this.#ended = true;
    this.#wake();
  }
}
