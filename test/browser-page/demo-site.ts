// The page of the demo on a plain static host: its files below a path, and nothing else.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

export interface StaticSite {
  /** Of the page, with the path that it lies below. */
  readonly address: string;
  /** Its files. */
  readonly folder: string;
  /** What was asked for and is not there. */
  readonly missed: readonly string[];
  stop(): Promise<void>;
}

/** Builds the page anew and serves it. */
export async function startStaticSite(path = '/some/where/'): Promise<StaticSite> {
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-demo-page-'));
  const vite = [
    'node_modules/vite/bin/vite.js',
    'build',
    '--config',
    'demo/vite.config.ts',
    '--outDir',
    folder,
  ];
  await promisify(execFile)(process.execPath, vite);
  const missed: string[] = [];

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const name = pathname.startsWith(path) ? pathname.slice(path.length) || 'index.html' : '';
    try {
      if (name.includes('..')) throw new Error('outside');
      const bytes = await readFile(join(folder, name));
      response
        .writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream' })
        .end(bytes);
    } catch {
      missed.push(pathname);
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  return {
    address: `http://localhost:${port}${path}`,
    folder,
    missed,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
