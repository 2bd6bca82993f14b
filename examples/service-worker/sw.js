// Puts files into the cache once they are verified, and gives them to pages from there, and from nowhere else.
import { DTufCopy } from './worker.js';

const copy = new DTufCopy({
  host: 'https://registry.example.com',
  repository: 'fred/app',
  trust: new URL('root.json', import.meta.url),
});
const FILES = { 'app.js': 'text/javascript', 'words.json': 'application/json' };
/** Pages ask for the files below this address. In the cache it holds the list of them. */
const BASE = new URL('verified/', import.meta.url).href;
const pages = new BroadcastChannel('verified');

addEventListener('install', (event) => event.waitUntil(told(update()).then(() => skipWaiting())));
addEventListener('message', (event) =>
  event.waitUntil(event.data === 'update' ? told(update()) : clients.claim()),
);
addEventListener('fetch', (event) => {
  const { url } = event.request;
  if (url.startsWith(BASE)) event.respondWith(verified(url.slice(BASE.length)));
});

async function told(updating) {
  try {
    pages.postMessage({ changed: await updating });
  } catch (error) {
    pages.postMessage({ error: error.message });
    throw error;
  }
}

async function verified(name) {
  const cache = await caches.open('verified');
  const address = (await listIn(cache)).get(name);
  const found = address === undefined ? undefined : await cache.match(address);
  return found ?? new Response('This is none of the verified files.', { status: 404 });
}

async function listIn(cache) {
  return new Map(await (await cache.match(BASE))?.json());
}

/** All files or none: the list is written last, in one step. Where a file is refused, those of before stay. */
function update() {
  return navigator.locks.request('verified', async () => {
    await copy.pullMetadata();
    const cache = await caches.open('verified');
    const before = await listIn(cache);
    const after = new Map();
    for (const [name, type] of Object.entries(FILES)) {
      const file = await copy.pullTarget(name);
      const address = `${BASE}${file.hashes.sha256}/${name}`;
      if (before.get(name) !== address) await cache.put(address, await file.response({ type }));
      after.set(name, address);
    }
    await cache.put(BASE, Response.json([...after]));
    const kept = new Set([BASE, ...after.values()]);
    for (const request of await cache.keys()) if (!kept.has(request.url)) await cache.delete(request);
    return [...after].some(([name, address]) => before.get(name) !== address);
  });
}
