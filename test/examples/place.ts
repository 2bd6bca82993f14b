// What the examples need around them: a repository that is published, as a registry with CORS and as an export on a web
// server, and the package as it is installed.
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { exportFolder } from '../../adapters/node/export-folder.ts';
import { folderStorage } from '../../adapters/registry/folder.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { serve } from '../../adapters/registry/serve.ts';
import { bytesOf, client, publisher } from '../core/people.ts';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** A folder that is not there any more after `remove`. */
export async function temporaryFolder(): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'dtuf-example-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** An example as somebody has copied it, with other text in the place of some. */
export async function copyExample(
  name: string,
  to: string,
  replaced: Readonly<Record<string, string>> = {},
): Promise<void> {
  await cp(join(repository, 'examples', name), to, { recursive: true });
  const files = await readdir(to, { recursive: true, withFileTypes: true });
  for (const file of files.filter((one) => one.isFile())) {
    const path = join(file.parentPath, file.name);
    let text = await readFile(path, 'utf8');
    for (const [from, into] of Object.entries(replaced)) text = text.replaceAll(from, into);
    await writeFile(path, text);
  }
}

/** As `npm install` leaves it: the files of the package within the folder, and what it depends on beside them. */
export async function installPackage(folder: string): Promise<void> {
  const modules = join(folder, 'node_modules');
  const from = join(repository, 'node_modules');
  await mkdir(join(modules, '.bin'), { recursive: true });
  for (const name of await readdir(from)) {
    if (!name.startsWith('.')) await symlink(join(from, name), join(modules, name));
  }
  await symlink('../vite/bin/vite.js', join(modules, '.bin/vite'));
  await mkdir(join(modules, 'dtuf'));
  await cp(join(repository, 'package.json'), join(modules, 'dtuf/package.json'));
  await cp(join(repository, 'dist'), join(modules, 'dtuf/dist'), { recursive: true });
}

export interface Published {
  /** The address of the registry, which lets pages of all origins read. */
  readonly registry: string;
  /** The address of the bundle of an export, likewise. */
  readonly bundle: string;
  /** The folder of the export. */
  readonly exported: string;
  readonly rootJson: Uint8Array<ArrayBuffer>;
  readonly rootKey: string;
  /** Publishes further files, in the registry and the export. */
  publish(targets: Readonly<Record<string, string>>): Promise<void>;
  /** Changes one bit of a target where it lies, in the registry and the export. */
  tamper(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Publishes targets, as the repository `name`. */
export async function published(name: string, targets: Readonly<Record<string, string>>): Promise<Published> {
  const folder = await temporaryFolder();
  const [registryFolder, exported] = [join(folder.path, 'registry'), join(folder.path, 'exported')];
  const registry = embeddedRegistry({ storage: folderStorage(registryFolder) });
  const { master, store, rootKey } = await publisher(registry, { repository: name });
  const copy = client(registry, name, { trust: rootKey });
  const publish: Published['publish'] = async (files) => {
    for (const [target, text] of Object.entries(files)) await master.pushTarget(target, bytesOf(text));
    await master.pushMetadata();
    await copy.pullMetadata();
    await exportFolder(copy, exported);
  };
  await publish(targets);
  const root = await store.read(['repository/metadata.staged/root.json']);
  const [serving, site] = await Promise.all([
    serve({ folder: registryFolder, allowOrigin: '*' }),
    startSite(exported, { 'Access-Control-Allow-Origin': '*' }),
  ]);
  return {
    registry: serving.url,
    bundle: `${site.origin}/metadata/bundle.json`,
    exported,
    rootJson: root.get('repository/metadata.staged/root.json')?.bytes ?? new Uint8Array(),
    rootKey,
    publish,
    async tamper(target) {
      const { sha256 } = (await copy.pullTarget(target)).hashes;
      const at = join(exported, 'targets', dirname(target), `${sha256}.${target.split('/').pop()}`);
      for (const file of [join(registryFolder, name, 'blobs/sha256', sha256 ?? ''), at]) {
        const bytes = await readFile(file);
        bytes[0] = (bytes[0] ?? 0) ^ 2;
        await writeFile(file, bytes);
      }
    },
    async stop() {
      await Promise.all([serving.close(), site.stop()]);
      await folder.remove();
    },
  };
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
};

export interface Site {
  readonly origin: string;
  /** What was asked for, as in `/index.html`. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/**
 * A web server of static files. A folder is its index.html; what is not there is answered with 404.
 *
 * @param headers of all answers
 * @param found headers of those with a file
 */
export async function startSite(
  folder: string,
  headers: Readonly<Record<string, string>> = {},
  found: Readonly<Record<string, string>> = {},
): Promise<Site> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    asked.push(pathname);
    const path = decodeURIComponent(pathname).replace(/\/$/, '/index.html');
    response.setHeaders(new Headers(headers));
    try {
      const content = await readFile(join(folder, path));
      response.setHeaders(new Headers(found));
      response.setHeader('Content-Type', TYPES[extname(path)] ?? 'application/octet-stream');
      response.end(content);
    } catch {
      response.writeHead(404).end('<h1>not here</h1>');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
