import type { Bytes } from '../ports.ts';

/** Cuts a stream into pieces of one size, the last one being smaller. One piece is in memory at a time. */
export class Pieces {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #size: number;
  #rest: Uint8Array = new Uint8Array();

  constructor(stream: ReadableStream<Uint8Array>, size: number) {
    this.#reader = stream.getReader();
    this.#size = size;
  }

  /** @returns undefined at the end. */
  async next(): Promise<Bytes | undefined> {
    const length = this.#size;
    const piece = new Uint8Array(length);
    let at = 0;
    while (at < length) {
      if (this.#rest.length === 0) {
        const { done, value } = await this.#reader.read();
        if (done) break;
        this.#rest = value;
      }
      const taken = this.#rest.subarray(0, length - at);
      piece.set(taken, at);
      at += taken.length;
      this.#rest = this.#rest.subarray(taken.length);
    }
    return at === 0 ? undefined : piece.subarray(0, at);
  }

  cancel(): void {
    // It may have ended or failed by itself, and then there is nothing to let go of.
    this.#reader.cancel().catch(() => undefined);
  }
}
