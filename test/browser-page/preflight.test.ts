// A page that reads a registry of another origin: what Chromium asks of it, and whether it asks first.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { publisher } from '../core/people.ts';
import { noise } from '../registry/content.ts';
import {
  corsHeaders,
  type DockerRegistry,
  dockerRegistryFound,
  startDockerRegistry,
} from '../registry/docker-registry.ts';
import { type FaultProxy, startFaultProxy } from '../registry/fault-proxy.ts';
import { launchChromium, whyNoPage } from './chromium.ts';

const bundle = fileURLToPath(new URL('../../dist/dtuf.min.js', import.meta.url));
const missing = whyNoPage('preflights of a page', [bundle]);

/** Runs in the page. */
const SCRIPT = `
const [host, repository, trust] = await new Promise((resolve) => { globalThis.begin = resolve; });
const { DTufCopy } = await import('/dtuf.min.js');
// Every connection is too slow, so that ranges are asked for too.
const limits = { fast: Infinity, range: 200_000 };
const copy = new DTufCopy({ host, repository, trust, limits });
await copy.pullMetadata();
await copy.pullMetadata();
const small = await (await copy.pullTarget('small')).text();
const large = await (await copy.pullTarget('large')).bytes();
globalThis.result = [small, large.length];
`;

describe.skipIf(missing !== undefined || !dockerRegistryFound)('an anonymous read by a page', () => {
  let docker: DockerRegistry;
  let proxy: FaultProxy;
  let site: Server;
  let browser: Browser;
  beforeAll(async () => {
    docker = await startDockerRegistry({ headers: corsHeaders });
    proxy = await startFaultProxy(docker.url);
    const script = await readFile(bundle);
    site = createServer(({ url }, response) => {
      const [type, body] =
        url === '/dtuf.min.js'
          ? ['text/javascript', script]
          : ['text/html', `<script type=module>${SCRIPT}</script>`];
      response.writeHead(200, { 'Content-Type': type }).end(body);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    site?.close();
    await proxy?.stop();
    await docker?.stop();
  });

  it('makes no preflight, also where it asks for ranges', async () => {
    const { master, repository, rootKey } = await publisher(docker.host);
    await master.pushTarget('small', new TextEncoder().encode('Hello'));
    await master.pushTarget('large', noise(3_000_000));
    await master.pushMetadata();
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
    await page.waitForFunction('globalThis.begin');
    await page.evaluate(`begin(${JSON.stringify([proxy.url, repository, rootKey])})`);
    await page.waitForFunction('globalThis.result', undefined, { timeout: 30_000 });
    expect(await page.evaluate('result')).toEqual(['Hello', 3_000_000]);
    const methods = proxy.seen.map(({ method }) => method);
    expect(methods.filter((method) => method !== 'GET')).toEqual([]);
    // Two refreshes, the small target, and the large one at first in one piece.
    expect(proxy.seen.slice(0, 4).map(({ headers }) => headers.range)).toEqual(Array(4).fill(undefined));
  });
});
