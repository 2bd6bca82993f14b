import { hasCode } from '../errors.ts';
import type { Limits } from '../limits.ts';

/** What an attempt came to: an answer, whatever its status, or what it threw. */
export type Outcome = { readonly response: Response } | { readonly error: unknown };

/** How attempts are made. */
export type Repetition = [attempt: () => Promise<Response>, limits: Limits, signal: AbortSignal | undefined];

const transient = [408, 429, 500, 502, 503, 504];

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
