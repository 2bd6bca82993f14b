import type { Log } from './log.ts';

/** `send`, and tells the log of each request (DEBUG): method, address and how it was answered. */
export function tracedFetch(log: Log, send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    // Without the query: storages sign their addresses in it, and a signed address is a key.
    const asked = `${init?.method ?? 'GET'} ${url.origin}${url.pathname}`;
    const started = performance.now();
    const took = () => `after ${Math.round(performance.now() - started)} ms`;
    try {
      const response = await send(input, init);
      log.debug(`${asked}: ${response.status} ${took()}`);
      return response;
    } catch (error) {
      log.debug(`${asked}: failed ${took()}`);
      throw error;
    }
  };
}
