// A place whose requests are seen, and can be made to fail, before they reach the registry.
import type { Place } from '../../src/index.ts';

export interface Seen {
  readonly method: string;
  readonly path: string;
}

export interface Watched {
  readonly fetch: typeof fetch;
  readonly seen: Seen[];
}

/** Calls `before` with each request and its number from 1 on; what it throws fails the request, what it returns answers it. */
export function watched(
  place: Place,
  before: (request: Seen, count: number) => unknown = () => undefined,
): Watched {
  const inner: typeof fetch =
    typeof place === 'object' && 'fetch' in place
      ? (input, init) => place.fetch(input, init)
      : (input, init) => fetch(input, init);
  const seen: Seen[] = [];
  return {
    seen,
    async fetch(input, init) {
      const request = new Request(input instanceof Request ? input.url : input);
      const method = init?.method ?? (input instanceof Request ? input.method : 'GET');
      const one = { method, path: new URL(request.url).pathname };
      seen.push(one);
      const answer = await before(one, seen.length);
      return answer instanceof Response ? answer : inner(input, init);
    },
  };
}
