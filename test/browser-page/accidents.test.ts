// What happens to people's pages, in Chromium as it is: tabs beside each other, a full disk, a private window, a wrong clock. What
// the person reads is printed.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { chromium } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { corsHeaders, dockerRegistryFound, startDockerRegistry } from '../registry/docker-registry.ts';
import { chromiumArguments, executablePath, launchChromium, whyNoPage } from './chromium.ts';
import { type Site, startSite } from './site.ts';

const missing = whyNoPage('accidents of pages', ['dist/dtuf.min.js', 'dist/element.min.js']);
const MiB = 1024 * 1024;
const YEAR = 366 * 24 * 60 * 60 * 1000;
const noPicker = 'delete globalThis.showSaveFilePicker';

describe.skipIf(missing !== undefined)('a page of a person', () => {
  let site: Site;
  let browser: Browser;
  let folder: string;
  let profile: BrowserContext;
  const read: string[] = [];

  beforeAll(async () => {
    const large = new Uint8Array(randomBytes(24 * MiB));
    site = await startSite({ large, 'demo.txt': new TextEncoder().encode('Hello World!\n') });
    for (const target of ['large', 'demo.txt']) {
      const place = `host="${site.origin}" repository="${site.repository}" target="${target}" trust="/root.json"`;
      site.put(
        `/${target}.html`,
        `<!doctype html><title>test</title><script type="module" src="/element.min.js"></script><dtuf-download ${place}>Get it</dtuf-download>`,
      );
    }
    browser = await launchChromium();
    folder = await mkdtemp(join(tmpdir(), 'dtuf-profile-'));
    profile = await chromium.launchPersistentContext(folder, { executablePath, args: chromiumArguments });
  });
  afterAll(async () => {
    await browser?.close();
    await profile?.close();
    await site?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
    process.stdout.write(`\n${read.join('\n')}\n`);
  });

  async function open(context: BrowserContext, target: string): Promise<Page> {
    const page = await context.newPage();
    await page.addInitScript(noPicker);
    await page.goto(`${site.origin}/${target}.html`);
    return page;
  }

  /** Presses the button, and returns how it ended and what the person reads then. */
  async function press(page: Page, what: string): Promise<{ state: string | null; words: string }> {
    await page.getByRole('button').click();
    await page.waitForSelector('dtuf-download:is([state=saved], [state=refused])', { timeout: 30_000 });
    const state = await page.locator('dtuf-download').getAttribute('state');
    const words = (await page.getByRole('status').textContent()) ?? '';
    read.push(`${what}: ${words}`);
    return { state, words };
  }

  async function withQuota(page: Page, quotaSize: number, work: () => Promise<void>): Promise<void> {
    const session = await page.context().newCDPSession(page);
    await session.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize });
    try {
      await work();
    } finally {
      await session.send('Storage.overrideQuotaForOrigin', { origin: site.origin });
    }
  }

  it('that has no room says so, keeps its state, and works once there is room (ATTACKS 64)', async () => {
    const page = await open(profile, 'large');
    await page.evaluate(async () => {
      // Something else of the site fills it.
      const root = await navigator.storage.getDirectory();
      const stream = await (await root.getFileHandle('other', { create: true })).createWritable();
      await stream.write(new Uint8Array(1024 * 1024));
      await stream.close();
    });
    await withQuota(page, 8 * MiB, async () => {
      const { state, words } = await press(page, 'no room');
      expect(state).toBe('refused');
      expect(words).toMatch(/^Not downloaded: .*(no room|used up).* try again/i);
    });
    expect((await press(page, 'room again')).state).toBe('saved');
    await page.close();
  });

  it('in a private window downloads as elsewhere (ATTACKS 64)', async () => {
    const context = await browser.newContext();
    const page = await open(context, 'demo.txt');
    const { state, words } = await press(page, 'a private window');
    expect([state, words]).toEqual(['saved', 'Verified and saved.']);
    await context.close();
  });

  it('whose browser keeps nothing for it says so (ATTACKS 64)', async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.addInitScript(noPicker);
    await page.addInitScript(() => {
      IDBFactory.prototype.open = () => {
        throw new DOMException('denied', 'SecurityError');
      };
    });
    await page.goto(`${site.origin}/demo.txt.html`);
    const { state, words } = await press(page, 'storage refused');
    expect(state).toBe('refused');
    expect(words).toMatch(/^Not downloaded: this browser keeps no data for this page, .* Allow it/);
    await context.close();
  });

  it('whose storage is cleared in the middle says so, and works at the next click (ATTACKS 64)', async () => {
    const page = await open(profile, 'large');
    site.stallAfter = 20 * MiB;
    const session = await profile.newCDPSession(page);
    const clear = () =>
      session.send('Storage.clearDataForOrigin', { origin: site.origin, storageTypes: 'all' });
    // What an earlier visit has saved would be used again.
    await clear();
    await page.getByRole('button').click();
    await page.waitForFunction(
      `document.querySelector('dtuf-download').shadowRoot.querySelector('progress').value > ${18 * MiB}`,
    );
    await clear();
    site.stallAfter = undefined;
    // The connection that stands still is the server's to end.
    site.letGo();
    await page.waitForSelector('dtuf-download[state=refused]', { timeout: 30_000 });
    const words = (await page.getByRole('status').textContent()) ?? '';
    read.push(`cleared in the middle: ${words}`);
    expect(words).toMatch(/^Not downloaded: .*cleared/);
    expect((await press(page, 'the next click')).state).toBe('saved');
    await page.close();
  });

  it.each([
    ['a year ahead', YEAR, 'refused', /^Refused: .*by the clock of this device.*set the clock/],
    ['a year behind', -YEAR, 'saved', /^Verified and saved\.$/],
  ] as const)(
    'whose clock is %s says what to do, or is right all the same',
    async (what, by, ends, expected) => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.clock.install({ time: Date.now() + by });
      await page.addInitScript(noPicker);
      await page.goto(`${site.origin}/demo.txt.html`);
      const { state, words } = await press(page, `a clock ${what}`);
      expect(state).toBe(ends);
      expect(words).toMatch(expected);
      await context.close();
    },
  );

  it('that is offline says so', async () => {
    const context = await browser.newContext();
    const page = await open(context, 'demo.txt');
    await context.setOffline(true);
    const { state, words } = await press(page, 'offline');
    expect(state).toBe('refused');
    expect(words).toBe('Not downloaded: this device is offline. Connect it and try again.');
    await context.close();
  });
});

