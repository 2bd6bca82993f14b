// A plain TUF repository in a folder, and a web server that serves it, honestly or not.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { toHex, utf8 } from '../../src/encoding.ts';
import { DTufCopy, memoryStore, type Options, type Store, type Trust } from '../../src/index.ts';
import type { Limits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { ROLES } from '../../src/tuf/metadata.ts';
import { type Files, NOW, repository, text } from '../tuf/repository.ts';

/** Answers in the place of the server; false leaves it to the server. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => boolean;

export class Web {
  readonly folder: string;
  readonly #server: Server;
  readonly #owned: boolean;
  /** `/metadata/timestamp.json` and the like, as they were asked for. */
  readonly asked: string[] = [];
  readonly accepted: (string | undefined)[] = [];
  fault: Fault = () => false;

  private constructor(folder: string, owned: boolean) {
    this.folder = folder;
    this.#owned = owned;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** @param folder what is served; a new and empty one if left out. */
  static async start(folder?: string): Promise<Web> {
    const web = new Web(folder ?? (await mkdtemp(join(tmpdir(), 'dtuf-web-'))), folder === undefined);
    await new Promise<void>((resolve) => web.#server.listen(0, '127.0.0.1', resolve));
    return web;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    if (this.#owned) await rm(this.folder, { recursive: true, force: true });
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get metadata(): string {
    return `${this.origin}/metadata/`;
  }

  async write(path: string, bytes: Uint8Array | string): Promise<void> {
    const file = join(this.folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }

  /** Writes a repository as its root says: versions and hashes are in the names, or are not. */
  async publish(
    files: Files,
    roots: readonly Bytes[] = [files.root],
    data: Readonly<Record<string, string | Bytes>> = {},
  ): Promise<void> {
    const consistent = text(files.root).includes('"consistent_snapshot":true');
    for (const [i, root] of roots.entries()) await this.write(`metadata/${i + 1}.root.json`, root);
    await this.write('metadata/timestamp.json', files.timestamp);
    for (const role of ['snapshot', 'targets'] as const) {
      const version = /"version":(\d+),"expires"/.exec(text(files[role]))?.[1];
      await this.write(`metadata/${consistent ? `${version}.` : ''}${role}.json`, files[role]);
    }
    for (const [name, content] of Object.entries(data)) {
      const bytes = typeof content === 'string' ? utf8(content) : content;
      const at = name.lastIndexOf('/') + 1;
      const hash = consistent ? `${await sha256(bytes)}.` : '';
      await this.write(`targets/${name.slice(0, at)}${hash}${name.slice(at)}`, bytes);
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    this.asked.push(request.method === 'GET' ? path : `${request.method} ${path}`);
    // Pages of other origins may read.
    response.setHeader('Access-Control-Allow-Origin', '*');
    this.accepted.push(request.headers.accept);
    if (this.fault(request, response)) return;
    try {
      const segments = path.slice(1).split('/').map(decodeURIComponent);
      response.end(await readFile(join(this.folder, ...segments)));
    } catch {
      response.writeHead(404).end('<h1>not here</h1>');
    }
  }
}

/** Fails what is asked for under a path that ends with `end`. */
export function at(end: string, fail: (response: ServerResponse) => void): Fault {
  return ({ url = '' }, response) => {
    if (!url.endsWith(end)) return false;
    fail(response);
    return true;
  };
}

export const status = (code: number, body = '') => {
  return (response: ServerResponse) => void response.writeHead(code).end(body);
};

export async function sha256(bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}

export interface ClientOptions {
  trust?: Trust;
  store?: Store;
  now?: Date;
  limits?: Partial<Limits>;
  host?: string | URL;
  targetsHost?: string | URL;
  fetch?: NonNullable<Options['fetch']>;
}

/** A client that makes no pauses. */
export function client(web: Web, { now = NOW, store = memoryStore(), limits, ...rest }: ClientOptions = {}) {
  return new DTufCopy({
    host: web.metadata,
    layout: 'http',
    store,
    clock: () => now,
    limits: { retryAfter: 10, ...limits },
    ...rest,
  });
}

/** Publishes targets so that clients with the real time accept them. @returns the root */
export async function publishForEver(web: Web, targets: Readonly<Record<string, string>>): Promise<Bytes> {
  const late = { expires: '2999-01-01T00:00:00Z' };
  const files = await ROLES.reduce((made, role) => made.with(role, late), repository())
    .withTargets(targets)
    .build();
  await web.publish(files, [files.root], targets);
  return files.root;
}
