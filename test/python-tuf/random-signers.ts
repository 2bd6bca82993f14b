// Who signs for a role, and who does sign.
import type { FilePlan, Signers } from './plan.ts';
import type { Random } from './random.ts';

export class RandomSigners {
  readonly #random: Random;
  readonly #keys: readonly string[];

  constructor(random: Random, keys: readonly string[]) {
    this.#random = random;
    this.#keys = keys;
  }

  /** @param except keys that are not taken. */
  some(except: readonly string[] = []): Signers {
    const keys = this.#random.some(this.#others(except), 1, 3);
    return { keys, threshold: this.#random.from(1, keys.length) };
  }

  /** The same, others, or one key more. */
  changed(signers: Signers): Signers {
    if (this.#random.chance(0.5)) return signers;
    if (this.#random.chance(0.5)) return this.some();
    const keys = [...signers.keys, this.#random.pick(this.#others(signers.keys))];
    return { keys, threshold: this.#random.from(1, keys.length) };
  }

  /** Enough signatures for each of `all`; at times one of somebody else too, which may be damaged. */
  signing(...all: readonly Signers[]): Pick<FilePlan, 'signedBy' | 'spoiled'> {
    const random = this.#random;
    const enough = all.flatMap(({ keys, threshold }) => random.some(keys, threshold, keys.length));
    const signedBy = [...new Set(enough)];
    if (random.chance(0.8)) return { signedBy };
    const other = random.pick(this.#others(signedBy));
    return { signedBy: [other, ...signedBy], ...(random.chance(0.5) ? { spoiled: [other] } : {}) };
  }

  #others(keys: readonly string[]): string[] {
    return this.#keys.filter((key) => !keys.includes(key));
  }
}
