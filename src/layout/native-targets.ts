// Finds the data of targets in the native layout. Only what is signed decides how a target is read: never the form of
// what the registry answers.
import { DTufError } from '../errors.ts';
import { late } from '../late.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import type { Repository } from '../registry/registry.ts';
import { knownHashes } from '../tuf/file-info.ts';
import type { TargetFile } from '../tuf/targets.ts';
import type { Part, TargetSource } from './layout.ts';
import { blobPart, bytesPart, sha256Digest } from './part.ts';
import { checkManifestLength, signedMediaType } from './signed-media-type.ts';
import { targetTag } from './tags.ts';

export class NativeTargets implements TargetSource {
  readonly #repository: Repository;
  readonly #limits: Limits;

  constructor(repository: Repository, limits: Limits) {
    this.#repository = repository;
    this.#limits = limits;
  }

  async whole(name: string, file: TargetFile, signal?: AbortSignal): Promise<Part> {
    const mediaType = signedMediaType(name, file.custom);
    const expected = { length: file.length, hashes: knownHashes(file.hashes) };
    if (mediaType !== undefined) {
      const digest = sha256Digest(name, file);
      return bytesPart(digest, await this.#manifest(name, file, mediaType, signal), expected);
    }
    const digest = Object.hasOwn(file.hashes, 'sha256')
      ? sha256Digest(name, file)
      : await this.#digestByTag(name, file, signal);
    return blobPart(this.#repository, digest, expected);
  }

  /** Of a target that is itself a manifest the parts are its layers. */
  async parts(name: string, file: TargetFile, signal?: AbortSignal): Promise<readonly Part[]> {
    const mediaType = signedMediaType(name, file.custom);
    if (mediaType === undefined) return [await this.whole(name, file, signal)];
    const manifest = await this.#manifest(name, file, mediaType, signal);
    const { signedParts } = await late(import('./manifest-target.ts'));
    return signedParts(name, file, mediaType, manifest, this.#limits, (part, expected) =>
      blobPart(this.#repository, part, expected),
    );
  }

  /** Without a sha256 the blob is found by the target's tag; the whole sha512 still decides. */
  async #digestByTag(name: string, file: TargetFile, signal?: AbortSignal) {
    const { readImage } = await late(import('./manifest-target.ts'));
    const tag = await targetTag(`sha512-${file.hashes['sha512']?.slice(0, 64)}`, name);
    const manifest = await this.#repository.manifests.fetch(tag, signal ? { signal } : {});
    const layer =
      manifest === undefined || manifest === 'unchanged'
        ? undefined
        : readImage(name, manifest.bytes, this.#limits).layers[0];
    if (layer === undefined) throw missing(name, this.#repository.name, tag);
    return layer.digest;
  }

  /** The manifest that a target is, not verified against more than its digest. */
  async #manifest(name: string, file: TargetFile, mediaType: string, signal?: AbortSignal): Promise<Bytes> {
    checkManifestLength(name, file, this.#limits);
    const digest = sha256Digest(name, file);
    const manifest = await this.#repository.manifests.fetch(digest, {
      accept: [mediaType],
      ...(signal ? { signal } : {}),
    });
    if (manifest === undefined || manifest === 'unchanged')
      throw missing(name, this.#repository.name, digest);
    return manifest.bytes;
  }
}

function missing(name: string, repository: string, reference: string): DTufError {
  return new DTufError(
    'TARGET_MISSING',
    `the data of ${name} is not in ${repository}: the registry has no ${reference}. It may have been deleted by a garbage collection; the publisher has to push the target again`,
    {
      target: name,
      expected: reference,
    },
  );
}
