import { aborted, timedOut } from './errors.ts';

/** How long, and for whom, something may take. */
export interface Patience {
  /** Milliseconds. */
  readonly idle: number;
  /** For the error. */
  readonly host: string;
  readonly signal?: AbortSignal | undefined;
  /** When it must have ended, signs of life or not, by the clock of `performance`. */
  readonly until?: number | undefined;
}

/** More milliseconds than timers take are no wait at all (HTML, timer initialisation steps). */
export const longestWait = 2 ** 31 - 1;

/** Tells of a sign of life; `extra` milliseconds are granted until the next one. */
export type Alive = (extra?: number) => void;

/**
 * Waits for `work`, but no longer than there is a sign of life within `idle`, not past `until`, and not after an abort.
 *
 * @param work gets a function to be called at each sign of life; its result is dropped once the wait has ended.
 * @throws DTufError TIMED_OUT, ABORTED, or what `work` throws.
 */
export function whileAlive<T>(patience: Patience, work: (alive: Alive) => Promise<T>): Promise<T> {
  const { idle, host, signal, until = Number.POSITIVE_INFINITY } = patience;
  return new Promise<T>((resolve, reject) => {
    if (signal?.aborted) {
      reject(aborted(signal));
      return;
    }
    let timer: ReturnType<typeof setTimeout>;
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const onAbort = (): void => {
      end();
      if (signal) reject(aborted(signal));
    };
    let ended = false;
    const alive: Alive = (extra = 0) => {
      if (ended) return;
      clearTimeout(timer);
      const wait = Math.min(idle + extra, until - performance.now(), longestWait);
      timer = setTimeout(
        () => {
          end();
          reject(timedOut(host));
        },
        Math.max(1, wait),
      );
    };
    alive();
    signal?.addEventListener('abort', onAbort, { once: true });
    work(alive)
      .finally(() => {
        ended = true;
        end();
      })
      .then(resolve, reject);
  });
}

/** Waits for something that others wait for too, which therefore goes on after an abort. @throws DTufError ABORTED */
export function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(aborted(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.finally(() => signal.removeEventListener('abort', onAbort)).then(resolve, reject);
  });
}
