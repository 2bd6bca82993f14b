// examples/page: made ready by the command of its README, and opened in a browser.
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { launchChromium, whyNoPage } from '../browser-page/chromium.ts';
import { blocksOf } from '../docs/markdown.ts';
import { saveBy, soon, visit } from './download.ts';
import {
  copyExample,
  type Published,
  published,
  repository,
  type Site,
  startSite,
  temporaryFolder,
} from './place.ts';

/** The policy of docs/web.md. */
const policy =
  blocksOf('docs/web.md')
    .find(({ language }) => language === 'http')
    ?.code.replace('Content-Security-Policy: ', '') ?? '';
const FILES = ['dtuf.min.js', 'element.min.js'];
const missing = whyNoPage(
  'the example of a page',
  FILES.map((name) => join(repository, 'dist', name)),
);

describe.skipIf(missing !== undefined)('a page without a build step', () => {
  let browser: Browser;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let files: Published;
  let site: Site;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    [folder, files] = await Promise.all([
      temporaryFolder(),
      published('fred/demo', { 'demo.txt': 'Hello World!\n' }),
    ]);
  });
  afterEach(async () => {
    await Promise.all([site?.stop(), files?.stop()]);
    await folder?.remove();
  });

  /** Does what README.md says. @returns the address of the page */
  async function make(from: 'registry' | 'export'): Promise<string> {
    const host = new URL(files.bundle).origin;
    const replaced: Record<string, string> =
      from === 'registry'
        ? { 'https://registry.example.com': files.registry }
        : {
            'host="https://registry.example.com" repository="fred/demo"': `host="${files.bundle}" layout="http"`,
            'https://registry.example.com': host,
          };
    await copyExample('page', folder.path, replaced);
    await writeFile(join(folder.path, 'root.json'), files.rootJson);
    await mkdir(join(folder.path, 'node_modules/dtuf/dist'), { recursive: true });
    for (const name of FILES) {
      await cp(join(repository, 'dist', name), join(folder.path, 'node_modules/dtuf/dist', name));
    }
    for (const { code } of blocksOf('examples/page/README.md')) {
      await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', code], { cwd: folder.path });
    }
    // Under both: the one of the document, as a header, and the one that the page brings along.
    site = await startSite(folder.path, {
      'Content-Security-Policy': policy.replace(
        'https://registry.example.com',
        from === 'registry' ? files.registry : host,
      ),
    });
    return `${site.origin}/`;
  }

  describe.each(['registry', 'export'] as const)('from a %s', (from) => {
    it('shows and saves what is verified, under its policy and with its hashes', async () => {
      expect(policy).toContain("default-src 'none'");
      const visited = await visit(browser, await make(from));
      const { page, complaints } = visited;
      await soon(() => page.textContent('#text')).toBe('Hello World!\n');
      expect(await saveBy(visited, 'Download demo.txt')).toEqual(['demo.txt', 'Hello World!\n']);
      await page.waitForSelector('dtuf-download[state=saved]');
      expect(complaints).toEqual([]);
      await page.close();
    });

    it('refuses a file that was changed, and hands out nothing', async () => {
      await files.tamper('demo.txt');
      const { page, downloads } = await visit(browser, await make(from));
      await soon(() => page.textContent('#text')).toMatch(/^Not shown: .*demo\.txt/);
      await page.getByRole('button').click();
      await page.waitForSelector('dtuf-download[state=refused]');
      expect((await page.getByRole('status').allTextContents()).join()).not.toContain('Jello');
      expect(downloads).toEqual([]);
      await page.close();
    });
  });

  it.each(FILES)('runs nothing of %s where that was changed after its hash was taken', async (name) => {
    const address = await make('registry');
    await appendFile(join(folder.path, name), '\nglobalThis.changed = true;\n');
    const { page, complaints } = await visit(browser, address);
    await soon(() => complaints.join()).toContain('integrity');
    expect(await page.evaluate('globalThis.changed')).toBeUndefined();
    if (name === 'element.min.js') {
      expect(await page.getByText('needs scripts').isVisible()).toBe(true);
    } else {
      await page.waitForSelector('dtuf-download[state=idle]');
      expect(await page.textContent('#text')).toBe('');
    }
    await page.close();
  });

  it('runs nothing before its hashes are filled in', async () => {
    const address = await make('registry');
    await copyExample('page', folder.path, { 'https://registry.example.com': files.registry });
    const { page, complaints } = await visit(browser, address);
    const refused = (name: string) =>
      complaints.some((text) => text.includes("'integrity'") && text.includes(`/${name}'`));
    await soon(() => FILES.filter(refused)).toEqual(FILES);
    expect(await page.getByText('needs scripts').isVisible()).toBe(true);
    await page.close();
  });
});
