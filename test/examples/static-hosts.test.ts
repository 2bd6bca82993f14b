// An export on the static hosts of docs/web.md, read by a page of another origin: nginx by the document's own block, and a server
// that answers as GitHub Pages does.
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { launchChromium, whyNoPage } from '../browser-page/chromium.ts';
import { blocksOf } from '../docs/markdown.ts';
import { describeWithCommand, makeAuthority, trusting } from '../peers/places.ts';
import { type Front, startNginx } from '../peers/proxies.ts';
import { type Published, published, repository, type Site, startSite, temporaryFolder } from './place.ts';

const missing = whyNoPage('exports on static hosts', [join(repository, 'dist/dtuf.min.js')]);

describe.skipIf(missing !== undefined)('an export', () => {
  let browser: Browser;
  let files: Published;
  /** Where the page is. */
  let site: Site;
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeAll(async () => {
    [browser, folder] = await Promise.all([launchChromium('--ignore-certificate-errors'), temporaryFolder()]);
    await cp(join(repository, 'dist/dtuf.min.js'), join(folder.path, 'dtuf.min.js'));
    site = await startSite(folder.path);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
    await folder?.remove();
  });
  beforeEach(async () => {
    files = await published('fred/demo', { 'demo.txt': 'Hello World!\n' });
  });
  afterEach(() => files?.stop());

  /** What a page of another origin gets from the place: a text, or a code. */
  async function read(host: string): Promise<unknown> {
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(`${site.origin}/`);
    return page.evaluate(`(async () => {
      const { DTufCopy, memoryStore } = await import('/dtuf.min.js');
      const options = ${JSON.stringify({ host, layout: 'http', trust: files.rootKey })};
      const copy = new DTufCopy({ ...options, store: memoryStore() });
      try {
        await copy.pullMetadata();
        return await (await copy.pullTarget('demo.txt')).text();
      } catch (error) {
        return error.code;
      }
    })()`);
  }

  describeWithCommand('nginx', 'behind nginx as documented', () => {
    let authority: Awaited<ReturnType<typeof makeAuthority>>;
    let nginx: Front;
    let origin: string;
    beforeEach(async () => {
      authority = await makeAuthority();
      const [block] = blocksOf('docs/web.md').filter(({ language }) => language === 'nginx');
      nginx = await startNginx((port) =>
        (block?.code ?? '')
          .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
          .replace('server_name files.example.com', 'server_name localhost')
          .replace('/etc/ssl/files.crt', authority.certificate)
          .replace('/etc/ssl/files.key', authority.key)
          .replace('/srv/public', files.exported),
      );
      origin = `https://localhost:${nginx.port}`;
    });
    afterEach(async () => {
      await nginx?.stop();
      await authority?.stop();
    });

    it('is read by its bundle in two requests, and by its metadata, without a preflight', async () => {
      expect(await read(`${origin}/metadata/bundle.json`)).toBe('Hello World!\n');
      expect(await nginx.requests()).toEqual([
        'GET /metadata/bundle.json 200',
        expect.stringMatching(/^GET \/targets\/[0-9a-f]{64}\.demo\.txt 200$/),
      ]);
      expect(await read(`${origin}/metadata/`)).toBe('Hello World!\n');
      const requests = await nginx.requests();
      expect(requests).toContain('GET /metadata/2.root.json 404');
      expect(requests.filter((request) => !request.startsWith('GET'))).toEqual([]);
    });

    it('is refused where a file was changed', async () => {
      await files.tamper('demo.txt');
      expect(await read(`${origin}/metadata/bundle.json`)).toBe('TARGET_MISMATCH');
    });

    it('is cached for as long as it cannot change, and what is not there is not', async () => {
      const get = await trusting(authority);
      const headers = async (path: string) => {
        const { status, headers: got } = await get(`${origin}${path}`);
        return [status, got.get('cache-control'), got.get('access-control-allow-origin')];
      };
      await read(`${origin}/metadata/bundle.json`);
      const target = /\/targets\/\S+/.exec((await nginx.requests()).join('\n'))?.[0] ?? '';
      const kept = 'public, max-age=31536000, immutable';
      expect(await headers('/metadata/bundle.json')).toEqual([200, 'no-cache', '*']);
      expect(await headers('/metadata/timestamp.json')).toEqual([200, 'no-cache', '*']);
      expect(await headers('/metadata/1.root.json')).toEqual([200, kept, '*']);
      expect(await headers(target)).toEqual([200, kept, '*']);
      expect(await headers('/metadata/2.root.json')).toEqual([404, null, '*']);
    });
  });

  describe('on a host that lets pages read what is there and nothing else, as GitHub Pages', () => {
    let host: Site;
    beforeEach(async () => {
      host = await startSite(
        files.exported,
        {},
        { 'Access-Control-Allow-Origin': '*', 'Cache-Control': 'max-age=600' },
      );
    });
    afterEach(() => host?.stop());

    it('is read by its bundle', async () => {
      expect(await read(`${host.origin}/metadata/bundle.json`)).toBe('Hello World!\n');
      expect(host.asked).toHaveLength(2);
    });

    it('is refused where a file was changed', async () => {
      await files.tamper('demo.txt');
      expect(await read(`${host.origin}/metadata/bundle.json`)).toBe('TARGET_MISMATCH');
    });

    it('cannot be read by its metadata: that asks for a root that is not there', async () => {
      expect(await read(`${host.origin}/metadata/`)).toBe('UNREACHABLE');
    });
  });
});