describe.skipIf(missing !== undefined || !dockerRegistryFound)('two tabs of one site', () => {
  it('one publishes while the other reads: each read verifies, and the last is the newest (ATTACKS 65)', async () => {
    const docker = await startDockerRegistry({ headers: corsHeaders });
    const site = await startSite({});
    site.put('/', '<!doctype html><title>test</title>');
    const browser = await launchChromium();
    try {
      const context = await browser.newContext();
      const open = async () => {
        const page = await context.newPage();
        await page.goto(site.origin);
        await page.evaluate((host) => Object.assign(globalThis, { host }), docker.url);
        return page;
      };
      const [writer, reader] = [await open(), await open()];
      const trust = await writer.evaluate(`(async () => {
        const { DTufMaster } = await import('/dtuf.min.js');
        globalThis.master = new DTufMaster({ host, repository: 'two/tabs', passwords: () => 'secret' });
        const { publicKey } = await master.createRootKey({ store: true });
        await master.createMetadataKeys();
        await master.createMetadata();
        await master.pushTarget('demo.txt', new Blob(['0']));
        await master.pushMetadata();
        return publicKey;
      })()`);
      const published = writer.evaluate(`(async () => {
        for (let i = 1; i <= 4; i++) {
          await master.pushTarget('demo.txt', new Blob([String(i)]));
          await master.pushMetadata();
        }
      })()`);
      const seen = await reader.evaluate(`(async () => {
        const { DTufCopy } = await import('/dtuf.min.js');
        const copy = new DTufCopy({ host, repository: 'two/tabs', trust: ${JSON.stringify(trust)} });
        const seen = [];
        while (seen.at(-1) !== 4) {
          await copy.pullMetadata();
          seen.push(Number(await (await copy.pullTarget('demo.txt')).text()));
        }
        return seen;
      })()`);
      await published;
      expect(seen).toEqual((seen as number[]).toSorted((a, b) => a - b));
    } finally {
      await browser.close();
      await site.stop();
      await docker.stop();
    }
  });
});
