import type { Limits } from '../limits.ts';
import { isTransient, type Outcome, outcomeOf, type Repetition } from './outcome.ts';
import { orAborted } from './silence.ts';

/**
 * Makes an attempt until it succeeds: again after 408, 429 and 5xx and after a broken connection, a bounded number of
 * times, with a growing and random pause, and not before the time that Retry-After asks for.
 *
 * An attempt has to read the body of a failure to its bound: one that is left open may hold up the next.
 *
 * @returns the last answer, whatever its status.
 * @throws what the last attempt threw, or the reason of the signal.
 */
export async function retrying(
  limits: Limits,
  signal: AbortSignal | undefined,
  attempt: () => Promise<Response>,
): Promise<Response> {
  const first = await outcomeOf(attempt);
  const last = isTransient(first) ? await goOn(first, attempt, limits, signal) : first;
  if ('error' in last) throw last.error;
  return last.response;
}

/** What most pages never need. Whoever is offline cannot load it either: then the first failure is the one that counts. */
async function goOn(first: Outcome, ...how: Repetition): Promise<Outcome> {
  const [, , signal] = how;
  // Where requests fail this may hang as well, and longer than anybody wants to wait.
  const loaded = await orAborted(
    import('./repeat.ts').catch(() => undefined),
    signal,
  );
  return loaded === undefined ? first : loaded.repeat(first, ...how);
}
