import { DTufError } from '../errors.ts';

/** Headers that are to be shown, of which a server may have made an echo of what it was sent. */
export function redacted(headers: Headers, redact: (text: string) => string): Pick<Headers, 'get'> {
  return {
    get: (name) => {
      const text = headers.get(name);
      return text === null ? null : redact(text);
    },
  };
}

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

/** @throws DTufError ABORTED, with the signal's reason as its cause. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw aborted(signal);
}
