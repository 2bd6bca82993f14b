// Finds the data of targets in the native layout. Only what is signed decides how a target is read: never the form of
// what the registry answers.
import { targetMismatch } from '../content/verify.ts';
import { DTufError, hasCode } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import {
  dockerListType,
  dockerManifestType,
  type ImageManifest,
  ociIndexType,
  ociManifestType,
  parseImageManifest,
} from '../registry/manifest.ts';
import type { Repository } from '../registry/registry.ts';
import { Fields, member } from '../tuf/fields.ts';
import { knownHashes, matchFile } from '../tuf/file-info.ts';
import { type JsonObject, parseJson } from '../tuf/json.ts';
import type { TargetFile } from '../tuf/targets.ts';
import type { Part, TargetSource } from './layout.ts';
import { blobPart, bytesPart, sha256Digest } from './part.ts';
import { targetTag } from './strings.ts';

const IMAGES: ReadonlySet<string> = new Set([ociManifestType, dockerManifestType]);
const INDEXES: ReadonlySet<string> = new Set([ociIndexType, dockerListType]);

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
        : readImage(name, manifest.bytes, this.#limits).layers[0];
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
    if (INDEXES.has(mediaType)) {
      checkIndex(name, manifest.bytes, mediaType);
      return [bytesPart(digest, manifest.bytes, { length: file.length, hashes: knownHashes(file.hashes) })];
    }
    const parsed = readImage(name, manifest.bytes, this.#limits);
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
  const { mediaType } = dtuf;
  if (typeof mediaType === 'string' && (IMAGES.has(mediaType) || INDEXES.has(mediaType))) return mediaType;
  const got = typeof mediaType === 'string' ? mediaType : typeof mediaType;
  throw targetMismatch(name, 'custom.dtuf.mediaType', 'that of an image manifest or an image index', got);
}

/** @throws DTufError TARGET_MISMATCH where the verified bytes are no image manifest. */
function readImage(name: string, bytes: Bytes, limits: Limits): ImageManifest {
  try {
    return parseImageManifest(bytes, limits);
  } catch (error) {
    if (!hasCode(error, 'NOT_A_REPOSITORY', 'REGISTRY_FAILED')) throw error;
    throw notOfForm(name, 'an image manifest', error);
  }
}

/** @throws DTufError TARGET_MISMATCH where the verified bytes are no index of the signed type, and nothing else too. */
function checkIndex(name: string, bytes: Bytes, mediaType: string): void {
  const index = readObject(name, bytes);
  const own = member(index, 'mediaType') ?? ociIndexType;
  if (own !== mediaType) throw targetMismatch(name, 'media type', mediaType, String(own));
  // A document that is an index and a manifest at once is read as one by some and as the other by others (CVE-2021-41190).
  if (!Array.isArray(member(index, 'manifests')) || member(index, 'layers') !== undefined)
    throw notOfForm(name, 'an image index');
}

function readObject(name: string, bytes: Bytes): JsonObject {
  try {
    return new Fields(parseJson(bytes, name), name, 'index').object;
  } catch (error) {
    if (!hasCode(error, 'METADATA_INVALID')) throw error;
    throw notOfForm(name, 'an image index', error);
  }
}

function notOfForm(name: string, expected: string, cause?: DTufError): DTufError {
  const got = cause?.got ?? 'something else';
  return new DTufError(
    'TARGET_MISMATCH',
    `${name} is signed as ${expected} and was refused: its data is ${got}`,
    { target: name, expected, got, cause },
  );
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
