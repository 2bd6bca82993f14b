// Gives the registry in this page an address: <dtuf-download> asks by address, as it would on any page.
import type { World } from './world.ts';

/** One that no network knows (RFC 6761), and that is new for each page: what the browser keeps under it is of that page only. */
export function newAddress(): string {
  return `https://${crypto.randomUUID()}.in-page.invalid`;
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

/** Removes what earlier pages left: their keys are gone, so that nobody needs it. */
export async function forgetEarlierPages(): Promise<void> {
  const databases = (await globalThis.indexedDB?.databases?.()) ?? [];
  for (const { name } of databases) {
    if (name !== undefined && /^dtuf https:\/\/[0-9a-f-]{36}\.in-page\.invalid /.test(name))
      indexedDB.deleteDatabase(name);
  }
}
