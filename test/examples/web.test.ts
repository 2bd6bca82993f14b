// docs/web.md: its walk through A and B as a reader does it, and the texts that it says a person may see, in Chromium.
import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { serve } from '../../adapters/registry/serve.ts';
import { launchChromium, whyNoPage } from '../browser-page/chromium.ts';
import { blocksOf, tableUnder } from '../docs/markdown.ts';
import { describeWithCommand, freePort } from '../peers/places.ts';
import { soon, visit } from './download.ts';
import { type Published, published, repository, type Site, startSite, temporaryFolder } from './place.ts';

const missing = whyNoPage('docs/web.md', [join(repository, 'dist/element.min.js')]);
const PASSWORDS = Object.fromEntries(
  ['ROOT', 'TARGETS', 'SNAPSHOT', 'TIMESTAMP'].map((role) => [`DTUF_${role}_KEY_PASSWORD`, `of ${role}`]),
);

/** The one block of the document that has this text. */
function block(part: string): string {
  const found = blocksOf('docs/web.md').filter(({ code }) => code.includes(part));
  if (found.length !== 1) throw new Error(`docs/web.md has ${found.length} blocks with ${part}`);
  return found[0]?.code ?? '';
}

describe.skipIf(missing !== undefined)('docs/web.md', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  describeWithCommand('python3', 'in five minutes, on this machine', () => {
    let home: Awaited<ReturnType<typeof temporaryFolder>>;
    let folder: string;
    let ports: readonly [string, string];
    const groups: number[] = [];

    beforeAll(async () => {
      home = await temporaryFolder();
      folder = join(home.path, 'empty');
      const packages = join(home.path, 'lib');
      await mkdir(folder);
      await mkdir(join(home.path, 'bin'));
      await mkdir(packages);
      await symlink(repository, join(packages, 'dtuf'));
      await symlink(join(repository, 'dist/cli.js'), join(home.path, 'bin/dtuf'));
      await writeFile(
        join(home.path, 'bin/npm'),
        `#!/bin/sh\n[ "$*" = "root --global" ] && echo ${packages}\n`,
        {
          mode: 0o755,
        },
      );
      ports = [String(await freePort()), String(await freePort())];
    });
    afterAll(async () => {
      for (const group of groups) process.kill(-group);
      await home?.remove();
    });

    const here = (text: string) =>
      text
        .replace('--port 5000', `--port ${ports[0]}`)
        .replaceAll('localhost:5000', `localhost:${ports[0]}`)
        .replace('http.server 8000', `http.server ${ports[1]}`)
        .replaceAll('localhost:8000', `localhost:${ports[1]}`);

    function environment(): NodeJS.ProcessEnv {
      const { PATH = '' } = process.env;
      const path = join(home.path, 'bin') + delimiter + PATH;
      return { ...PASSWORDS, PATH: path, HOME: home.path, DTUF_HOST: 'oci:registry', DTUF_LOG_FILE: '' };
    }

    async function shell(script: string): Promise<void> {
      await promisify(execFile)('bash', ['-euc', here(script)], { cwd: folder, env: environment() });
    }

    /** Leaves behind what the block leaves running, until the end. */
    async function start(script: string): Promise<void> {
      const options = { cwd: folder, env: environment(), detached: true, stdio: 'ignore' } as const;
      const { pid } = spawn('bash', ['-euc', `${here(script)}\nwait`], options);
      if (pid !== undefined) groups.push(pid);
      for (const port of ports) {
        await soon(() =>
          fetch(`http://127.0.0.1:${port}/`).then(
            () => true,
            () => false,
          ),
        ).toBe(true);
      }
    }

    async function click(): Promise<string | null> {
      const { page, downloads } = await visit(browser, `http://localhost:${ports[1]}/`);
      await page.getByRole('button', { name: 'Download demo.txt' }).click();
      await page.waitForSelector('dtuf-download[state=refused], dtuf-download[state=saved]');
      const said = await page.getByRole('status').textContent();
      expect(downloads).toEqual(said?.startsWith('Refused') ? [] : ['demo.txt']);
      await page.close();
      return said;
    }

    it('leads to a verified download from a registry (A), a refusal, and one from files (B)', async () => {
      await shell(block('create-root-key'));
      const html = block('<!doctype html>');
      await writeFile(join(folder, 'site/index.html'), here(html));
      await start(block('dtuf serve'));
      const text = await readFile(join(repository, 'docs/web.md'), 'utf8');
      const words = ['Verified and saved.', 'Refused: demo.txt is not what was signed. Nothing was saved.'];
      for (const said of words) expect(text).toContain(`"${said}"`);
      expect(await click()).toBe(words[0]);
      await shell(block("echo 'Jello World!'"));
      expect(await click()).toBe(words[1]);

      await shell(block('dtuf export fred/demo site'));
      const place = block('layout="http"').trim();
      await writeFile(
        join(folder, 'site/index.html'),
        here(html.replace(/host="[^"]*" repository="[^"]*"/, place)),
      );
      // The registry that was tampered with is not asked any more.
      await shell(block("echo 'Jello World!'"));
      expect(await click()).toBe(words[0]);

      const script = block('./dtuf.min.js').replace('https://files.example.com', 'http://localhost:8000');
      await writeFile(join(folder, 'site/page.js'), here(script));
      await writeFile(
        join(folder, 'site/page.html'),
        '<output></output><script type="module" src="page.js"></script>',
      );
      const { page } = await visit(browser, `http://localhost:${ports[1]}/page.html`);
      await soon(() => page.textContent('output')).toBe('Hello World!\n');
      await page.close();
    });

    it('asks with curl whether a registry lets pages read', async () => {
      const command = block('curl -sS').replace(
        'https://registry.example.com',
        `http://localhost:${ports[0]}`,
      );
      const { stdout } = await promisify(execFile)('bash', ['-euc', command]);
      expect(stdout.trim().toLowerCase()).toBe('access-control-allow-origin: *');
      const closed = await serve({ storage: memoryStorage() });
      onTestFinished(() => closed.close());
      const other = block('curl -sS').replace('https://registry.example.com', closed.url);
      await expect(promisify(execFile)('bash', ['-euc', other])).rejects.toMatchObject({
        code: 1,
        stdout: '',
      });
    });
  });

  describe('what a person may see', () => {
    let files: Published;
    let site: Site;
    let folder: Awaited<ReturnType<typeof temporaryFolder>>;
    beforeAll(async () => {
      [files, folder] = await Promise.all([
        published('fred/demo', { 'demo.txt': 'Hello World!\n', 'changed.txt': 'Hello World!!\n' }),
        temporaryFolder(),
      ]);
      await files.tamper('changed.txt');
      await cp(join(repository, 'dist/element.min.js'), join(folder.path, 'element.min.js'));
      await writeFile(join(folder.path, 'root.json'), files.rootJson);
      site = await startSite(folder.path);
    });
    afterAll(async () => {
      await Promise.all([site?.stop(), files?.stop()]);
      await folder?.remove();
    });

    interface Case {
      readonly host?: string;
      readonly target?: string;
      readonly trust?: string;
      readonly policy?: string;
      /** The address of the page, where that is not the site's. */
      readonly at?: string;
      readonly before?: (page: Page) => Promise<unknown>;
    }

    const document = ({
      host = files.registry,
      target = 'demo.txt',
      trust = 'root.json',
      policy = '',
    }: Case) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>test</title>${policy}
<script type="module" src="element.min.js"></script>
<dtuf-download host="${host}" repository="fred/demo" target="${target}" trust="${trust}">Get it<b slot="fallback">no scripts</b></dtuf-download></html>`;

    /** The page and its files at an address that no server of ours could have. */
    async function stand(page: Page, one: Case): Promise<void> {
      await page.route(`${new URL(one.at ?? '').origin}/**`, async (route) => {
        const path = new URL(route.request().url()).pathname.slice(1);
        if (path === 'page.html') return route.fulfill({ contentType: 'text/html', body: document(one) });
        await route.fulfill({
          contentType: 'text/javascript',
          body: await readFile(join(folder.path, path), 'utf8'),
        });
      });
    }

    /** Opens a page, clicks, and tells what is said. */
    async function said(one: Case): Promise<string | null> {
      const context = await browser.newContext();
      onTestFinished(() => context.close());
      const page = await context.newPage();
      await page.addInitScript('delete globalThis.showSaveFilePicker');
      if (one.at === undefined) await writeFile(join(folder.path, 'page.html'), document(one));
      else await stand(page, one);
      await one.before?.(page);
      await page.goto(one.at ?? `${site.origin}/page.html`);
      await page.getByRole('button').click();
      await page.waitForSelector('dtuf-download[state=refused]', { timeout: 30_000 });
      return page.getByRole('status').textContent();
    }

    const rows = tableUnder('docs/web.md', 'What a person may see').map(([begin = '', means = '']) => ({
      begin,
      code: /^`([A-Z_]+)`/.exec(means)?.[1],
    }));
    /** The row whose text has this in it, as an expression for what is shown. */
    function row(part: string): RegExp {
      const found = rows.filter(({ begin }) => begin.includes(part));
      if (found.length !== 1) throw new Error(`the table has ${found.length} rows with ${part}`);
      const escaped = (found[0]?.begin ?? '').replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
      return new RegExp(`^${escaped.replaceAll('…', '.+')}`);
    }

    it('a file that was changed', async () => {
      expect(await said({ target: 'changed.txt' })).toMatch(row('is not what was signed'));
    });

    it('a clock that is fast by a year', async () => {
      const next = Date.now() + 366 * 24 * 3_600_000;
      expect(await said({ before: (page) => page.clock.setFixedTime(next) })).toMatch(
        row('to be trusted until'),
      );
    });

    it('no CORS', async () => {
      const closed = await serve({ storage: memoryStorage() });
      onTestFinished(() => closed.close());
      expect(await said({ host: closed.url })).toMatch(row('does not let this page read'));
    });

    it('nobody there', async () => {
      expect(await said({ host: `http://localhost:${await freePort()}` })).toMatch(row('The connection to'));
    });

    it('a policy without the registry', async () => {
      const policy = `<meta http-equiv="Content-Security-Policy" content="connect-src 'self'">`;
      expect(await said({ policy })).toMatch(row('Content-Security-Policy does not let it ask'));
    });

    it('mixed content', async () => {
      const host = 'http://registry.example.com';
      expect(await said({ host, at: 'https://page.example/page.html' })).toMatch(
        row('This page came over https'),
      );
    });

    it('a page that came over http', async () => {
      expect(await said({ at: 'http://page.example/page.html' })).toMatch(row('no secure context'));
    });

    it('a page from file:', async () => {
      const local = await mkdtemp(join(tmpdir(), 'dtuf-file-page-'));
      onTestFinished(() => rm(local, { recursive: true, force: true }));
      await cp(folder.path, local, { recursive: true });
      await writeFile(join(local, 'page.html'), document({}));
      const { page } = await visit(browser, pathToFileURL(join(local, 'page.html')).href);
      expect(await page.getByText('no scripts').isVisible()).toBe(true);
      expect(rows.filter(({ begin }) => begin.includes('slot="fallback"'))).toHaveLength(1);
      await page.close();
    });

    it('storage that is refused', async () => {
      const refuse = `IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError'); };`;
      expect(await said({ before: (page) => page.addInitScript(refuse) })).toMatch(
        row('keeps no data for this page'),
      );
    });

    it('storage that is full', async () => {
      const full = async (page: Page) => {
        const session = await page.context().newCDPSession(page);
        await session.send('Storage.overrideQuotaForOrigin', { origin: site.origin, quotaSize: 10 });
      };
      expect(await said({ before: full })).toMatch(row('is used up'));
    });

    it('a root that is not there', async () => {
      expect(await said({ trust: 'rooot.json' })).toMatch(row('trusted root could not be fetched'));
    });

    it('each with its code', () => {
      const codes = rows.map(({ code }) => code).filter((code) => code !== undefined);
      expect(codes).toHaveLength(rows.length - 1);
    });
  });
});
