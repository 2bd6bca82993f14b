// Every example in the documents is run, or says why it is not.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, extname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright';
import { transformWithOxc } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, whyNoPage } from '../browser-page/chromium.ts';
import { publishForEver, Web } from '../http/web.ts';
import { type Block, blocksOf, documents, repository } from './markdown.ts';
import { scriptOf } from './shell.ts';

const dist = join(repository, 'dist');
const PASSWORDS = Object.fromEntries(
  ['ROOT', 'TARGETS', 'SNAPSHOT', 'TIMESTAMP'].map((role) => [`DTUF_${role}_KEY_PASSWORD`, `of ${role}`]),
);
const found = documents().flatMap(blocksOf);
const run = (...languages: string[]) =>
  found.filter(({ language, notRun }) => languages.includes(language) && notRun === undefined);

let home: string;
/** A plain TUF repository, in the place of https://example.com. */
let web: Web;
let webRoot: Uint8Array;
beforeAll(async () => {
  web = await Web.start();
  webRoot = await publishForEver(web, { 'demo.txt': 'Hello World!\n' });
  if (!existsSync(join(dist, 'cli.js'))) throw new Error('dist/ is not there: npm run build');
  home = await mkdtemp(join(tmpdir(), 'dtuf-docs-'));
  await mkdir(join(home, 'bin'));
  await symlink(join(dist, 'cli.js'), join(home, 'bin/dtuf'));
});
afterAll(async () => {
  await web?.stop();
  await rm(home, { recursive: true, force: true });
});

test('every block of code is of a kind that is run, or says why it is not', () => {
  const unknown = found.filter(
    ({ language, notRun }) => !['sh', 'ts', 'html', 'mermaid'].includes(language) && notRun === undefined,
  );
  expect(unknown.map(({ at, language }) => `${at}: ${language}`)).toEqual([]);
});

