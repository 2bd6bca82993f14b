import type { Call } from './call.ts';
import { type Bytewise, Download, type Span } from './download.ts';
import type { Transport } from './transport.ts';

/** Milliseconds of waiting for a connection after which it is known whether it is slow. */
const known = 1000;
/** Times that ranges are tried: each may come too late, when the first connection has passed by. */
const tries = 3;

/**
 * The bytes of a span. They come over one connection, in one request, as long as that is fast. Where it is not, what is
 * still far off is fetched in ranges beside it, several at once, and all is handed out in order.
 */
export class PartedDownload implements Bytewise {
  readonly #transport: Transport;
  readonly #span: Span;
  readonly #call: Omit<Call, 'method' | 'headers'>;
  readonly #control = new AbortController();
  readonly #first: Download;
  /** Under way, the one that is handed out first. No more than `limits.ranges`. */
  readonly #parts: Part[];
  /** Where the next part begins: at the end, as long as there is one connection. */
  #at: number;
  #received = 0;
  #waited = 0;
  #tries = 0;
  #trying = false;

  constructor(transport: Transport, span: Span, call: Omit<Call, 'method' | 'headers'>) {
    const { signal } = call;
    const abort = (): void => this.#control.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    this.#control.signal.addEventListener('abort', () => signal?.removeEventListener('abort', abort));
    this.#transport = transport;
    this.#span = span;
    this.#call = { ...call, signal: this.#control.signal };
    this.#at = span.end;
    this.#first = new Download(transport, span, this.#call);
    this.#parts = [new Part(this.#first)];
  }

  connect(): Promise<void> {
    return this.#orCancel(() => this.#first.connect());
  }

  async next(): Promise<Uint8Array | undefined> {
    for (let part = this.#parts[0]; part; part = this.#parts[0]) {
      const { next } = part;
      const began = performance.now();
      const chunk = await this.#orCancel(next);
      if (part.download === this.#first) this.#watch(chunk?.length ?? 0, performance.now() - began);
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

  async #orCancel<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.cancel();
      throw error;
    }
  }

  #watch(bytes: number, waited: number): void {
    const { range, fast } = this.#transport.limits;
    this.#received += bytes;
    this.#waited += waited;
    if (this.#trying || this.#tries >= tries || (this.#received < range && this.#waited < known)) return;
    const slow = this.#received < (fast * this.#waited) / 1000;
    const left = this.#first.end - this.#first.at;
    [this.#received, this.#waited] = [0, 0];
    if (slow && left > 2 * range) void this.#tryRanges();
  }

  /** One range first: the answer tells whether the registry does ranges. */
  async #tryRanges(): Promise<void> {
    this.#trying = true;
    this.#tries++;
    const start = this.#first.at + this.#transport.limits.range;
    const { download, end } = this.#download(start);
    try {
      await download.connect();
    } catch {
      // The first connection goes on, and what is wrong with the registry shows there.
      this.#tries = tries;
      return;
    } finally {
      this.#trying = false;
    }
    if (!download.partial) this.#tries = tries;
    if (!download.partial || this.#first.at > start || this.#parts[0]?.download !== this.#first) {
      download.cancel();
      return;
    }
    this.#tries = tries;
    this.#first.endAt(start);
    this.#at = end;
    this.#parts.push(new Part(download, Promise.resolve()));
    this.#fill();
  }

  #fill(): void {
    while (this.#parts.length < this.#transport.limits.ranges && this.#at < this.#span.end) {
      const { download, end } = this.#download(this.#at);
      this.#at = end;
      this.#parts.push(new Part(download, download.connect()));
    }
  }

  #download(start: number): { download: Download; end: number } {
    const end = Math.min(start + this.#transport.limits.range, this.#span.end);
    return { download: new Download(this.#transport, { ...this.#span, start, end }, this.#call), end };
  }
}

/** A connection: the first, or one of a range that is read ahead into memory, for which it is short enough. */
class Part {
  readonly download: Download;
  readonly next: () => Promise<Uint8Array | undefined>;
  readonly #ahead: Uint8Array[] = [];
  #ended = false;
  #wake: () => void = () => undefined;

  /** @param connected of one that is to be read ahead. */
  constructor(download: Download, connected?: Promise<void>) {
    this.download = download;
    const running = connected?.then(() => this.#readAhead());
    this.next = running ? () => this.#taken(running) : () => download.next();
    // Its failure is told when its turn has come.
    running?.catch(() => this.#end());
  }

  async #taken(running: Promise<void>): Promise<Uint8Array | undefined> {
    while (this.#ahead.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const chunk = this.#ahead.shift();
    if (!chunk) await running;
    return chunk;
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
