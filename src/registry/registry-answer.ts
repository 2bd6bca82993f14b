import { DTufError } from '../errors.ts';
import type { RateLimit } from './rate-limit.ts';

/** One entry of a registry's error body (distribution-spec v1.1, "Error Codes"). */
export interface ReportedError {
  readonly code: string;
  readonly message: string;
}

/** What the registry itself said: the `cause` of the DTufError that is thrown. */
export class RegistryAnswer extends Error {
  override readonly name = 'RegistryAnswer';
  readonly status: number;
  readonly errors: readonly ReportedError[];
  /** What it answered to Retry-After: seconds, or a date (RFC 9110, 10.2.3). */
  readonly retryAfter: string | undefined;
  readonly rateLimit: RateLimit | undefined;

  /** @internal */
  constructor(status: number, errors: readonly ReportedError[], retryAfter?: string, rateLimit?: RateLimit) {
    super(`${status}${errors.map(({ code, message }) => ` ${code}${message && ` "${message}"`}`).join(';')}`);
    this.status = status;
    this.errors = errors;
    this.retryAfter = retryAfter;
    this.rateLimit = rateLimit;
  }
}

/** The status with which the registry refused, where `error` is such a refusal. */
export function refusedStatus(error: unknown): number | undefined {
  const cause = error instanceof DTufError ? error.cause : undefined;
  return cause instanceof RegistryAnswer ? cause.status : undefined;
}

/** Whether the registry named one of its own error codes. */
export function refusedWith(error: unknown, ...codes: string[]): boolean {
  const cause = error instanceof DTufError ? error.cause : undefined;
  return cause instanceof RegistryAnswer && cause.errors.some(({ code }) => codes.includes(code));
}
