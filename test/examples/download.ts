// What a person does with a page that offers a download, and what comes of it.
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright';
import { expect } from 'vitest';

export interface Visit {
  readonly page: Page;
  /** What the browser complained about: of scripts, policies, and what could not be had. */
  readonly complaints: string[];
  /** Names of the files that were handed to the browser's downloads. */
  readonly downloads: string[];
}

export async function visit(browser: Browser, address: string): Promise<Visit> {
  const page = await browser.newPage();
  // Without a head, Chromium closes its picker at once, as a user who picks nothing.
  await page.addInitScript('delete globalThis.showSaveFilePicker');
  const complaints: string[] = [];
  const downloads: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('download', (given) => downloads.push(given.suggestedFilename()));
  await page.goto(address);
  return { page, complaints, downloads };
}

/** Clicks, and waits for a file. @returns its name and what is in it */
export async function saveBy({ page }: Visit, button: string): Promise<readonly [string, string]> {
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: button }).click();
  const download = await downloading;
  return [download.suggestedFilename(), await readFile(await download.path(), 'utf8')];
}

/** What comes true some time, also where the machine is busy. */
export function soon<T>(ask: () => T) {
  return expect.poll(ask, { timeout: 30_000 });
}
