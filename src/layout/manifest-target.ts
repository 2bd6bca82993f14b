// A target that is itself a manifest: what is signed of it says so, and its layers are the parts, wherever they lie.
import { type Expected, targetMismatch } from '../content/verify.ts';
import { DTufError, hasCode } from '../errors.ts';
import { type JsonObject, parseJson } from '../json.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import type { Digest } from '../registry/digest.ts';
import { type ImageManifest, ociIndexType, parseImageManifest } from '../registry/manifest.ts';
import { Fields, member } from '../tuf/fields.ts';
import { knownHashes, matchFile } from '../tuf/file-info.ts';
import type { TargetFile } from '../tuf/targets.ts';
import type { Part } from './layout.ts';
import { bytesPart, sha256Digest } from './part.ts';
import { isIndexType } from './signed-media-type.ts';

/**
 * The parts of a target that is a manifest, by its bytes, which are verified here.
 *
 * @param mediaType as it is signed.
 * @param blob makes the part for a layer.
 * @throws DTufError TARGET_MISMATCH
 */
export async function signedParts(
  name: string,
  file: TargetFile,
  mediaType: string,
  bytes: Bytes,
  limits: Limits,
  blob: (digest: Digest, expected: Expected) => Part,
): Promise<readonly Part[]> {
  const difference = await matchFile(bytes, file);
  if (difference !== undefined)
    throw targetMismatch(name, difference.what, difference.expected, difference.got);
  // An index is not looked into: its own bytes are what is signed.
  if (isIndexType(mediaType)) {
    checkIndex(name, bytes, mediaType);
    const expected = { length: file.length, hashes: knownHashes(file.hashes) };
    return [bytesPart(sha256Digest(name, file), bytes, expected)];
  }
  const parsed = readImage(name, bytes, limits);
  if (parsed.mediaType !== mediaType) throw targetMismatch(name, 'media type', mediaType, parsed.mediaType);
  return parsed.layers.map(({ digest, size }) =>
    blob(digest, { length: size, hashes: [['sha256', digest.slice('sha256:'.length)]] }),
  );
}

/** @throws DTufError TARGET_MISMATCH where the verified bytes are no image manifest. */
export function readImage(name: string, bytes: Bytes, limits: Limits): ImageManifest {
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
