// examples/service-worker: an app that is published, in a browser, through updates, refusals and without a network.
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, whyNoPage } from '../browser-page/chromium.ts';
import { blocksOf } from '../docs/markdown.ts';
import { soon } from './download.ts';
import {
  copyExample,
  type Published,
  published,
  repository,
  type Site,
  startSite,
  temporaryFolder,
} from './place.ts';

const missing = whyNoPage('the example of a service worker', [join(repository, 'dist/worker.js')]);
const words = (greeting: string) => ({ 'words.json': JSON.stringify({ greeting }) });

describe.skipIf(missing !== undefined)('a service worker that verifies what it caches', () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let files: Published;
  let site: Site;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    const app = await readFile(join(repository, 'examples/service-worker/app/app.js'), 'utf8');
    [folder, files, context] = await Promise.all([
      temporaryFolder(),
      published('fred/app', { 'app.js': app, ...words('one') }),
      browser.newContext(),
    ]);
  });
  afterEach(async () => {
    await context?.close();
    await Promise.all([site?.stop(), files?.stop()]);
    await folder?.remove();
  });

  async function open(from: 'registry' | 'export' = 'registry'): Promise<void> {
    await copyExample(
      'service-worker',
      folder.path,
      from === 'registry'
        ? { 'https://registry.example.com': files.registry }
        : {
            "host: 'https://registry.example.com',\n  repository: 'fred/app'": `host: '${files.bundle}', layout: 'http'`,
            'https://registry.example.com': new URL(files.bundle).origin,
          },
    );
    await writeFile(join(folder.path, 'root.json'), files.rootJson);
    await mkdir(join(folder.path, 'node_modules/dtuf/dist'), { recursive: true });
    await cp(join(repository, 'dist/worker.js'), join(folder.path, 'node_modules/dtuf/dist/worker.js'));
    const [copying] = blocksOf('examples/service-worker/README.md');
    await promisify(execFile)('bash', ['-euc', copying?.code ?? ''], { cwd: folder.path });
    site = await startSite(folder.path);
    page = await context.newPage();
    await page.goto(`${site.origin}/`);
  }

  const app = () => page.textContent('#app');
  const status = () => page.textContent('#status');
  const shown = async () => [await app(), await status()];
  /** What lies in the caches of the site, as in `/verified/…`. */
  const cached = () =>
    page.evaluate<string[]>(`(async () => {
      const found = [];
      for (const name of await caches.keys()) {
        for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
      }
      return found;
    })()`);

  it.each(['registry', 'export'] as const)('starts an app that it has verified, from a %s', async (from) => {
    await open(from);
    await soon(shown).toEqual(['one', 'Up to date.']);
    expect(await cached()).toHaveLength(3);
    // The server of the page never had them.
    expect(site.asked.filter((path) => path.startsWith('/verified/'))).toEqual([]);
  });

  it('takes a new version whole, and forgets the old one', async () => {
    await open();
    await soon(status).toBe('Up to date.');
    await files.publish(words('two'));
    await page.reload();
    await soon(shown).toEqual(['one', 'A newer version is verified: reload to use it.']);
    await page.reload();
    await soon(shown).toEqual(['two', 'Up to date.']);
    expect(await cached()).toHaveLength(3);
  });

  it('keeps the old version where a file of the new one was changed', async () => {
    await open();
    await soon(status).toBe('Up to date.');
    const before = await cached();
    await files.publish({ 'app.js': 'globalThis.changed = true;', ...words('two') });
    await files.tamper('words.json');
    for (const _ of [1, 2]) {
      await page.reload();
      await soon(shown).toEqual(['one', expect.stringMatching(/^Not updated: .*words\.json/)]);
    }
    expect(await page.evaluate('globalThis.changed')).toBeUndefined();
    const list = JSON.stringify(
      await page.evaluate(`caches.match('/verified/').then((found) => found.json())`),
    );
    for (const path of before.filter((one) => one !== '/verified/')) expect(list).toContain(path);
  });

  it('keeps the old worker and the old version where a new worker cannot verify all', async () => {
    await open();
    await soon(status).toBe('Up to date.');
    await files.publish(words('two'));
    await files.tamper('words.json');
    await appendFile(join(folder.path, 'sw.js'), '\n// another worker\n');
    const refused = page.waitForEvent('framenavigated').then(() =>
      page.waitForFunction(`new Promise((resolve) => {
        const watch = (worker) => worker?.addEventListener('statechange', () => resolve(worker.state));
        navigator.serviceWorker.getRegistration().then((registration) => {
          if (registration.installing) watch(registration.installing);
          else registration.addEventListener('updatefound', () => watch(registration.installing));
        });
      })`),
    );
    await page.reload();
    expect(await (await refused).jsonValue()).toBe('redundant');
    await soon(shown).toEqual(['one', expect.stringMatching(/^Not updated: .*words\.json/)]);
  });

  it('starts nothing, and caches nothing, where the first version was changed', async () => {
    await files.tamper('app.js');
    await open();
    await soon(status).toMatch(/^Not started: .*app\.js/);
    expect(await app()).toBe('');
    expect(await cached()).toEqual([]);
    expect(await page.evaluate('navigator.serviceWorker.getRegistration()')).toBeUndefined();
  });

  it('goes on without a network', async () => {
    await open();
    await soon(status).toBe('Up to date.');
    await files.stop();
    await page.reload();
    await soon(shown).toEqual(['one', expect.stringMatching(/^Not updated: /)]);
  });

  it('starts also in a page that was reloaded past it', async () => {
    await open();
    await soon(status).toBe('Up to date.');
    const session = await context.newCDPSession(page);
    await session.send('Page.reload', { ignoreCache: true });
    await soon(shown).toEqual(['one', 'Up to date.']);
  });
});
