import { aborted } from './errors.ts';

/** The right to have one request under way to a host. */
export interface Slot {
  /** Gives it to whoever waits. Later calls do nothing. */
  release(): void;
}

interface Host {
  taken: number;
  readonly waiting: (() => void)[];
}

/** Lets no more than a number of requests be under way to one host; the others wait in the order in which they came. */
export class Slots {
  readonly #most: number;
  readonly #hosts = new Map<string, Host>();

  constructor(most: number) {
    this.#most = most;
  }

  /** @throws DTufError ABORTED */
  take(origin: string, signal: AbortSignal | undefined): Promise<Slot> {
    const host = this.#hosts.get(origin) ?? { taken: 0, waiting: [] };
    this.#hosts.set(origin, host);
    if (host.taken < this.#most) {
      host.taken++;
      return Promise.resolve(this.#slot(origin, host));
    }
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal?.removeEventListener('abort', giveUp);
        resolve(this.#slot(origin, host));
      };
      const giveUp = (): void => {
        host.waiting.splice(host.waiting.indexOf(begin), 1);
        if (signal) reject(aborted(signal));
      };
      host.waiting.push(begin);
      if (signal?.aborted) giveUp();
      else signal?.addEventListener('abort', giveUp, { once: true });
    });
  }

  #slot(origin: string, host: Host): Slot {
    let held = true;
    return {
      release: () => {
        if (!held) return;
        held = false;
        const next = host.waiting.shift();
        if (next) return next();
        host.taken--;
        if (host.taken === 0) this.#hosts.delete(origin);
      },
    };
  }
}
