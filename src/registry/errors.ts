import { type Code, DTufError } from '../errors.ts';
import { isObject } from './descriptor.ts';
import { printable } from './printable.ts';
import { parseRateLimit, type RateLimit, rateLimitText } from './rate-limit.ts';

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

/**
 * The error for an answer that was not hoped for.
 *
 * @param doing what was being done, as in `to fetch the manifest 1.0`.
 * @param answer with its body cut off at a bound.
 * @param redact takes our own secrets out, since a server may echo what it was sent.
 */
export function refusal(
  doing: string,
  host: string,
  { status, headers, bytes }: { status: number; headers: Headers; bytes: Uint8Array },
  redact: (text: string) => string,
): DTufError {
  const errors = reportedErrors(new TextDecoder().decode(bytes), redact);
  const clean = redacted(headers, redact);
  const retryAfter = clean.get('retry-after');
  const cause = new RegistryAnswer(
    status,
    errors,
    retryAfter === null ? undefined : printable(retryAfter, 40),
    parseRateLimit(clean),
  );
  return new DTufError(
    codeOf(status),
    `Failed ${doing}: ${host} answered ${cause.message}.${advice(status)}${limitText(cause)}`,
    {
      got: cause.message,
      cause,
    },
  );
}

/** Headers that are to be shown, of which a server may have made an echo of what it was sent. */
export function redacted(headers: Headers, redact: (text: string) => string): Pick<Headers, 'get'> {
  return {
    get: (name) => {
      const text = headers.get(name);
      return text === null ? null : redact(text);
    },
  };
}

function reportedErrors(body: string, redact: (text: string) => string): readonly ReportedError[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    // Proxies and routers answer in plain text or HTML, which tells nothing that the status does not.
    return [];
  }
  const errors = isObject(value) && Array.isArray(value['errors']) ? value['errors'] : [];
  return errors.slice(0, 3).flatMap((entry: unknown) => {
    if (!isObject(entry) || typeof entry['code'] !== 'string') return [];
    const message = typeof entry['message'] === 'string' ? entry['message'] : '';
    return [{ code: printable(redact(entry['code']), 60), message: printable(redact(message)) }];
  });
}

function codeOf(status: number): Code {
  if (status === 401 || status === 403) return 'ACCESS_DENIED';
  return status === 404 ? 'NOT_FOUND' : 'REGISTRY_FAILED';
}

function advice(status: number): string {
  if (status === 401 || status === 403)
    return ' Check the user name and password or token, and what they allow.';
  if (status === 404) return ' Check the name of the repository.';
  if (status === 405) return ' This registry does not offer that.';
  if (status === 413) return ' It is larger than this registry takes.';
  if (status === 429) return ' It takes no more requests for now: log in, or try again later.';
  return status >= 500 ? ' Try again later.' : '';
}

/** What a registry says of when it takes requests again. */
function limitText({ status, retryAfter, rateLimit }: RegistryAnswer): string {
  const rate = rateLimit === undefined ? '' : ` ${rateLimitText(rateLimit)}.`;
  if (retryAfter === undefined || (status !== 429 && status < 500)) return rate;
  const when = /^\d+$/.test(retryAfter) ? `in ${retryAfter} s` : `at ${retryAfter}`;
  return `${rate} It asks to be tried again ${when}.`;
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
