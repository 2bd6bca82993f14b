// Finds the data of targets in the native layout. Only what is signed decides how a target is read: never the form of
// what the registry answers.
import { targetMismatch } from '../content/verify.ts';
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { dockerListType, ociIndexType, parseImageManifest } from '../registry/manifest.ts';
import type { Repository } from '../registry/registry.ts';
import { knownHashes, matchFile } from '../tuf/file-info.ts';
import type { JsonObject } from '../tuf/json.ts';
import type { TargetFile } from '../tuf/targets.ts';
import type { Part, TargetSource } from './layout.ts';
import { blobPart, bytesPart, sha256Digest } from './part.ts';
import { targetTag } from './strings.ts';

export class NativeTargets implements TargetSource {
  readonly #repository: Repository;
  readonly #limits: Limits;

  constructor(repository: Repository, limits: Limits) {
    this.#repository = repository;
    this.#limits = limits;
  }

  async parts(name: string, file: TargetFile, signal?: AbortSignal): Promise<readonly Part[]> {
    const mediaType = signedMediaType(name, file.custom);
    if (mediaType !== undefined) return this.#manifestParts(name, file, mediaType, signal);
    const hashes = knownHashes(file.hashes);
    const digest = Object.hasOwn(file.hashes, 'sha256')
      ? sha256Digest(name, file)
      : await this.#digestByTag(name, file, signal);
    return [blobPart(this.#repository, digest, { length: file.length, hashes })];
  }

  /** Without a sha256 the blob is found by the target's tag; the whole sha512 still decides. */
  async #digestByTag(name: string, file: TargetFile, signal?: AbortSignal) {
    const tag = await targetTag(`sha512-${file.hashes['sha512']?.slice(0, 64)}`, name);
    const manifest = await this.#repository.manifests.fetch(tag, signal ? { signal } : {});
    const layer =
      manifest === undefined || manifest === 'unchanged'
        ? undefined
        : parseImageManifest(manifest.bytes, this.#limits).layers[0];
    if (layer === undefined) throw missing(name, this.#repository.name, tag);
    return layer.digest;
  }

  /** A target that is itself a manifest: its layers are the parts. */
  async #manifestParts(
    name: string,
    file: TargetFile,
    mediaType: string,
    signal?: AbortSignal,
  ): Promise<readonly Part[]> {
    if (file.length > this.#limits.manifest)
      throw targetMismatch(
        name,
        'length',
        `at most ${this.#limits.manifest} bytes of a manifest`,
        String(file.length),
      );
    const digest = sha256Digest(name, file);
    const manifest = await this.#repository.manifests.fetch(digest, {
      accept: [mediaType],
      ...(signal ? { signal } : {}),
    });
    if (manifest === undefined || manifest === 'unchanged')
      throw missing(name, this.#repository.name, digest);
    const difference = await matchFile(manifest.bytes, file);
    if (difference !== undefined)
      throw targetMismatch(name, difference.what, difference.expected, difference.got);
    // An index is not looked into: its own bytes are what is signed.
    if (mediaType === ociIndexType || mediaType === dockerListType)
      return [bytesPart(digest, manifest.bytes, { length: file.length, hashes: knownHashes(file.hashes) })];
    const parsed = parseImageManifest(manifest.bytes, this.#limits);
    if (parsed.mediaType !== mediaType) throw targetMismatch(name, 'media type', mediaType, parsed.mediaType);
    return parsed.layers.map((layer) =>
      blobPart(this.#repository, layer.digest, {
        length: layer.size,
        hashes: [['sha256', layer.digest.slice('sha256:'.length)]],
      }),
    );
  }
}

/** The signed media type of a target that is a manifest; undefined for a plain file. */
export function signedMediaType(name: string, custom: JsonObject | undefined): string | undefined {
  const dtuf = custom === undefined || !Object.hasOwn(custom, 'dtuf') ? undefined : custom['dtuf'];
  if (typeof dtuf !== 'object' || dtuf === null || !('mediaType' in dtuf)) return undefined;
  if (typeof dtuf.mediaType !== 'string')
    throw targetMismatch(name, 'custom.dtuf.mediaType', 'a media type', typeof dtuf.mediaType);
  return dtuf.mediaType;
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
