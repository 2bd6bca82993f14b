import { hasCode } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { orAborted } from './silence.ts';

/** What an attempt came to: an answer, whatever its status, or what it threw. */
export type Outcome = { readonly response: Response } | { readonly error: unknown };

/** How attempts are made. */
export type Repetition = [attempt: () => Promise<Response>, limits: Limits, signal: AbortSignal | undefined];

const transient = [408, 429, 500, 502, 503, 504];

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

export async function outcomeOf(attempt: () => Promise<Response>): Promise<Outcome> {
  try {
    return { response: await attempt() };
  } catch (error) {
    return { error };
  }
}

/** Whether the same may come to something else a moment later. */
export function isTransient(outcome: Outcome): boolean {
  return 'error' in outcome
    ? hasCode(outcome.error, 'UNREACHABLE')
    : transient.includes(outcome.response.status);
}
