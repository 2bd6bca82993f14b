// What is signed of a target says whether it is a file, or a manifest that lists its parts.
import { targetMismatch } from '../content/verify.ts';
import type { JsonObject } from '../json.ts';
import type { Limits } from '../limits.ts';
import { dockerListType, dockerManifestType, ociIndexType, ociManifestType } from '../registry/manifest.ts';
import type { TargetFile } from '../tuf/targets.ts';

const IMAGES: ReadonlySet<string> = new Set([ociManifestType, dockerManifestType]);
const INDEXES: ReadonlySet<string> = new Set([ociIndexType, dockerListType]);

/** Whether it is that of an image index. */
export function isIndexType(mediaType: string): boolean {
  return INDEXES.has(mediaType);
}

/** The signed media type of a target that is a manifest; undefined for a plain file. */
export function signedMediaType(name: string, custom: JsonObject | undefined): string | undefined {
  const dtuf = custom === undefined || !Object.hasOwn(custom, 'dtuf') ? undefined : custom['dtuf'];
  if (typeof dtuf !== 'object' || dtuf === null || !('mediaType' in dtuf)) return undefined;
  const { mediaType } = dtuf;
  if (typeof mediaType === 'string' && (IMAGES.has(mediaType) || isIndexType(mediaType))) return mediaType;
  const got = typeof mediaType === 'string' ? mediaType : typeof mediaType;
  throw targetMismatch(name, 'custom.dtuf.mediaType', 'that of an image manifest or an image index', got);
}

/** @throws DTufError TARGET_MISMATCH where what is signed is too large for a manifest. */
export function checkManifestLength(name: string, { length }: TargetFile, { manifest }: Limits): void {
  if (length <= manifest) return;
  throw targetMismatch(name, 'length', `at most ${manifest} bytes of a manifest`, String(length));
}
