// Reads the native layout: a bundle for the metadata, a blob for each target (docs/architecture.md, "The native layout").

import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { type Descriptor, inlineData } from '../registry/descriptor.ts';
import type { Digest } from '../registry/digest.ts';
import { parseImageManifest } from '../registry/manifest.ts';
import type { Repository } from '../registry/registry.ts';
import { layersByName } from './bundle.ts';
import type { MetadataSource } from './layout.ts';
import { BUNDLE_TAG } from './strings.ts';

/** The metadata of a bundle. What it does not inline is fetched by digest when it is asked for. */
export class Bundle implements MetadataSource {
  readonly layout = 'native';
  readonly etag?: string;
  readonly #repository: Repository;
  readonly #layers: ReadonlyMap<string, Descriptor>;
  readonly #limits: Limits;
  readonly #signal: AbortSignal | undefined;

  /**
   * @param manifest the manifest under the tag `timestamp.json`.
   * @throws DTufError NOT_A_REPOSITORY where it is something else.
   */
  constructor(
    repository: Repository,
    manifest: { readonly bytes: Bytes; readonly digest: Digest; readonly etag?: string },
    limits: Limits,
    signal?: AbortSignal,
  ) {
    this.#repository = repository;
    this.#layers = layersByName(parseImageManifest(manifest.bytes, limits));
    this.#limits = limits;
    this.#signal = signal;
    // Of whatever else a registry calls it, as `*`, it could say "unchanged" of what is published later.
    const named = `"${manifest.digest}"`;
    if (manifest.etag?.replace(/^W\//, '') === named) this.etag = named;
    if (!this.#layers.has('timestamp.json')) {
      throw new DTufError(
        'NOT_A_REPOSITORY',
        `${repository.name} is not a TUF repository: what stands under ${BUNDLE_TAG} lists no TUF files`,
      );
    }
  }

  root(version: number): Promise<Bytes | undefined> {
    return this.#file(`${version}.root.json`, this.#limits.root);
  }

  async *roots(): AsyncIterable<Bytes> {
    const versions = [...this.#layers.keys()].flatMap(
      (name) => /^([1-9]\d{0,15})\.root\.json$/.exec(name)?.[1] ?? [],
    );
    const newest = versions.map(Number).sort((a, b) => b - a);
    for (const version of newest.slice(0, this.#limits.rootRotations)) {
      const bytes = await this.root(version);
      if (bytes !== undefined) yield bytes;
    }
  }

  timestamp(): Promise<Bytes> {
    return this.#required('timestamp.json', this.#limits.timestamp);
  }

  snapshot(version: number, limit: number): Promise<Bytes> {
    return this.#required(`${version}.snapshot.json`, limit);
  }

  targets(version: number, limit: number): Promise<Bytes> {
    return this.#required(`${version}.targets.json`, limit);
  }

  async #required(name: string, limit: number): Promise<Bytes> {
    const bytes = await this.#file(name, limit);
    if (bytes !== undefined) return bytes;
    throw new DTufError(
      'METADATA_MISSING',
      `the repository ${this.#repository.name} offers no ${name}, which its metadata names`,
      {
        role: name.replace(/^\d+\.|\.json$/g, ''),
        expected: name,
      },
    );
  }

  async #file(name: string, limit: number): Promise<Bytes | undefined> {
    const layer = this.#layers.get(name);
    if (layer === undefined) return undefined;
    if (layer.size > limit) {
      throw new DTufError(
        'LIMIT_EXCEEDED',
        `${name} has ${layer.size} bytes, more than the ${limit} that it may have`,
        {
          expected: `at most ${limit}`,
          got: String(layer.size),
        },
      );
    }
    return (await inlineData(layer)) ?? this.#repository.blobs.fetch(layer, this.#signal);
  }
}
