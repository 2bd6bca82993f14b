// fetch for Node with proxies and certificate authorities of one's own: undici's fetch with undici's dispatchers, since
// those of one version do not work with the fetch of another, as Node's own is.
import {
  Agent,
  type Dispatcher,
  EnvHttpProxyAgent,
  type RequestInit as Init,
  fetch as undiciFetch,
} from 'undici';
import { DTufError } from '../../src/errors.ts';
import { isLoopback } from '../../src/registry/host.ts';
import type { Proxies } from './proxies.ts';

/** @param authorities all that are trusted, in PEM; those of Node if left out. */
export function undiciFetchFor(
  proxies: Proxies | undefined,
  authorities: readonly string[] | undefined,
): typeof fetch {
  const tls = authorities === undefined ? {} : { ca: [...authorities] };
  const direct = new Agent({ connect: tls });
  const proxied = new EnvHttpProxyAgent({
    // Given, also where they are empty: it would read the environment itself.
    httpProxy: proxies?.http?.href ?? '',
    httpsProxy: proxies?.https?.href ?? '',
    noProxy: proxies?.none ?? '',
    // Plain http is handed to the proxy as it is: many allow CONNECT to port 443 only.
    proxyTunnel: false,
    connect: tls,
    requestTls: tls,
    proxyTls: tls,
  });
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const proxy = isLoopback(url.hostname)
      ? undefined
      : url.protocol === 'https:'
        ? proxies?.https
        : proxies?.http;
    if (proxy === undefined) return send(url, init, direct);
    try {
      return await send(url, init, proxied);
    } catch (error) {
      // What NO_PROXY excepts never saw the proxy, but the advice to look at it does no harm.
      throw init?.signal?.aborted === true ? error : throughProxy(url, proxy, error);
    }
  };
}

async function send(url: URL, init: RequestInit | undefined, dispatcher: Dispatcher): Promise<Response> {
  // Both follow the Fetch standard; their declarations differ in what each runtime adds.
  const response: unknown = await undiciFetch(url.href, { ...(init as Init), dispatcher });
  return response as Response;
}

function throughProxy(url: URL, proxy: URL, error: unknown): DTufError {
  return new DTufError(
    'UNREACHABLE',
    `${url.host} could not be reached through the proxy ${proxy.host}: ${reasonOf(error)}. Check HTTPS_PROXY and HTTP_PROXY, or except the host with NO_PROXY.`,
    { cause: error },
  );
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  // So undici tells of a proxy that answered CONNECT with a refusal, and does not tell with which.
  if (cause instanceof DOMException) return 'it refused, perhaps for want of a login';
  return cause instanceof Error && cause.message !== '' ? cause.message : String(error);
}
