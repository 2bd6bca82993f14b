import pRetry from 'p-retry';
import { isTransient, type Outcome, outcomeOf, type Repetition } from './outcome.ts';
import { longestWait } from './silence.ts';

/** In milliseconds, of the first pause; each is up to twice as long by chance, and twice the one before. */
const shortest = 100;

/**
 * Goes on after a first failure that may pass.
 *
 * @returns the first outcome that is no such failure, or the last.
 * @throws the reason of the signal.
 */
export async function repeat(
  first: Outcome,
  ...[attempt, { attempts, retryAfter }, signal]: Repetition
): Promise<Outcome> {
  let last = first;
  const again = async (number: number): Promise<void> => {
    if (number > 1) last = await outcomeOf(attempt);
    if (isTransient(last)) throw new Error('it may be tried again');
  };
  try {
    await pRetry(again, {
      retries: attempts - 1,
      minTimeout: Math.min(shortest, retryAfter),
      maxTimeout: retryAfter,
      randomize: true,
      signal,
      onFailedAttempt: ({ retriesLeft }) =>
        retriesLeft > 0 ? pause(Math.min(askedFor(last), retryAfter, longestWait), signal) : undefined,
    });
  } catch (error) {
    // What was thrown above says no more than that the attempts are used up.
    if (signal?.aborted) throw error;
  }
  return last;
}

/** Milliseconds, by Retry-After: seconds or a date (RFC 9110, 10.2.3). */
function askedFor(outcome: Outcome): number {
  const header = 'error' in outcome ? null : outcome.response.headers.get('retry-after');
  if (header === null) return 0;
  const wait = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(wait) ? 0 : Math.max(wait, 0);
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener('abort', end);
  });
}
