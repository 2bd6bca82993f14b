// dist/element.min.js, dist/dtuf.min.js and dist/worker.js as they are, in pages and workers without a build step.
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright';
import { chromium } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { chromiumArguments, executablePath, launchChromium, whyNoPage } from './chromium.ts';
import { type Site, STRICT, startSite } from './site.ts';

const missing = whyNoPage('pages with the element and workers', [
  'dist/dtuf.min.js',
  'dist/element.min.js',
  'dist/worker.js',
]);
const MiB = 1024 * 1024;
const large = new Uint8Array(randomBytes(40 * MiB));
/** Without a head, Chromium closes its picker at once. */
const noPicker = 'delete globalThis.showSaveFilePicker';

const document = (attributes: string, body = '') => `<!doctype html>
<html lang="en"><title>test</title>
<script type="module" src="/element.min.js"></script>
<dtuf-download ${attributes}>Get it${body}<span slot="fallback"> (needs a browser with scripts)</span></dtuf-download>
<noscript>This page needs scripts.</noscript></html>`;

describe.skipIf(missing !== undefined)('a page with <dtuf-download>', () => {
  let site: Site;
  let browser: Browser;
  let place: string;
  let complaints: string[];

  beforeAll(async () => {
    site = await startSite({ 'demo.txt': new TextEncoder().encode('Hello World!\n') });
    place = `host="${site.origin}" repository="${site.repository}" target="demo.txt"`;
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
  });

  async function open(path: string, options: { javaScriptEnabled?: boolean } = {}): Promise<Page> {
    const page = await browser.newPage(options);
    if (options.javaScriptEnabled !== false) await page.addInitScript(noPicker);
    complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(path);
    return page;
  }

  it('works from one file under the strictest policy, with its root within itself', async () => {
    const root = await (await fetch(`${site.origin}/root.json`)).text();
    const inline = `<script type="application/json">${root}</script>`;
    site.put('/strict.html', document(place, inline), { 'Content-Security-Policy': STRICT });
    const page = await open(`${site.origin}/strict.html`);
    const given = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Get it' }).click();
    const download = await given;
    expect(download.suggestedFilename()).toBe('demo.txt');
    expect(await readFile(await download.path(), 'utf8')).toBe('Hello World!\n');
    await page.waitForSelector('dtuf-download[state=saved]');
    expect(await page.getByRole('status').textContent()).toBe('Verified and saved.');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows its fallback where scripts do not run, and where they do not load (a page from file:)', async () => {
    site.put('/plain.html', document(`${place} trust="/root.json"`));
    const without = await open(`${site.origin}/plain.html`, { javaScriptEnabled: false });
    expect(await without.getByText('needs a browser').isVisible()).toBe(true);
    await without.close();
    const folder = await mkdtemp(join(tmpdir(), 'dtuf-file-page-'));
    try {
      await writeFile(join(folder, 'page.html'), document(place).replace('/element', 'element'));
      await writeFile(join(folder, 'element.min.js'), await readFile('dist/element.min.js'));
      const local = await open(pathToFileURL(join(folder, 'page.html')).href);
      expect(await local.getByText('needs a browser').isVisible()).toBe(true);
      await local.close();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const page = await open(`${site.origin}/plain.html`);
    await page.waitForSelector('dtuf-download[state]');
    expect(await page.getByText('needs a browser').isVisible()).toBe(false);
    await page.close();
  });

  it.each([
    ['no CORS', async () => (await startSite({})).origin, 'does not let this page read'],
    ['nobody there', async () => 'http://localhost:1', 'Check the name, the network'],
  ])('says in words what is wrong: %s', async (_, host, words) => {
    const registry = await host();
    site.put('/other.html', document(`host="${registry}" repository="a/b" target="a" trust="/root.json"`));
    const page = await open(`${site.origin}/other.html`);
    await page.getByRole('button').click();
    await page.waitForSelector('dtuf-download[state=refused]', { timeout: 30_000 });
    expect(await page.getByRole('status').textContent()).toContain(words);
    await page.close();
  });

  it('says in words what is wrong: mixed content', async () => {
    const page = await browser.newPage();
    await page.addInitScript(noPicker);
    const script = await readFile('dist/element.min.js', 'utf8');
    const html = document(
      'host="http://registry.example.com" repository="a/b" target="a" trust="/root.json"',
    );
    await page.route('https://page.example/**', (route) =>
      route.request().url().endsWith('.js')
        ? route.fulfill({ contentType: 'text/javascript', body: script })
        : route.fulfill({ contentType: 'text/html', body: html }),
    );
    await page.goto('https://page.example/');
    await page.getByRole('button').click();
    await page.waitForSelector('dtuf-download[state=refused]', { timeout: 30_000 });
    expect(await page.getByRole('status').textContent()).toMatch(/^Not downloaded: .*mixed content/);
    await page.close();
  });
});

describe.skipIf(missing !== undefined)('a browser with a profile', () => {
  let site: Site;
  let folder: string;
  let context: BrowserContext;

  beforeAll(async () => {
    site = await startSite({ large, 'demo.txt': new TextEncoder().encode('Hello World!\n') });
    site.put('/', '<!doctype html><title>test</title>');
  });
  afterAll(() => site?.stop());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'dtuf-profile-'));
    context = await launchProfile(folder);
  });
  afterEach(async () => {
    await context.close();
    await rm(folder, { recursive: true, force: true });
  });

  const save = `(async () => {
    const { DTufCopy } = await import('/dtuf.min.js');
    delete globalThis.showSaveFilePicker;
    const copy = new DTufCopy({ host: location.origin, repository: globalThis.repository, trust: new URL('/root.json', location.href) });
    await copy.pullMetadata();
    const target = await copy.pullTarget('large');
    return target.save({ onProgress: ({ received }) => { globalThis.received = received; } });
  })()`;

  async function openPage(): Promise<Page> {
    const page = await context.newPage();
    await page.goto(site.origin);
    await page.evaluate((name) => Object.assign(globalThis, { repository: name }), site.repository);
    return page;
  }

  it('that is killed in a download goes on from what it had (ATTACKS 64)', async () => {
    site.stallAfter = 36 * MiB;
    const page = await openPage();
    page.evaluate(save).catch(() => undefined);
    await page.waitForFunction(`globalThis.received > ${34 * MiB}`, undefined, { timeout: 60_000 });
    // No page is asked, and nothing is closed.
    page.goto('chrome://crash').catch(() => undefined);
    await page.waitForEvent('crash');
    site.stallAfter = undefined;
    site.asked.length = 0;
    const next = await openPage();
    const given = next.waitForEvent('download');
    const saved = await next.evaluate<{ bytesReused: number; bytesFetched: number }>(save);
    expect(saved.bytesReused).toBe(32 * MiB);
    expect(saved.bytesFetched).toBe(8 * MiB);
    expect(site.asked.at(-1)?.range).toBe(`bytes=${32 * MiB}-${40 * MiB - 1}`);
    const got = await readFile(await (await given).path());
    expect(got.equals(large)).toBe(true);
  });

  const inWorker = (how: string) => `
    import { DTufCopy, DTufMaster } from '/worker.js';
    ${how}
    async function pull(repository, origin) {
      try {
        const trust = await (await fetch('/root.json')).text();
        const copy = new DTufCopy({ host: origin, repository, trust });
        await copy.pullMetadata();
        return (await copy.pullTarget('demo.txt')).text();
      } catch (error) {
        return String(error);
      }
    }`;

  it('pulls in dedicated, shared and service workers as in pages, from one state', async () => {
    site.put(
      '/dedicated.js',
      inWorker('onmessage = async ({ data }) => postMessage(await pull(data, location.origin));'),
    );
    site.put(
      '/shared.js',
      inWorker(
        'onconnect = ({ ports: [port] }) => { port.onmessage = async ({ data }) => port.postMessage(await pull(data, location.origin)); };',
      ),
    );
    site.put(
      '/service.js',
      inWorker(
        'onmessage = async ({ data, ports: [port] }) => port.postMessage(await pull(data, location.origin));',
      ),
    );
    const page = await openPage();
    const answers = await page.evaluate(`(async () => {
      const answer = (port) => new Promise((resolve, reject) => { port.onmessage = ({ data }) => resolve(data); port.onerror = reject; });
      const dedicated = new Worker('/dedicated.js', { type: 'module' });
      const one = answer(dedicated);
      dedicated.postMessage(repository);
      const { port } = new SharedWorker('/shared.js', { type: 'module' });
      const two = answer(port);
      port.postMessage(repository);
      const registration = await navigator.serviceWorker.register('/service.js', { type: 'module' });
      await navigator.serviceWorker.ready;
      const { port1, port2 } = new MessageChannel();
      const three = answer(port1);
      registration.active.postMessage(repository, [port2]);
      const answers = await Promise.all([one, two, three]);
      const names = (await indexedDB.databases()).map(({ name }) => name);
      return { answers, names };
    })()`);
    expect(answers).toEqual({
      answers: ['Hello World!\n', 'Hello World!\n', 'Hello World!\n'],
      names: [`dtuf ${site.origin} ${site.repository} copy`],
    });
  });

  it('two tabs that save at once both get the whole (ATTACKS 65)', async () => {
    const [one, two] = [await openPage(), await openPage()];
    const saved = await Promise.all([
      one.evaluate<{ bytesFetched: number }>(save),
      two.evaluate<{ bytesFetched: number }>(save),
    ]);
    expect(saved.map(({ bytesFetched }) => bytesFetched)).toEqual([large.length, large.length]);
  });
});

function launchProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, {
    executablePath,
    args: chromiumArguments,
  });
}
