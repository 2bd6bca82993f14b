// A page that reads a TUF repository on a web server of another origin, in a real browser.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toBase64 } from '../../src/to-base64.ts';
import { launchChromium, whyNoPage } from '../browser-page/chromium.ts';
import { publishForEver, Web } from './web.ts';

const missing = whyNoPage('web servers read by a page', ['dist/dtuf.min.js']);

const bundle = fileURLToPath(new URL('../../dist/dtuf.min.js', import.meta.url));

/** Runs in the page. @returns what a second visit finds */
const SCRIPT = `
const [host, root] = await new Promise((resolve) => { globalThis.begin = resolve; });
const { DTufCopy } = await import('/dtuf.min.js');
const trust = Uint8Array.from(atob(root), (character) => character.charCodeAt(0));
const first = new DTufCopy({ layout: 'http', host, trust });
await first.pullMetadata();
const text = await (await new DTufCopy({ layout: 'http', host }).pullTarget('folder/x y')).text();
const named = new DTufCopy({ layout: 'http', host, repository: 'other' });
const code = await named.pullTarget('folder/x y').catch((error) => error.code);
const databases = (await indexedDB.databases()).map(({ name }) => name).sort();
globalThis.result = { text, code, databases };
`;

describe.skipIf(missing !== undefined)('a page', () => {
  let site: Web;
  let web: Web;
  let browser: Browser;
  beforeAll(async () => {
    [site, web] = await Promise.all([Web.start(), Web.start()]);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await site?.stop();
    await web?.stop();
  });

  it('reads a web server of another origin without a preflight, and keeps the state under its address', async () => {
    const root = await publishForEver(web, { 'folder/x y': 'Hello' });
    const script = await readFile(bundle);
    site.fault = ({ url }, response) => {
      const [type, body] =
        url === '/dtuf.min.js'
          ? ['text/javascript', script]
          : ['text/html', `<script type=module>${SCRIPT}</script>`];
      response.writeHead(200, { 'Content-Type': type }).end(body);
      return true;
    };
    const page = await browser.newPage();
    await page.goto(site.origin);
    await page.waitForFunction('globalThis.begin');
    await page.evaluate(`begin(${JSON.stringify([web.metadata, toBase64(root)])})`);
    await page.waitForFunction('globalThis.result', undefined, { timeout: 20_000 });
    expect(await page.evaluate('result')).toEqual({
      text: 'Hello',
      code: 'METADATA_MISSING',
      databases: [`dtuf http ${web.metadata} copy`, `dtuf http ${web.metadata} other copy`],
    });
    expect(web.asked.map((path) => path.replace(/[0-9a-f]{64}/, '<hash>'))).toEqual([
      '/metadata/2.root.json',
      '/metadata/timestamp.json',
      '/metadata/1.snapshot.json',
      '/metadata/1.targets.json',
      '/targets/folder/<hash>.x%20y',
    ]);
  });
});
