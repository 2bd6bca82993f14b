import ky, { HTTPError } from 'ky';
import { hasCode } from '../errors.ts';
import type { Limits } from '../limits.ts';

const worthAnother = [408, 429, 500, 502, 503, 504];

/**
 * Makes an attempt until it succeeds: again after 408, 429 and 5xx and after a broken connection, a bounded number
 * of times, with a growing and random pause or with the one that Retry-After asks for.
 *
 * The retrying is ky's. What is sent is not: ky gets a bare GET, and the attempt stands in for its fetch. So no body
 * of ours is copied for a second attempt, and an attempt that reads the body of a failure to its bound leaves none
 * behind that would hold up the next one.
 *
 * @returns the last answer, whatever its status.
 * @throws what the last attempt threw.
 */
export type Retrying = (
  url: URL,
  signal: AbortSignal | undefined,
  attempt: () => Promise<Response>,
) => Promise<Response>;

export function retrying(limits: Limits): Retrying {
  const client = ky.create({
    timeout: false,
    throwHttpErrors: (status) => worthAnother.includes(status),
    retry: {
      limit: limits.attempts - 1,
      statusCodes: worthAnother,
      afterStatusCodes: worthAnother,
      maxRetryAfter: limits.retryAfter,
      backoffLimit: limits.retryAfter,
      jitter: true,
      shouldRetry: ({ error }) => (error instanceof HTTPError ? undefined : hasCode(error, 'UNREACHABLE')),
    },
  });
  return async (url, signal, attempt) => {
    try {
      return await client.get(url, { fetch: attempt, ...(signal ? { signal } : {}) });
    } catch (error) {
      if (error instanceof HTTPError) return error.response;
      throw error;
    }
  };
}
