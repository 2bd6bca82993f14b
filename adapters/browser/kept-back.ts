// Why a page got no answer, as far as it can find out.
import { DTufError } from '../../src/errors.ts';
import { mixedContent } from './mixed-content.ts';
import type { PolicyWatch } from './page-policy.ts';

/** @returns undefined where nothing more is known than that there was none. */
export async function reason(
  url: URL,
  policy: PolicyWatch,
  signal: AbortSignal | undefined,
  cause: unknown,
): Promise<DTufError | undefined> {
  const mixed = mixedContent(url);
  if (mixed !== undefined) return mixed;
  if (await policy.forbids(url)) return forbidden(url, cause);
  return (await isKeptBack(url, signal)) ? keptBack(url, cause) : undefined;
}

function forbidden({ origin }: URL, cause: unknown): DTufError {
  return new DTufError(
    'UNREACHABLE',
    `This page’s own Content-Security-Policy does not let it ask ${origin}: it has to be named in its connect-src.`,
    { expected: origin, cause },
  );
}

function keptBack({ host }: URL, cause: unknown): DTufError {
  const { origin } = globalThis.location;
  return new DTufError(
    'UNREACHABLE',
    `${host} is there, but the browser does not let this page read its answers: it has to allow the origin ${origin} (CORS), also in its answer to OPTIONS where there is a login or something is written. See docs/cors.md. If it does, it broke off the connection: try again.`,
    { cause },
  );
}

async function isKeptBack(url: URL, signal: AbortSignal | undefined): Promise<boolean> {
  const own = globalThis.location?.origin;
  if (own === undefined || url.origin === own) return false;
  try {
    // Not the same address again: that may be a blob of gigabytes, or a place where something is written.
    await globalThis.fetch(new URL('/', url), {
      method: 'HEAD',
      mode: 'no-cors',
      credentials: 'omit',
      cache: 'no-store',
      signal: signal ?? null,
    });
    return true;
  } catch {
    return false; // It is not there either, or the caller gave up: the first failure says all there is.
  }
}
