// Workers of Chromium that are ended in the middle of a large stream, with dist/worker.js as it is shipped.
import { createHash, randomBytes } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, whyNoPage } from './chromium.ts';
import { type Site, startSite } from './site.ts';

const missing = whyNoPage('workers that are ended', ['dist/worker.js']);
const MiB = 1024 * 1024;
const large = new Uint8Array(randomBytes(20 * MiB));
const sha256 = createHash('sha256').update(large).digest('hex');

/** What a worker does: `verified()` is a stream of more than it may hold. */
const opening = (repository: string) => `
  import { DTufCopy } from '/worker.js';
  async function verified() {
    const limits = { memory: 1_000_000 };
    const trust = new URL('/root.json', location.origin);
    const copy = new DTufCopy({ host: location.origin, repository: '${repository}', trust, limits });
    await copy.pullMetadata();
    return (await copy.pullTarget('large')).stream();
  }`;

/** Functions of a page: how it has its worker read, with the digest of what came, and how it ends one. */
const kinds = [
  {
    kind: 'a dedicated worker',
    script: `addEventListener('message', async () => postMessage(await new Response(await verified()).arrayBuffer()));`,
    start: '() => undefined',
    read: `() => new Promise((resolve) => {
      globalThis.worker = new Worker('/kind.js', { type: 'module' });
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage('read');
    })`,
    end: (page: Page) => page.evaluate('worker.terminate()'),
  },
  {
    kind: 'a service worker',
    script: `addEventListener('fetch', (event) => {
      if (event.request.url.endsWith('/verified')) event.respondWith(verified().then((body) => new Response(body)));
    });
    addEventListener('activate', (event) => event.waitUntil(clients.claim()));`,
    start: `async () => {
      const controlled = new Promise((resolve) => navigator.serviceWorker.addEventListener('controllerchange', resolve));
      await navigator.serviceWorker.register('/kind.js', { type: 'module' });
      await controlled;
    }`,
    read: `async () => (await fetch('/verified')).arrayBuffer()`,
    async end(page: Page) {
      const session = await page.context().newCDPSession(page);
      await session.send('ServiceWorker.enable');
      await session.send('ServiceWorker.stopAllWorkers');
    },
  },
];

/** The files that wait in the private ones, and their sizes. */
const waiting = `(async () => {
  const spools = await (await navigator.storage.getDirectory()).getDirectoryHandle('dtuf-spools', { create: true });
  const sizes = [];
  for await (const spool of spools.values())
    for await (const file of spool.values()) sizes.push((await file.getFile()).size);
  return sizes;
})()`;

/** The locks that workers have. */
const held = `navigator.locks.query().then(({ held }) => held.map(({ name }) => name))`;

describe.skipIf(missing !== undefined).each(kinds)('$kind that is ended', ({ script, start, read, end }) => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let site: Site;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    site = await startSite({ large });
    site.put('/', '<!doctype html><title>test</title>');
    site.put('/kind.js', opening(site.repository) + script);
    context = await browser.newContext();
    page = await context.newPage();
    await page.goto(site.origin);
    await page.evaluate(`(${start})()`);
  });
  afterEach(async () => {
    await context?.close();
    await site?.stop();
  });

  const hashed = () =>
    page.evaluate<string>(`(async () => {
      const digest = await crypto.subtle.digest('SHA-256', await (${read})());
      return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    })()`);

  it('in the middle of a large stream leaves nothing once the next has read it', async () => {
    site.stallAfter = 18 * MiB;
    await page.evaluate(`void (${read})().catch(() => undefined)`);
    const soon = { timeout: 30_000 };
    await expect.poll(() => page.evaluate(waiting), soon).toContain(16 * MiB);
    const heldAfter = async () => {
      // Again and again: a service worker that is just busy is not always stopped.
      await end(page);
      return page.evaluate(held);
    };
    await expect.poll(heldAfter, soon).toEqual([]);
    site.stallAfter = undefined;
    site.letGo();
    expect(await hashed()).toBe(sha256);
    // Chromium may have begun anew by itself with a request that its service worker has not answered.
    await expect.poll(() => page.evaluate(waiting), soon).toEqual([]);
  });
});
