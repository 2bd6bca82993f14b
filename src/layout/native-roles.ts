// Finds the files of delegated roles in the native layout: each version has a manifest of its own under a tag that never
// changes, and the file is its first layer (docs/architecture.md, "The native layout").
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { inlineData } from '../registry/descriptor.ts';
import { parseImageManifest } from '../registry/manifest.ts';
import type { Repository } from '../registry/registry.ts';
import type { RoleSource } from './layout.ts';
import { roleTag } from './tags.ts';

export class NativeRoles implements RoleSource {
  readonly #repository: Repository;
  readonly #limits: Limits;
  readonly #signal: AbortSignal | undefined;

  constructor(repository: Repository, limits: Limits, signal?: AbortSignal) {
    this.#repository = repository;
    this.#limits = limits;
    this.#signal = signal;
  }

  async role(name: string, version: number, limit: number): Promise<Bytes> {
    const tag = await roleTag(version, name);
    const manifest = await this.#repository.manifests.fetch(
      tag,
      this.#signal ? { signal: this.#signal } : {},
    );
    const layer =
      manifest === undefined || manifest === 'unchanged'
        ? undefined
        : parseImageManifest(manifest.bytes, this.#limits).layers[0];
    if (layer === undefined) {
      throw new DTufError(
        'METADATA_MISSING',
        `the repository ${this.#repository.name} offers no ${tag}: version ${version} of the role ${JSON.stringify(name)}, which its snapshot names`,
        { role: name, expected: tag },
      );
    }
    if (layer.size > limit) {
      throw new DTufError(
        'LIMIT_EXCEEDED',
        `${tag} has ${layer.size} bytes, more than the ${limit} that it may have`,
        { role: name, expected: `at most ${limit}`, got: String(layer.size) },
      );
    }
    return (await inlineData(layer)) ?? this.#repository.blobs.fetch(layer, this.#signal);
  }
}
