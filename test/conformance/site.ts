// A plain TUF repository on a web server that is a function from request to response, and a person who reads it. Nothing
// here needs a socket or a file: the tests run wherever JavaScript runs.
import { toHex, utf8 } from '../../src/encoding.ts';
import { DTufCopy, memoryStore } from '../../src/index.ts';
import type { Bytes } from '../../src/ports.ts';
import { type Files, NOW, type Repository, text } from '../tuf/repository.ts';

const ORIGIN = 'https://tuf.example/';
const VERIFIED = ['repository/metadata/current/', 'repository/metadata/delegated/'];

/** Keeps what was published before, as web servers do. */
export class Site {
  readonly #files = new Map<string, Bytes>();
  /** What was asked for, in order: `1.snapshot.json`, `targets/…`. */
  readonly asked: string[] = [];

  /** Puts all files of a repository where its root says, each under the version that is written in it. */
  async publish(repository: Repository, data: Readonly<Record<string, string>> = {}): Promise<Files> {
    const files = await repository.build();
    const consistent = text(files.root).includes('"consistent_snapshot":true');
    const named = (role: string, bytes: Bytes) => `${consistent ? `${versionIn(bytes)}.` : ''}${role}.json`;
    this.put(`${versionIn(files.root)}.root.json`, files.root);
    this.put('timestamp.json', files.timestamp);
    this.put(named('snapshot', files.snapshot), files.snapshot);
    this.put(named('targets', files.targets), files.targets);
    for (const [role, bytes] of await repository.delegated())
      this.put(named(encodeURIComponent(role), bytes), bytes);
    for (const [name, content] of Object.entries(data)) await this.hold(name, content, consistent);
    return files;
  }

  /** Puts the data of a target under its plain name, or under each of its hashes. */
  async hold(name: string, content: string, consistent = true): Promise<void> {
    const at = name.lastIndexOf('/') + 1;
    const prefixes = consistent ? [`${await sha(256, content)}.`, `${await sha(512, content)}.`] : [''];
    for (const prefix of prefixes)
      this.put(`targets/${name.slice(0, at)}${prefix}${name.slice(at)}`, utf8(content));
  }

  put(path: string, bytes: Bytes): void {
    this.#files.set(path, bytes);
  }

  remove(path: string): void {
    if (!this.#files.delete(path)) throw new Error(`there is no ${path} that could be removed`);
  }

  readonly fetch = async (input: Request | string | URL, init?: RequestInit): Promise<Response> => {
    const path = new Request(input, init).url.replace(ORIGIN, '');
    this.asked.push(path);
    const bytes = this.#files.get(path);
    return bytes === undefined ? new Response('not here', { status: 404 }) : new Response(bytes);
  };
}

function versionIn(file: Bytes): number {
  const { signed } = JSON.parse(text(file)) as { signed: { version: number } };
  return signed.version;
}

/** The digest that a file of that content has. */
export async function sha(bits: 256 | 512, content: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest(`SHA-${bits}`, utf8(content))));
}

/** Somebody who began with a root that was handed over, and keeps what was verified from one run to the next. */
export class Reader {
  readonly #site: Site;
  readonly #trust: Bytes;
  readonly #store = memoryStore();

  constructor(site: Site, trust: Bytes) {
    this.#site = site;
    this.#trust = trust;
  }

  /** A new run. */
  copy(now: Date = NOW): DTufCopy {
    return new DTufCopy({
      layout: 'http',
      host: ORIGIN,
      targetsHost: `${ORIGIN}targets/`,
      trust: this.#trust,
      store: this.#store,
      fetch: this.#site.fetch,
      clock: () => now,
    });
  }

  async refresh(now: Date = NOW): Promise<void> {
    await this.copy(now).pullMetadata();
  }

  /** Refreshes, and answers the content of a target. */
  async download(name: string): Promise<string> {
    const copy = this.copy();
    await copy.pullMetadata();
    return (await copy.pullTarget(name)).text();
  }

  /** The files that are kept as verified, by role. */
  async kept(): Promise<Readonly<Record<string, Bytes>>> {
    const names = (await Promise.all(VERIFIED.map((prefix) => this.#store.list(prefix)))).flat();
    const stored = await this.#store.read(names);
    const roleOf = (name: string) => name.slice(name.lastIndexOf('/') + 1, -'.json'.length);
    return Object.fromEntries([...stored].map(([name, { bytes }]) => [roleOf(name), bytes]));
  }

  /** The versions that are kept as verified, by role. */
  async versions(): Promise<Readonly<Record<string, number>>> {
    return Object.fromEntries(
      Object.entries(await this.kept()).map(([role, bytes]) => [role, versionIn(bytes)]),
    );
  }
}

/** A site with a repository on it, and a reader who trusts its root and has asked for nothing yet. */
export async function publish(repository: Repository, data: Readonly<Record<string, string>> = {}) {
  const site = new Site();
  const files = await site.publish(repository, data);
  return { site, files, reader: new Reader(site, files.root) };
}

/** The same, and the reader has refreshed once. */
export async function refreshed(repository: Repository, data: Readonly<Record<string, string>> = {}) {
  const place = await publish(repository, data);
  await place.reader.refresh();
  place.site.asked.length = 0;
  return place;
}
