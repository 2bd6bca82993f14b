// Reads a bundle: one manifest that names, and partly holds, a whole consistent state of the metadata
// (docs/architecture.md, "The native layout").
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { type Descriptor, inlineData } from '../registry/descriptor.ts';
import type { Digest } from '../registry/digest.ts';
import { parseImageManifest } from '../registry/manifest.ts';
import { layersByName } from './bundle.ts';
import type { LayoutName, MetadataSource } from './layout.ts';

/** Where a bundle lies, and how the files are had that it does not hold. */
export interface BundlePlace {
  readonly layout: LayoutName;
  /** For messages: the repository. */
  readonly name: string;
  /** For messages: under which name it lies there. */
  readonly bundle: string;
  /** The file of a layer, verified by size and digest. */
  fetch(layer: Descriptor, name: string): Promise<Bytes>;
}

/** The metadata of a bundle. What it does not inline is fetched by digest when it is asked for. */
export class Bundle implements MetadataSource {
  readonly layout: LayoutName;
  readonly etag?: string;
  readonly #place: BundlePlace;
  readonly #layers: ReadonlyMap<string, Descriptor>;
  readonly #limits: Limits;

  /** @throws DTufError NOT_A_REPOSITORY where the manifest is something else. */
  constructor(
    place: BundlePlace,
    manifest: { readonly bytes: Bytes; readonly digest?: Digest; readonly etag?: string },
    limits: Limits,
  ) {
    this.#place = place;
    this.layout = place.layout;
    this.#layers = layersByName(parseImageManifest(manifest.bytes, limits));
    this.#limits = limits;
    // Of whatever else a registry calls it, as `*`, it could say "unchanged" of what is published later.
    const named = `"${manifest.digest}"`;
    if (manifest.etag?.replace(/^W\//, '') === named) this.etag = named;
    if (!this.#layers.has('timestamp.json')) {
      throw new DTufError(
        'NOT_A_REPOSITORY',
        `${place.name} is not a TUF repository: what stands under ${place.bundle} lists no TUF files`,
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
      `the repository ${this.#place.name} offers no ${name}, which its metadata names`,
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
    return (await inlineData(layer)) ?? this.#place.fetch(layer, name);
  }
}