/** Runs a command in `folder` as on a machine that has nothing of ours but `dtuf`. */
async function execute(folder: string, command: string, args: readonly string[], variables = {}) {
  const { PATH = '' } = process.env;
  const env = { PATH: join(home, 'bin') + delimiter + PATH, HOME: folder, TMPDIR: folder, ...variables };
  return promisify(execFile)(command, args, { cwd: folder, env, timeout: 120_000 });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('the commands', () => {
  const scripts = documents()
    .map((path) => [path, run('sh').filter(({ at }) => at.startsWith(`${path}:`))] as const)
    .filter(([, blocks]) => blocks.length > 0);

  test.each(scripts)(
    'of %s do what it says',
    async (_, blocks) => {
      const folder = await mkdtemp(join(home, 'machine-'));
      const port = String(await freePort());
      const script = scriptOf(blocks)
        .replaceAll('--port 5000', `--port ${port}`)
        .replaceAll('localhost:5000', `localhost:${port}`)
        .replaceAll('https://example.com', web.origin);
      await mkdir(join(folder, 'first'));
      await writeFile(join(folder, 'first/1.root.json'), webRoot);
      await execute(folder, 'bash', ['-c', script], {
        ...PASSWORDS,
        DTUF_HOST: `oci:${folder}/registry`,
        DTUF_LOG_FILE: '',
        PORT: port,
      });
    },
    180_000,
  );
});

/** A repository fred/demo that is published, and served to pages too. */
class Publisher {
  readonly registry: string;
  readonly #stop: () => Promise<void>;

  private constructor(registry: string, stop: () => Promise<void>) {
    this.registry = registry;
    this.#stop = stop;
  }

  static async start(folder: string): Promise<Publisher> {
    const { serve }: typeof import('../../adapters/node/index.ts') = await import(join(dist, 'node.js'));
    const serving = await serve({ folder: join(folder, 'registry'), allowOrigin: '*' });
    const dtuf = (...args: string[]) =>
      execute(folder, 'dtuf', args, { ...PASSWORDS, DTUF_HOST: serving.url, DTUF_LOG_FILE: '' });
    for (const command of ['create-root-key', 'create-metadata-keys', 'create-metadata']) {
      await dtuf(command, 'fred/demo');
    }
    await writeFile(join(folder, 'demo.txt'), 'Hello World!\n');
    await dtuf('push-target', 'fred/demo', 'demo.txt', 'demo.txt');
    await dtuf('push-metadata', 'fred/demo');
    const master = join(folder, 'dtuf_repos/fred/demo/master');
    await cp(join(master, 'keys/root_key.pub'), join(folder, 'root_key.pub'));
    await cp(join(master, 'repository/metadata.staged/root.json'), join(folder, 'root.json'));
    await writeFile(join(folder, '1.root.json'), webRoot);
    return new Publisher(serving.url, () => serving.close());
  }

  /** The example, with this registry in the place of registry.example.com. */
  code({ code }: Block): string {
    return code
      .replaceAll('https://registry.example.com', this.registry)
      .replaceAll('registry.example.com', this.registry)
      .replaceAll('https://example.com', web.origin);
  }

  /** The example without its types. */
  async script(block: Block): Promise<string> {
    return (await transformWithOxc(this.code(block), 'example.ts')).code;
  }

  stop(): Promise<void> {
    return this.#stop();
  }
}

/** What an example says that it prints. */
function claimsOf({ code }: Block): string[] {
  return [...code.matchAll(/\/\/ prints (.*)$/gm)].map(([, text = '']) => text);
}

describe('the programs', () => {
  let folder: string;
  let publisher: Publisher;
  beforeAll(async () => {
    folder = await mkdtemp(join(home, 'program-'));
    publisher = await Publisher.start(folder);
    await mkdir(join(folder, 'node_modules'));
    await symlink(repository, join(folder, 'node_modules/dtuf'), 'dir');
    await symlink(join(repository, 'node_modules/@types'), join(folder, 'node_modules/@types'), 'dir');
  });
  afterAll(() => publisher?.stop());

  const inNode = run('ts').filter(({ code }) => !/'dtuf\/(?:browser|worker|element)'/.test(code));
  const inPage = run('ts').filter((block) => !inNode.includes(block));

  test('compile, strictly', async () => {
    const files: string[] = [];
    for (const block of run('ts')) {
      const name = `${block.at.replace(/\W/g, '-')}.ts`;
      await writeFile(join(folder, name), `${block.code}\nexport {};\n`);
      files.push(name);
    }
    const compilerOptions = {
      target: 'es2022',
      module: 'esnext',
      moduleResolution: 'bundler',
      lib: ['ES2023', 'DOM'],
      types: ['node'],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true,
    };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
    const tsc = join(repository, 'node_modules/typescript/bin/tsc');
    const { stdout } = await execute(folder, process.execPath, [tsc, '-p', folder]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout).toBe('');
  });

  test('those for Node print what they say, one after the other', async () => {
    expect(inNode.length).toBeGreaterThan(0);
    for (const block of inNode) {
      const name = `${block.at.replace(/\W/g, '-')}.mjs`;
      await writeFile(join(folder, name), await publisher.script(block));
      const { stdout } = await execute(folder, process.execPath, [name], PASSWORDS);
      expect([block.at, ...stdout.split('\n').slice(0, -1)]).toEqual([block.at, ...claimsOf(block)]);
    }
  }, 180_000);

  describe('for pages', () => {
    if (whyNoPage('the examples for pages', ['dist/dtuf.min.js', 'dist/element.min.js']) !== undefined)
      return test.skip('are run in a browser', () => undefined);

    let browser: Browser;
    let site: Server;
    let origin: string;
    const pages = new Map<string, string>();
    beforeAll(async () => {
      site = createServer((request, response) => {
        void answer(new URL(request.url ?? '/', 'http://localhost').pathname).then(
          ([type, body]) => response.writeHead(200, { 'Content-Type': type }).end(body),
          () => response.writeHead(404).end(),
        );
      });
      await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
      browser = await launchChromium();
    });
    afterAll(async () => {
      await browser?.close();
      await new Promise((resolve) => site?.close(resolve));
    });

    /** The example's own files, root.json beside it, and the files of the package that need no build step. */
    async function answer(path: string): Promise<[type: string, body: string | Buffer]> {
      const type = { '.js': 'text/javascript', '.json': 'application/json' }[extname(path)] ?? 'text/html';
      const own = pages.get(path);
      if (own !== undefined) return [type, own];
      return [type, await readFile(path.endsWith('.min.js') ? join(dist, path) : join(folder, path))];
    }

    const imports = JSON.stringify({
      imports: {
        'dtuf/browser': '/dtuf.min.js',
        'dtuf/worker': '/dtuf.min.js',
        'dtuf/element': '/element.min.js',
      },
    });

    test.each(inPage.map((block) => [block.at, block] as const))(
      '%s prints what it says',
      async (_, block) => {
        pages.set('/page.js', await publisher.script(block));
        pages.set(
          '/page.html',
          `<script type="importmap">${imports}</script><button></button><script type="module" src="page.js"></script>`,
        );
        const page = await browser.newPage();
        const printed: string[] = [];
        page.on('console', (message) => {
          if (message.type() === 'log') printed.push(message.text().trimEnd());
        });
        page.on('pageerror', (error) => printed.push(String(error)));
        await page.goto(`${origin}/page.html`);
        const claims = claimsOf(block);
        await expect.poll(() => printed, { timeout: 20_000 }).toEqual(claims);
        await page.close();
      },
    );

    test.each(run('html').map((block) => [block.at, block] as const))(
      '%s saves a target',
      async (_, block) => {
        pages.set('/page.html', publisher.code(block));
        const page = await browser.newPage();
        // Without a head, Chromium closes its picker at once, as a user who picks nothing.
        await page.addInitScript('delete globalThis.showSaveFilePicker');
        await page.goto(`${origin}/page.html`);
        const downloading = page.waitForEvent('download');
        await page.locator('dtuf-download').click();
        const download = await downloading;
        expect(await readFile(await download.path(), 'utf8')).toBe('Hello World!\n');
        await page.close();
      },
    );
  });
});
