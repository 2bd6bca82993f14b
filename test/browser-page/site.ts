// A site of pages without a build step: the files of dist/, a registry, and a repository in it, at one origin.
import { readFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { publisher } from '../core/people.ts';

const TYPES: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  json: 'application/json',
};

/** As strict as a page can be that downloads. */
export const STRICT =
  "default-src 'none'; script-src 'self'; connect-src 'self'; require-trusted-types-for 'script'; trusted-types 'none'";

export interface Site {
  readonly origin: string;
  readonly repository: string;
  /** Serves a text under a path. */
  put(path: string, text: string, headers?: Readonly<Record<string, string>>): void;
  /** The addresses and ranges that were asked of the registry. */
  readonly asked: { readonly path: string; readonly range: string | undefined }[];
  /** Holds back what comes after so many bytes of a blob, until the reader has gone. */
  stallAfter: number | undefined;
  /** Breaks the connections that are held back. */
  letGo(): void;
  /** What a page has posted to `/said`, as JSON; one after the other, each once. */
  said(): Promise<Readonly<Record<string, unknown>>>;
  stop(): Promise<void>;
}

export async function startSite(targets: Readonly<Record<string, Uint8Array<ArrayBuffer>>>): Promise<Site> {
  const registry = embeddedRegistry();
  const { master, repository, store } = await publisher(registry);
  for (const [name, data] of Object.entries(targets)) await master.pushTarget(name, data);
  await master.pushMetadata();
  const root = (await store.read(['repository/metadata.staged/root.json'])).values().next().value;
  const files = new Map<string, { text: string; headers: Readonly<Record<string, string>> }>();
  files.set('/root.json', { text: new TextDecoder().decode(root?.bytes), headers: {} });
  const asked: Site['asked'] = [];
  const heldBack = new Set<ServerResponse>();
  const { say, said } = queue<Readonly<Record<string, unknown>>>();

  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const { range } = request.headers;
    const put = files.get(path);
    const type = TYPES[path.split('.').pop() ?? ''] ?? TYPES['html'] ?? '';
    if (put) return response.writeHead(200, { 'Content-Type': type, ...put.headers }).end(put.text);
    if (/^\/[\w.]+\.js$/.test(path)) {
      return response.writeHead(200, { 'Content-Type': type }).end(await readFile(`dist${path}`));
    }
    if (path === '/said') {
      say(JSON.parse(await text(request)));
      return response.writeHead(204).end();
    }
    if (!path.startsWith('/v2/')) return response.writeHead(404).end();
    asked.push({ path, range });
    const answer = await registry.fetch(`http://localhost${path}`, {
      method: request.method ?? 'GET',
      headers: range === undefined ? {} : { range },
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    const bytes = Buffer.from(await answer.arrayBuffer());
    if (site.stallAfter === undefined || bytes.length <= site.stallAfter) return response.end(bytes);
    response.write(bytes.subarray(0, site.stallAfter));
    heldBack.add(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const site: Site = {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    repository,
    asked,
    stallAfter: undefined,
    put: (path, text, headers = {}) => void files.set(path, { text, headers }),
    letGo() {
      for (const response of heldBack) response.destroy();
      heldBack.clear();
    },
    said,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return site;
}

/** What comes before somebody asks waits for him, and the other way round. */
function queue<T>(): { say(value: T): void; said(): Promise<T> } {
  const values: T[] = [];
  const waiting: ((value: T) => void)[] = [];
  return {
    say(value) {
      const next = waiting.shift();
      if (next) next(value);
      else values.push(value);
    },
    said: () =>
      new Promise((resolve) => {
        const value = values.shift();
        if (value === undefined) waiting.push(resolve);
        else resolve(value);
      }),
  };
}
