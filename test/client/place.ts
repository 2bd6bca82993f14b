// A registry whose metadata is whatever a test puts there, and a client of it.
import { type EmbeddedRegistry, embeddedRegistry } from '../../adapters/registry/index.ts';
import { toHex, utf8 } from '../../src/encoding.ts';
import { DTufCopy, memoryStore, type Store, type Trust } from '../../src/index.ts';
import { METADATA_ARTIFACT, METADATA_LAYER } from '../../src/layout/strings.ts';
import { roleTag } from '../../src/layout/tags.ts';
import { writeBundle } from '../../src/layout/write-bundle.ts';
import type { Limits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { describe } from '../../src/registry/describe.ts';
import { emptyDescriptor, writeManifest } from '../../src/registry/write-manifest.ts';
import { type Files, NOW, text } from '../tuf/repository.ts';

export const REPOSITORY = 'fred/demo';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const CURRENT = 'repository/metadata/current/';

export type Answer = (
  request: { method: string; path: string; signal: AbortSignal },
  honest: () => Promise<Response>,
) => Promise<Response>;

export class Place {
  readonly #registry: EmbeddedRegistry = embeddedRegistry();
  /** `GET manifests/timestamp.json` and the like, in order. */
  readonly asked: string[] = [];
  /** Answers in the place of the registry. */
  answer: Answer = (_, honest) => honest();

  /**
   * Publishes metadata as it is, good or bad. Files stand under the version that is written in them, roots under the
   * place that they have in the list.
   */
  async publish(
    files: Omit<Files, 'root'>,
    roots: readonly Bytes[],
    data: readonly string[] = [],
  ): Promise<void> {
    const named = roots.map((root, i) => [`${i + 1}.root.json`, root] as const);
    const snapshot = [`${versionIn(files.snapshot)}.snapshot.json`, files.snapshot] as const;
    const targets = [`${versionIn(files.targets)}.targets.json`, files.targets] as const;
    const all = [files.timestamp, files.snapshot, files.targets, ...roots, utf8('{}'), ...data.map(utf8)];
    for (const bytes of all) await this.#push(bytes);
    const bundle = await writeBundle({ timestamp: files.timestamp, snapshot, targets, roots: named });
    await this.#put('manifests/timestamp.json', bundle, MANIFEST, 'PUT');
  }

  /** Publishes delegated roles as they are, each under the version that is written in it if none is given. */
  async publishRoles(
    roles: ReadonlyMap<string, Bytes>,
    mediaType = METADATA_LAYER,
    version?: number,
  ): Promise<void> {
    await this.#push(utf8('{}'));
    for (const [name, bytes] of roles) {
      await this.#push(bytes);
      const layer = await describe(mediaType, bytes);
      const manifest = writeManifest({
        schemaVersion: 2,
        mediaType: MANIFEST,
        artifactType: METADATA_ARTIFACT,
        config: emptyDescriptor,
        layers: [layer],
      });
      await this.#put(
        `manifests/${await roleTag(version ?? versionIn(bytes), name)}`,
        manifest,
        MANIFEST,
        'PUT',
      );
    }
  }

  readonly fetch = async (input: Request | string | URL, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    const path = new URL(request.url).pathname.replace(`/v2/${REPOSITORY}/`, '');
    this.asked.push(`${request.method} ${path}`);
    return this.answer({ method: request.method, path, signal: request.signal }, () =>
      this.#registry.fetch(input, init),
    );
  };

  async #push(bytes: Bytes): Promise<void> {
    const digest = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
    await this.#put(`blobs/uploads/?digest=sha256:${digest}`, bytes, 'application/octet-stream', 'POST');
  }

  async #put(path: string, body: Bytes, type: string, method: string): Promise<void> {
    const answer = await this.#registry.fetch(`http://localhost/v2/${REPOSITORY}/${path}`, {
      method,
      body,
      headers: { 'Content-Type': type },
    });
    if (answer.status !== 201) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  }
}

function versionIn(file: Bytes): number {
  return Number(/"version":(\d+),"expires"/.exec(text(file))?.[1] ?? 1);
}

export interface ClientOptions {
  trust?: Trust;
  store?: Store;
  now?: Date;
  limits?: Partial<Limits>;
  notices?: string[];
  conditional?: boolean;
  layout?: 'native';
}

export function client(place: Place, options: ClientOptions = {}): DTufCopy {
  const { store = memoryStore(), now = NOW, trust, limits, notices, layout, conditional = false } = options;
  return new DTufCopy({
    host: place,
    repository: REPOSITORY,
    store,
    clock: () => now,
    conditional,
    ...(trust === undefined ? {} : { trust }),
    ...(layout === undefined ? {} : { layout }),
    ...(limits === undefined ? {} : { limits }),
    ...(notices === undefined ? {} : { onNotice: (notice) => notices.push(notice) }),
  });
}

/** All that a store holds, by name. */
export async function stateOf(store: Store): Promise<Record<string, string>> {
  const found = await store.read(await store.list(''));
  return Object.fromEntries([...found].map(([name, { bytes }]) => [name, text(bytes)]).sort());
}

/** Changes files of a store as something else than the library would; undefined removes one. */
export async function tamper(
  store: Store,
  changes: Readonly<Record<string, Uint8Array | undefined>>,
): Promise<void> {
  const entries = Object.entries(changes);
  const writes = entries.flatMap(([name, bytes]) => (bytes === undefined ? [] : [[name, bytes] as const]));
  const deletes = entries.flatMap(([name, bytes]) => (bytes === undefined ? [name] : []));
  await store.commit(new Map(), new Map(writes), deletes);
}

/** A client with state: it has refreshed once, at `files`. */
export async function refreshed(files: Files, options: ClientOptions = {}) {
  const place = new Place();
  const store = options.store ?? memoryStore();
  await place.publish(files, [files.root], ['Hello']);
  const copy = client(place, { trust: files.root, ...options, store });
  await copy.pullMetadata();
  place.asked.length = 0;
  return { place, store, copy, before: await stateOf(store) };
}
