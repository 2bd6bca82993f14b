// Looks at a repository between the steps of a publish.

/** A fetch that runs `then` after each manifest was tagged, and fails where that does, as if the publisher had died. */
export function afterEachTag(then: (tag: string, count: number) => void | Promise<void>): typeof fetch {
  let count = 0;
  return async (input, init) => {
    const { method, url } = requested(input, init);
    const answer = await fetch(input, init);
    const tag = /\/manifests\/([^/?]+)$/.exec(url)?.[1];
    if (method === 'PUT' && tag !== undefined && answer.ok) await then(tag, ++count);
    return answer;
  };
}

function requested(input: string | URL | Request, init: RequestInit | undefined) {
  return input instanceof Request
    ? { method: input.method, url: input.url }
    : { method: init?.method ?? 'GET', url: String(input) };
}

/** A fetch that dies for good after `count` manifests of metadata were tagged, and the signal that ends its user. */
export function diesAfter(count: number): { fetch: typeof fetch; signal: AbortSignal } {
  const death = new AbortController();
  const tagged = afterEachTag((tag) => {
    if (isMetadata(tag) && --count === 0) death.abort();
  });
  return {
    signal: death.signal,
    fetch: (input, init) =>
      death.signal.aborted ? Promise.reject(death.signal.reason) : tagged(input, init),
  };
}

export function isMetadata(tag: string): boolean {
  return /^(?:\d+\.)?(?:root|timestamp|snapshot|targets)\.json$/.test(tag);
}
