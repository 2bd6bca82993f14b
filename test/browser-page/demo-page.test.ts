// The page of the demo in a real browser: from a plain static host, and as `npm run demo` serves it beside a registry.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, whyNoPage } from './chromium.ts';
import { type StaticSite, startStaticSite } from './demo-site.ts';

type Refusal = readonly [attack: string, code: string, clause: string, brokenLink: string];

/** By attack, in the order in which they are offered. */
const REFUSALS: readonly Refusal[] = [
  ['tampered-file', 'TARGET_MISMATCH', '5.7.2', 'file'],
  ['rollback', 'METADATA_ROLLBACK', '5.4.3.1', 'timestamp'],
  ['freeze', 'METADATA_EXPIRED', '5.4.4', 'timestamp'],
  ['mix-and-match', 'METADATA_MISMATCH', '5.6.2', 'targets'],
  ['stolen-timestamp-key', 'METADATA_UNSIGNED', '5.5.3', 'snapshot'],
  ['endless-data', 'TARGET_MISMATCH', '5.7.2', 'file'],
];

/** The checks of a first refresh and of the search for a target. */
const CLAUSES = [
  ...['5.2', '5.3.10'],
  ...['5.4.2', '5.4.4'],
  ...['5.5.2', '5.5.3', '5.5.4', '5.5.6'],
  ...['5.6.2', '5.6.3', '5.6.4', '5.6.5', '5.6.7'],
];

/** A page, and what it did beside what was asked of it. */
interface Watched {
  readonly page: Page;
  readonly complaints: string[];
  readonly requested: string[];
}

async function open(browser: Browser, address: string): Promise<Watched> {
  const context = await browser.newContext({ reducedMotion: 'reduce' });
  const page = await context.newPage();
  // Without a head, Chromium closes its picker at once, as a user who picks nothing.
  await page.addInitScript('delete globalThis.showSaveFilePicker');
  const watched: Watched = { page, complaints: [], requested: [] };
  page.on('console', (message) => watched.complaints.push(message.text()));
  page.on('pageerror', (error) => watched.complaints.push(error.message));
  page.on('request', (request) => watched.requested.push(request.url()));
  await page.goto(address);
  await settled(page);
  return watched;
}

/** When the page has done all that it was asked for. */
async function settled(page: Page): Promise<void> {
  await page.waitForSelector('body[data-busy=false] .target');
  expect(await page.locator('#failure').isVisible()).toBe(false);
}

async function attack(page: Page, id: string): Promise<void> {
  await page.click(`[data-attack=${id}].attack`);
  await page.waitForSelector(`#outcome[data-attack=${id}]`);
  await settled(page);
}

const proof = (page: Page, name: string) =>
  page.locator(`#outcome .proof dt:text-is("${name}") + dd`).textContent();

async function expectRefusal(page: Page, [id, code, clause, broken]: Refusal): Promise<void> {
  await attack(page, id);
  expect(await page.getAttribute('#outcome', 'data-state')).toBe('refused');
  expect([await proof(page, 'code'), await proof(page, 'TUF clause')]).toEqual([code, clause]);
  expect(await proof(page, 'handed out')).toBe('nothing');
  expect(await proof(page, 'expected')).not.toBe(await proof(page, 'got'));
  const link = page.locator('#outcome .link[data-state=broken]');
  expect(await link.getAttribute('data-link')).toBe(broken);
  expect(await link.locator('.failed .clause').textContent()).toBe(clause);
  expect(
    await page.locator(`#outcome .link[data-link=${broken}] ~ .link:not([data-state=unreached])`).count(),
  ).toBe(0);
  expect(await page.getByRole('status').first().textContent()).toContain(
    `refused. ${code}, TUF clause ${clause}.`,
  );
}

async function download(page: Page, index: number) {
  const given = page.waitForEvent('download');
  await page.locator('.target dtuf-download').nth(index).click();
  const download = await given;
  await page.locator('.target dtuf-download[state=saved]').nth(index).waitFor();
  return { name: download.suggestedFilename(), path: await download.path() };
}

