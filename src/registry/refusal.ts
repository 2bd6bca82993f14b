import { type Code, DTufError } from '../errors.ts';
import { isObject } from '../is-object.ts';
import { printable } from './printable.ts';
import { parseRateLimit, rateLimitText } from './rate-limit.ts';
import { redacted } from './redacted.ts';
import { RegistryAnswer, type ReportedError } from './registry-answer.ts';

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
