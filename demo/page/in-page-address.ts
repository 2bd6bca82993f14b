// Gives what is in this page an address: <dtuf-download> asks by address, as it would on any page.

/**
 * One that no network knows (RFC 6761), and that is new for each page: what the browser keeps under it is of this page only.
 */
export async function newAddress(): Promise<string> {
  const address = `https://${crypto.randomUUID()}.in-page.invalid`;
  // Where the browser keeps nothing for this page there is nothing to be removed; <dtuf-download> then says so itself.
  await forgetClosedPages(address).catch(() => undefined);
  return address;
}

/** Removes what pages left that are closed by now: their keys are gone, so that nobody needs it. */
async function forgetClosedPages(address: string): Promise<void> {
  // Held until this page is closed, and never waited for.
  void navigator.locks.request(address, () => new Promise(() => undefined));
  const { held = [] } = await navigator.locks.query();
  for (const { name = '' } of await indexedDB.databases()) {
    const of = /^dtuf (https:\/\/[0-9a-f-]{36}\.in-page\.invalid) /.exec(name)?.[1];
    if (of !== undefined && !held.some((lock) => lock.name === of)) indexedDB.deleteDatabase(name);
  }
}

/** What answers, by address. */
const answering = new Map<string, Answering>();

export interface Answering {
  readonly fetch: typeof fetch;
  readonly rootKey: string;
}

/** From now on `fetch` of `address` stays in this page. */
export function answerInPage(address: string, by: Answering): void {
  if (answering.size === 0) replaceFetch();
  answering.set(address, by);
}

function replaceFetch(): void {
  const outside = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input), location.href);
    const by = answering.get(url.origin);
    if (by === undefined) return outside(input, init);
    return url.pathname === '/root_key.pub' ? new Response(by.rootKey) : by.fetch(input, init);
  };
}
