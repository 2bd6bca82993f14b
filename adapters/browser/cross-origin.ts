import { orAborted } from '../../src/registry/silence.ts';
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
      const signal = init?.signal ?? undefined;
      // Who is offline cannot load it either, or not before it hangs: then the failure as it is says all there is.
      const part = await orAborted(
        import('./kept-back.ts').catch(() => undefined),
        signal,
      );
      throw (await part?.reason(url, policy, signal, cause)) ?? cause;
    } finally {
      policy.end();
    }
  };
}

/** What servers tell apart: many let a page read, and answer no preflight for a login or for another method. */
function kindOf({ origin }: URL, { method = 'GET', headers }: RequestInit = {}): string {
  return [origin, method, new Headers(headers).has('authorization')].join(' ');
}
