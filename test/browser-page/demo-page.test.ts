// The page of `npm run demo`: dist/dtuf.min.js and dist/element.min.js in a page without a build step, under a strict policy.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, whyNoPage } from './chromium.ts';

const missing = whyNoPage('the page of the demo', ['dist/dtuf.min.js', 'dist/element.min.js']);

describe.skipIf(missing !== undefined)('the page of the demo', () => {
  let demo: Demo;
  let browser: Browser;
  let page: Page;
  let complaints: string[];

  beforeAll(async () => {
    [demo, browser] = await Promise.all([startDemo(), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    expect(await demo?.interrupt()).toBe(0);
    expect(existsSync(demo.folder)).toBe(false);
  });
  beforeEach(async () => {
    page = await browser.newPage();
    // Without a head, Chromium closes its picker at once, as a user who picks nothing.
    await page.addInitScript('delete globalThis.showSaveFilePicker');
    complaints = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(demo.address);
    await page.waitForSelector('#verdict:not([data-state=checking])');
  });
  afterEach(async () => {
    await page.close();
  });

  it('verifies the repository in one request, and shows each check with its clause', async () => {
    expect(await page.textContent('#verdict-title')).toBe('Verified');
    expect(await page.textContent('#verdict-text')).toMatch(/^12 checks passed in \d+ ms, with 1 request\./);
    expect(await page.locator('.chain h3').allTextContents()).toEqual([
      'root',
      'timestamp',
      'snapshot',
      'targets',
    ]);
    expect(await page.locator('.checks .passed .clause').allTextContents()).toEqual([
      '5.2',
      '5.3.10',
      '5.4.2',
      '5.4.4',
      '5.5.2',
      '5.5.3',
      '5.5.4',
      '5.5.6',
      '5.6.2',
      '5.6.3',
      '5.6.4',
      '5.6.5',
    ]);
    expect(complaints).toEqual([]);
  });

  it('saves a verified target through the browser’s downloads', async () => {
    expect(await page.locator('.target h3').allTextContents()).toEqual(['demo.txt', 'release.bin']);
    const [text, data] = [await download(page, 0), await download(page, 1)];
    expect(text.suggestedFilename()).toBe('demo.txt');
    expect(await readFile(await text.path(), 'utf8')).toBe('Hello again, World!\n');
    expect(data.suggestedFilename()).toBe('release.bin');
    expect((await stat(await data.path())).size).toBe(3_000_000);
    await page.waitForSelector('.target:last-child dtuf-download[state=saved]');
    expect(complaints).toEqual([]);
  });

  it('refuses what the tampered mirror serves, which a plain fetch takes', async () => {
    const downloads: string[] = [];
    page.on('download', (given) => downloads.push(given.suggestedFilename()));
    await page.click('#plain-button');
    await page.waitForSelector('#plain .came');
    expect(await page.textContent('#plain .came')).toBe('Jello again, World!');
    await page.click('#guarded-download');
    await page.waitForSelector('#guarded-download[state=refused]');
    expect(await page.locator('#guarded .proof dd').first().textContent()).toBe('TARGET_MISMATCH');
    expect(downloads).toEqual([]);
    expect(complaints).toEqual([]);
  });

  it('checks again without being given the key again, and fits on a phone', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.click('#again');
    await page.waitForSelector('#verdict[data-state=ok]');
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
  });
});

async function download(page: Page, index: number) {
  const given = page.waitForEvent('download');
  await page.locator('.target dtuf-download').nth(index).click();
  return given;
}

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
