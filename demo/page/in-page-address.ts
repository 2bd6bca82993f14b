// Gives the registry in this page an address: <dtuf-download> asks by address, as it would on any page.
import type { World } from './world.ts';

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

/** From now on `fetch` of that address stays in this page. */
export function answerInPage(world: World): void {
  const outside = globalThis.fetch;
  globalThis.fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input), location.href);
    if (url.origin !== world.host) return outside(input, init);
    if (url.pathname === '/root_key.pub') return new Response(world.rootKey);
    return world.registry.fetch(input, init);
  };
}
