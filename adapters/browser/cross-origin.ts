import { DTufError } from '../../src/errors.ts';
import { watchPolicy } from './page-policy.ts';

/**
 * `fetch` that tells a server which keeps its answers from pages, and a page which may not ask, from a server that is not
 * there. To a page all three are the same TypeError (Fetch, "network error"). What it can find out is whether its policy has
 * kept it back, and whether the server answers a request whose answer nobody reads.
 */
export function tellingCors(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  /** Kinds of requests whose answers the page was let read before: where one fails now, that is something else. */
  const readable = new Set<string>();
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input), globalThis.location?.href);
    const kind = kindOf(url, init);
    const policy = watchPolicy();
    try {
      const response = await fetch(input, init);
      readable.add(kind);
      return response;
    } catch (cause) {
      if (!(cause instanceof TypeError) || readable.has(kind)) throw cause;
      if (await policy.forbids(url)) throw forbidden(url, cause);
      if (await isKeptBack(url, init?.signal)) throw keptBack(url, cause);
      throw cause;
    } finally {
      policy.end();
    }
  };
}

/** What servers tell apart: many let a page read, and answer no preflight for a login or for another method. */
function kindOf({ origin }: URL, { method = 'GET', headers }: RequestInit = {}): string {
  return [origin, method, new Headers(headers).has('authorization')].join(' ');
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

async function isKeptBack(url: URL, signal: AbortSignal | null | undefined): Promise<boolean> {
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
