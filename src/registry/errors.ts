import { DTufError } from '../errors.ts';

export function aborted(signal: AbortSignal): DTufError {
  return new DTufError('ABORTED', 'The operation was aborted.', { cause: signal.reason });
}

export function timedOut(host: string): DTufError {
  return new DTufError(
    'TIMED_OUT',
    `${host} was silent, or all but silent, for too long and was given up. Try again, or raise limits.idle or limits.total.`,
  );
}

/** The error for a request that got no answer, or an answer that broke off. */
export function unreachable(host: string, cause: unknown): DTufError {
  return new DTufError(
    'UNREACHABLE',
    `The connection to ${host} failed. Check the name, the network, and whether it is http or https.`,
    { cause },
  );
}
