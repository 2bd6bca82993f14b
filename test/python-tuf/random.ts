// Numbers that look random and are the same for the same seed.
import { createHash } from 'node:crypto';

export class Random {
  #state: number;

  constructor(seed: string) {
    this.#state = createHash('sha256').update(seed).digest().readUInt32LE();
  }

  /** From 0 up to 1: mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer from `least` to `most`. */
  from(least: number, most: number): number {
    return least + Math.floor(this.#next() * (most - least + 1));
  }

  chance(probability: number): boolean {
    return this.#next() < probability;
  }

  pick<T>(list: readonly T[]): T {
    const picked = list[this.from(0, list.length - 1)];
    if (picked === undefined) throw new Error('there is nothing to pick');
    return picked;
  }

  /** Between `least` and `most` of the list, as far as there are so many, in any order. */
  some<T>(list: readonly T[], least: number, most: number): T[] {
    const left = [...list];
    const count = this.from(Math.min(least, left.length), Math.min(most, left.length));
    return Array.from({ length: count }, () => left.splice(this.from(0, left.length - 1), 1)[0] as T);
  }
}
