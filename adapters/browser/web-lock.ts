import { DTufError } from '../../src/errors.ts';
import type { Lock } from '../../src/ports.ts';

export interface WebLockOptions {
  /** How long to wait for another tab, in milliseconds. */
  readonly wait?: number;
}

/**
 * One writer at a time in all tabs and workers of the origin (Web Locks). The lock of a tab that was closed or killed is
 * released by the browser.
 *
 * @param prefix makes the names of these locks distinct from those of others.
 * @throws DTufError NOT_SUPPORTED where the browser has no Web Locks, as in a page that is no secure context.
 */
export function webLock(prefix: string, { wait = 60_000 }: WebLockOptions = {}): Lock {
  return {
    async run(name, work, signal) {
      // Typed as always there, which it is not: only secure contexts have it.
      const locks: LockManager | undefined = globalThis.navigator?.locks;
      if (locks === undefined) {
        throw new DTufError(
          'NOT_SUPPORTED',
          'This browser has no Web Locks here, so that two tabs could publish at the same time: open the page over https (or localhost), or pass a lock.',
        );
      }
      const waiting = new Waiting(wait, signal);
      let held = false;
      try {
        return await locks.request(`${prefix}/${name}`, { signal: waiting.signal }, () => {
          held = true;
          return work();
        });
      } catch (error) {
        if (held) throw error;
        throw waiting.explain(name, error);
      } finally {
        waiting.end();
      }
    },
  };
}

/** The time until a lock is granted: it ends by the caller's signal, or when it takes too long. */
class Waiting {
  readonly #wait: number;
  readonly #from: AbortSignal | undefined;
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #stop = () => this.#controller.abort();
  #isOver = false;

  constructor(wait: number, from: AbortSignal | undefined) {
    this.#wait = wait;
    this.#from = from;
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      this.#controller.abort();
    }, wait);
    if (from?.aborted) this.#stop();
    else from?.addEventListener('abort', this.#stop);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#from?.removeEventListener('abort', this.#stop);
  }

  explain(name: string, error: unknown): DTufError {
    if (this.#from?.aborted) {
      return new DTufError('ABORTED', 'Stopped while waiting for the lock.', { cause: this.#from.reason });
    }
    if (this.#isOver) {
      return new DTufError(
        'LOCKED',
        `Another tab or worker of this site has held the lock ${name} for more than ${this.#wait / 1000} s: let it finish, or close it.`,
        { cause: error },
      );
    }
    return new DTufError(
      'STORAGE_UNAVAILABLE',
      'This browser refuses locks to this page (a policy, or a frame without an origin).',
      { cause: error },
    );
  }
}