const missing = whyNoPage('the page of the demo', ['dist/cli.js']);

describe.skipIf(missing !== undefined)('the page of the demo', () => {
  let browser: Browser;

  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  describe('from a plain static host, below a path', () => {
    let site: StaticSite;
    let watched: Watched;
    let page: Page;

    beforeAll(async () => {
      site = await startStaticSite();
    });
    afterAll(() => site?.stop());
    beforeEach(async () => {
      watched = await open(browser, site.address);
      page = watched.page;
    });
    afterEach(async () => {
      await page.context().close();
      expect(watched.complaints).toEqual([]);
      expect(site.missed).toEqual([]);
      const elsewhere = watched.requested.filter((url) => !url.startsWith(site.address));
      // The blob that a browser saves has an address within the page.
      expect(elsewhere.filter((url) => !url.startsWith('blob:'))).toEqual([]);
    });

    it('publishes, and verifies with each check and its clause', async () => {
      expect(await page.locator('#roles th').allTextContents()).toEqual([
        'root',
        'targets',
        'snapshot',
        'timestamp',
      ]);
      expect(await page.locator('#files th').allTextContents()).toEqual(['install.sh', 'app.tar']);
      expect(await page.locator('#metadata summary').allTextContents()).toEqual([
        '1.root.json',
        'timestamp.json',
        '2.snapshot.json',
        '2.targets.json',
      ]);
      expect(await page.textContent('#root-key')).toMatch(/^-----BEGIN PUBLIC KEY-----/);
      expect(await page.locator('#chain h4').allTextContents()).toEqual([
        'root',
        'timestamp',
        'snapshot',
        'targets',
        'file',
      ]);
      expect(await page.locator('#chain .link:not([data-state=verified])').count()).toBe(0);
      expect(await page.locator('#chain .clause').allTextContents()).toEqual(CLAUSES);
      expect(await page.textContent('#chain-summary')).toMatch(/^13 checks .* in \d+ ms and 2 requests\.$/);
    });

    it('saves files through <dtuf-download>, before the update and after it', async () => {
      const first = await download(page, 0);
      expect(first.name).toBe('install.sh');
      expect(await readFile(first.path, 'utf8')).toContain('release 1');
      expect((await stat((await download(page, 1)).path)).size).toBe(262_144);
      await page.click('#update-button');
      await page.waitForSelector('#update[data-state=done]');
      await settled(page);
      const second = await download(page, 0);
      expect(await readFile(second.path, 'utf8')).toContain('release 2');
    });

    it('names only what an update has changed', async () => {
      await page.click('#update-button');
      await page.waitForSelector('#update[data-state=done]');
      await settled(page);
      expect(await page.locator('#changed [data-state=changed] code').allTextContents()).toEqual([
        'install.sh',
      ]);
      expect(await page.locator('#changed [data-state=same] code').allTextContents()).toEqual(['app.tar']);
      expect(await page.textContent('#update-summary')).toContain('in 1 request.');
    });

    it.each(REFUSALS)('refuses %s', async (...refusal) => {
      await expectRefusal(page, refusal);
    });

    it('refuses one after the other, in any order', async () => {
      for (const refusal of REFUSALS.toReversed()) await expectRefusal(page, refusal);
    });

    it('shows what a plain fetch takes from the same attacker', async () => {
      await attack(page, 'tampered-file');
      expect(await page.locator('#outcome mark').allTextContents()).toEqual(['rm -rf //*\n']);
      await attack(page, 'stolen-timestamp-key');
      expect((await page.locator('#outcome mark').allTextContents()).join('')).toContain('thief.invalid');
      await attack(page, 'endless-data');
      expect(await page.textContent('#outcome')).toContain('More was still coming.');
    });

    it('refuses a person who presses <dtuf-download> before an attacker, in words', async () => {
      const given: string[] = [];
      page.on('download', (download) => given.push(download.suggestedFilename()));
      for (const [id] of REFUSALS.filter(([attack]) => attack !== 'freeze')) {
        await attack(page, id);
        await page.click('#outcome dtuf-download');
        await page.waitForSelector('#outcome dtuf-download[state=refused]');
        const status = page.locator('#outcome').getByRole('status');
        expect(await status.textContent()).toMatch(/^Refused: .*/);
      }
      await attack(page, 'freeze');
      expect(await page.locator('#outcome dtuf-download').count()).toBe(0);
      expect(given).toEqual([]);
    });

    it('carries out the attack that its address names', async () => {
      await attack(page, 'freeze');
      expect(page.url()).toBe(`${site.address}#freeze`);
      await page.reload();
      await page.waitForSelector('#outcome[data-attack=freeze][data-state=refused]');
      expect(await page.locator('#outcome .verdict').isVisible()).toBe(true);
    });

    it('is used without a mouse, and moves nothing where that is not wanted', async () => {
      const button = page.locator('[data-attack=rollback].attack');
      await button.focus();
      await page.keyboard.press('Enter');
      await page.waitForSelector('#outcome[data-attack=rollback]');
      await settled(page);
      expect(await button.getAttribute('aria-pressed')).toBe('true');
      expect(await page.evaluate('document.activeElement?.dataset.attack')).toBe('rollback');
      // A border that changes its colour over a moment moves nothing.
      const moving = 'document.getAnimations().filter((one) => one instanceof CSSAnimation).length';
      expect(await page.evaluate(moving)).toBe(0);
    });

    it('minds no second tab, and removes what closed ones have left', async () => {
      const kept = () => page.evaluate<number>('indexedDB.databases().then(({ length }) => length)');
      const openTab = async () => {
        const tab = await page.context().newPage();
        await tab.addInitScript('delete globalThis.showSaveFilePicker');
        await tab.goto(site.address);
        await settled(tab);
        return tab;
      };
      await download(page, 0);
      const second = await openTab();
      await download(second, 0);
      expect(await kept()).toBe(2);
      await second.close();
      await page.waitForFunction('navigator.locks.query().then(({ held }) => held.length === 1)');
      await openTab();
      expect(await kept()).toBe(1);
      expect((await download(page, 1)).name).toBe('app.tar');
    });

    it.each([320, 390, 1280])('fits into %i pixels', async (width) => {
      await page.setViewportSize({ width, height: 844 });
      for (const [id] of REFUSALS) {
        await attack(page, id);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
        const wide = await page.evaluate(
          `[...document.querySelectorAll('.panel, .side, table')].filter((e) => e.scrollWidth > e.clientWidth).map((e) => e.className)`,
        );
        expect(wide).toEqual([]);
      }
    });
  });

  describe('where it cannot work', () => {
    let site: StaticSite;

    beforeAll(async () => {
      site = await startStaticSite();
    });
    afterAll(() => site?.stop());

    it.each([
      ['without scripts', { javaScriptEnabled: false }, () => site.address],
      ['from file:', {}, () => pathToFileURL(join(site.folder, 'index.html')).href],
    ])('says so: %s', async (_, options, address) => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      await page.goto(address());
      await page.getByText('nothing is verified here').waitFor();
      await context.close();
    });

    it('says so: over plain http', async () => {
      const other = await launchChromium('--host-resolver-rules=MAP demo.test 127.0.0.1');
      try {
        const page = await other.newPage();
        await page.goto(site.address.replace('localhost', 'demo.test'));
        await page.getByText('open it over https, or from localhost').first().waitFor();
        expect(await page.locator('#failure').isVisible()).toBe(true);
      } finally {
        await other.close();
      }
    });

    it('goes on where the browser keeps nothing, but for what a person would save', async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.addInitScript(
        `delete globalThis.showSaveFilePicker;
         for (const name of ['open', 'databases']) IDBFactory.prototype[name] = () => { throw new DOMException('refused', 'SecurityError'); };`,
      );
      await page.goto(site.address);
      await settled(page);
      for (const refusal of REFUSALS) await expectRefusal(page, refusal);
      await page.locator('.target dtuf-download').first().click();
      await page.locator('.target dtuf-download[state=refused]').first().waitFor();
      await context.close();
    });
  });

  describe('as npm run demo serves it', () => {
    let demo: Demo;
    let watched: Watched;
    let page: Page;

    beforeAll(async () => {
      demo = await startDemo();
    });
    afterAll(async () => {
      expect(await demo?.interrupt()).toBe(0);
      expect(existsSync(demo.folder)).toBe(false);
    });
    beforeEach(async () => {
      watched = await open(browser, demo.address);
      page = watched.page;
    });
    afterEach(async () => {
      await page.context().close();
      expect(watched.complaints).toEqual([]);
      expect(
        watched.requested.filter((url) => !url.startsWith(demo.address) && !url.startsWith('blob:')),
      ).toEqual([]);
    });

    it('verifies and saves what the command has published', async () => {
      expect(await page.getAttribute('body', 'data-world')).toBe('served');
      expect(await page.locator('#chain .clause').allTextContents()).toEqual(CLAUSES);
      const [text, data] = [await download(page, 0), await download(page, 1)];
      expect(text.name).toBe('demo.txt');
      expect(await readFile(text.path, 'utf8')).toBe('Hello again, World!\n');
      expect(data.name).toBe('release.bin');
      expect((await stat(data.path)).size).toBe(3_000_000);
    });

    it('refuses the six attacks on that registry', async () => {
      for (const refusal of REFUSALS) await expectRefusal(page, refusal);
      expect(watched.requested.filter((url) => url.includes('/v2/fred/demo/')).length).toBeGreaterThan(10);
    });

    it('goes over to the registry within the page, and back', async () => {
      await page.click('#choice label:last-of-type');
      await page.waitForSelector('body[data-world=in-page]');
      await settled(page);
      expect(await page.locator('#files th').allTextContents()).toEqual(['install.sh', 'app.tar']);
      for (const refusal of REFUSALS.slice(0, 1)) await expectRefusal(page, refusal);
      await page.click('#choice label:first-of-type');
      await page.waitForSelector('body[data-world=served]');
      await settled(page);
      expect(await page.locator('#files th').allTextContents()).toEqual(['demo.txt', 'release.bin']);
    });

    it('lets nobody write, nor any other host name in', async () => {
      const upload = await fetch(`${demo.address}/v2/fred/demo/blobs/uploads/`, { method: 'POST' });
      expect(upload.status).toBe(404);
      const { port } = new URL(demo.address);
      const foreign = await fetch(`http://127.0.0.1:${port}/demo.json`);
      expect(foreign.status).toBe(404);
    });
  });
});

interface Demo {
  readonly address: string;
  readonly folder: string;
  /** As Ctrl-C. @returns the exit code. */
  interrupt(): Promise<number | null>;
}

async function startDemo(): Promise<Demo> {
  const child = spawn(process.execPath, ['demo/run.js'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = await outputUntil(child, /Ctrl-C ends it/);
  const exited = once(child, 'exit');
  return {
    address: /http:\/\/localhost:\d+/.exec(output)?.[0] ?? '',
    folder: /over the folder (\S+)\/registry/.exec(output)?.[1] ?? '',
    async interrupt() {
      child.kill('SIGINT');
      const [code] = await exited;
      return code;
    },
  };
}

function outputUntil(child: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const add = (text: unknown) => {
      output += String(text);
      if (wanted.test(output)) resolve(output);
    };
    child.stdout?.on('data', add);
    child.stderr?.on('data', add);
    child.once('exit', () => reject(new Error(`the demo ended early: ${output}`)));
  });
}
