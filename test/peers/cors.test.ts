// Pages of another origin, before registries that are set up as docs/cors.md says: its own blocks are what runs.
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { serve } from '../../adapters/registry/serve.ts';
import { launchChromium, whyNoPage } from '../browser-page/chromium.ts';
import { bytesOf, type Publisher, publisher } from '../core/people.ts';
import { blocksOf } from '../docs/markdown.ts';
import { startDockerRegistry } from '../registry/docker-registry.ts';
import { startTokenServer } from '../registry/token-server.ts';
import { type Authority, describeWithCommand, freePort, makeAuthority } from './places.ts';
import { startCaddy, startNginx } from './proxies.ts';
import { login, startEmbedded } from './registries.ts';

const bundle = fileURLToPath(new URL('../../dist/dtuf.min.js', import.meta.url));
const missing = whyNoPage('pages of other origins before registries', [bundle]);

describe.skipIf(missing !== undefined)('a page of another origin', () => {
  let authority: Authority;
  let browser: Browser;
  let site: Server;
  let origin: string;
  let page: Page;

  beforeAll(async () => {
    const script = await readFile(bundle);
    site = createServer(({ url }, response) => {
      const isScript = url === '/dtuf.min.js';
      response.setHeader('Content-Type', isScript ? 'text/javascript' : 'text/html');
      const module = "import * as dtuf from '/dtuf.min.js'; globalThis.dtuf = dtuf;";
      response.end(isScript ? script : `<script type="module">${module}</script>`);
    });
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const address = site.address();
    origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
    [authority, browser] = await Promise.all([
      makeAuthority(),
      launchChromium('--ignore-certificate-errors'),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await authority?.stop();
    await new Promise((resolve) => site?.close(resolve));
  });
  beforeEach(async () => {
    page = await browser.newPage();
    await page.goto(origin);
  });
  afterEach(async () => {
    await page?.close();
  });

  /** Runs in the page what ends in `return`. An error is returned as its code and message. */
  async function inPage(body: string): Promise<unknown> {
    return page.evaluate(`(async () => {
      try { ${body} } catch (error) { return error.code + ': ' + error.message; }
    })()`);
  }

  interface Read {
    readonly host: string;
    readonly credentials?: typeof login;
  }

  function pull({ repository, rootKey }: Pick<Publisher, 'repository' | 'rootKey'>, read: Read) {
    const options = JSON.stringify({ ...read, repository, trust: rootKey });
    return inPage(`
      const copy = new dtuf.DTufCopy({ ...${options}, store: dtuf.memoryStore() });
      await copy.pullMetadata();
      return (await copy.pullTarget('demo.txt')).text();`);
  }

  async function published(host: string, credentials?: typeof login): Promise<Publisher> {
    const made = await publisher(host, credentials ? { credentials } : {});
    await made.master.pushTarget('demo.txt', bytesOf('Hello World!'));
    await made.master.pushMetadata();
    return made;
  }

  /** A block of the document, for this machine. */
  function here(text: string, port: number, upstream: string, token = ''): string {
    const { certificate, key } = authority;
    return text
      .replace('listen 443 ssl', `listen 127.0.0.1:${port} ssl`)
      .replace('server_name registry.example.com', 'server_name localhost')
      .replace(/^registry\.example\.com \{/m, `https://localhost:${port} {\n  tls ${certificate} ${key}`)
      .replaceAll('/etc/ssl/registry.crt', certificate)
      .replaceAll('/etc/ssl/registry.key', key)
      .replaceAll('127.0.0.1:5000', upstream)
      .replaceAll('127.0.0.1:5001', token)
      .replaceAll('https://app.example.com', origin);
  }

  const proxies = [
    { command: 'nginx', start: startNginx },
    { command: 'caddy', start: startCaddy },
  ] as const;

  for (const { command, start } of proxies) {
    describeWithCommand(command, `with ${command} as documented`, () => {
      const block = (index: number) => blocksIn(command)[index] ?? '';

      it('reads anonymously, without a preflight, and cannot write', async () => {
        const registry = await startDockerRegistry();
        const front = await start((port) => here(block(0), port, registry.host));
        onTestFinished(() => stopAll(front, registry));
        const host = `https://localhost:${front.port}`;
        expect(await pull(await published(registry.host), { host })).toBe('Hello World!');
        const requests = await front.requests();
        expect(requests.filter((request) => request.startsWith('OPTIONS'))).toEqual([]);
        expect(requests.length).toBeGreaterThan(0);
        expect(await publishInPage({ host })).toMatch(/^ACCESS_DENIED: .* answered 403/);
      });

      it('signs in, reads and publishes; pages of other origins cannot', async () => {
        const token = await startTokenServer({ login });
        let registry: Awaited<ReturnType<typeof startDockerRegistry>> | undefined;
        const front = await start(async (port) => {
          await registry?.stop();
          const realm = `https://localhost:${port}/token`;
          registry = await startDockerRegistry({ token: { ...token, realm } });
          return here(block(1), port, registry.host, new URL(token.realm).host);
        });
        onTestFinished(() => stopAll(front, ...(registry ? [registry] : []), token));
        const host = `https://localhost:${front.port}`;
        const read = { host, credentials: login };
        const made = await publishInPage(read);
        expect(made).toMatchObject({ repository: 'page/demo' });
        const { rootKey } = made as { rootKey: string };
        expect(await pull({ repository: 'page/demo', rootKey }, read)).toBe('From a page');
        const requests = await front.requests();
        const preflights = requests.filter((request) => request.startsWith('OPTIONS'));
        expect(preflights.length).toBeGreaterThan(0);
        expect(preflights.filter((request) => !request.endsWith(' 204'))).toEqual([]);

        // The same page under another name is of another origin.
        await page.goto(origin.replace('127.0.0.1', 'localhost'));
        expect(await pull({ repository: 'page/demo', rootKey }, read)).toMatch(/^UNREACHABLE: .*\(CORS\)/);
      });
    });
  }

  /** Publishes a repository from the page. @returns its name and root key. */
  function publishInPage(read: Read): Promise<unknown> {
    const options = JSON.stringify({ ...read, repository: 'page/demo' });
    return inPage(`
      const options = ${options};
      const master = new dtuf.DTufMaster({ ...options, store: dtuf.memoryStore(), lock: dtuf.memoryLock(), passwords: () => 'secret' });
      const { publicKey } = await master.createRootKey();
      await master.createMetadataKeys();
      await master.createMetadata();
      await master.pushTarget('demo.txt', new TextEncoder().encode('From a page'));
      // Large enough to go up in a request of its own kind.
      await master.pushTarget('large.bin', new Uint8Array(5_000_000));
      await master.pushMetadata();
      return { repository: options.repository, rootKey: publicKey };`);
  }

  it('reads distribution with the headers of the document', async () => {
    const headers = headersIn(blocksIn('yaml')[0] ?? '');
    expect(Object.keys(headers)).toHaveLength(2);
    const registry = await startDockerRegistry({ headers });
    onTestFinished(() => registry.stop());
    expect(await pull(await published(registry.host), { host: registry.url })).toBe('Hello World!');
  });

  it('reads the embedded registry that allows its origin, and never writes', async () => {
    const server = await serve({ storage: memoryStorage(), allowOrigin: origin });
    onTestFinished(() => server.close());
    expect(await pull(await published(server.url), { host: server.url })).toBe('Hello World!');
    expect(await publishInPage({ host: server.url })).toMatch(/^(UNREACHABLE|ACCESS_DENIED): /);
  });

  it('is told that the registry is there but allows it nothing', async () => {
    const registry = await startEmbedded('open');
    onTestFinished(() => registry.stop());
    const host = String(registry.place);
    const said = await pull(await published(host), { host });
    expect(said).toMatch(/^UNREACHABLE: .* is there, .*\(CORS\)/);
    expect(said).toContain(origin);
  });

  it('is told nothing of CORS where nothing is there', async () => {
    const host = `http://127.0.0.1:${await freePort()}`;
    const said = await pull({ repository: 'fred/demo', rootKey: await keyOf() }, { host });
    expect(said).toMatch(/^UNREACHABLE: The connection/);
  });

  async function keyOf(): Promise<string> {
    return (await publisher({ fetch: () => Promise.reject(new TypeError('nothing is asked')) })).rootKey;
  }
});

/** The blocks of the document in a language: for reading, and for signing in. */
function blocksIn(language: string): string[] {
  return blocksOf('docs/cors.md')
    .filter((block) => block.language === language)
    .map(({ code }) => code);
}

/** `Name: [a, b]`, as distribution's configuration has it. */
function headersIn(yaml: string): Record<string, readonly string[]> {
  return Object.fromEntries(
    [...yaml.matchAll(/^ {4}(\S+): \[(.*)\]$/gm)].map(([, name = '', values = '']) => [
      name,
      [values.replaceAll("'", '')],
    ]),
  );
}

async function stopAll(...running: readonly { stop(): Promise<void> }[]): Promise<void> {
  for (const one of running) await one.stop();
}
