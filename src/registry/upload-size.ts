import type { Limits } from '../limits.ts';

/** What no registry refuses for its size. */
const least = 64 * 1024;

/**
 * How much one registry takes in one request, as far as it has told. It only ever shrinks, so that switching from one
 * request to chunks, and to smaller ones, comes to an end.
 */
export class UploadSize {
  /** Up to which the caller wants a blob to go in one request. */
  readonly #whole: number;
  #chunk: number;
  /** What the registry takes in one request. */
  #most = Number.POSITIVE_INFINITY;

  constructor({ upload, chunk }: Pick<Limits, 'upload' | 'chunk'>) {
    this.#whole = upload;
    this.#chunk = chunk;
  }

  /** Whether a blob of `size` bytes goes in one request. */
  takesWhole(size: number): boolean {
    return size <= this.#whole && size <= this.#most;
  }

  /** Size of the chunks in which a larger blob goes. */
  get chunk(): number {
    return this.#chunk;
  }

  /** Learns that a body of `size` bytes was refused. @returns false where smaller ones are not worth trying. */
  refused(size: number): boolean {
    if (size <= least) return false;
    this.#most = Math.min(
      this.#most,
      size > this.#chunk ? this.#chunk : Math.max(least, Math.floor(size / 4)),
    );
    this.#chunk = Math.min(this.#chunk, this.#most);
    return true;
  }
}
