/** What the registry must know of a manifest: its type, and what it refers to. The bytes are kept as they came. */
import { isObject } from '../../src/is-object.ts';
import type { IndexEntry } from './storage.ts';

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
const dockerList = 'application/vnd.docker.distribution.manifest.list.v2+json';

const image = new Set([ociManifest, dockerManifest]);
const index = new Set([ociIndex, dockerList]);

const foreignLayer =
  /^application\/vnd\.(docker\.image\.rootfs\.foreign\.diff|oci\.image\.layer\.nondistributable)\./;

export function isIndexType(mediaType: string): boolean {
  return index.has(mediaType);
}

export function isManifestType(mediaType: string): boolean {
  return image.has(mediaType) || index.has(mediaType);
}

export interface Reference {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

export interface References {
  readonly blobs: readonly Reference[];
  readonly manifests: readonly Reference[];
  /** Of an OCI manifest or index; stands in the layout's index too (image-spec, descriptor.md). */
  readonly artifactType: string | undefined;
  /** The digest of the manifest that this one is about; that need not be there. */
  readonly subject: string | undefined;
}

/** Reads a manifest of the type `mediaType`, or says what is wrong with it. */
export function parseReferences(bytes: Uint8Array, mediaType: string): References | string {
  const value = parseObject(bytes);
  if (!value) return 'it is not a JSON object in UTF-8';
  if (value.schemaVersion !== 2) return 'its schemaVersion is not 2';
  if ('mediaType' in value && value.mediaType !== mediaType) {
    return `its Content-Type ${mediaType} is not its mediaType`;
  }
  const manifests = isIndexType(mediaType) ? parseList(value.manifests) : [];
  const layers = isIndexType(mediaType) ? [] : parseList(value.layers);
  const config = isIndexType(mediaType) ? [] : parseList([value.config]);
  if (!manifests || !layers || !config) return 'a descriptor in it lacks a mediaType, a digest or a size';
  const subject = value.subject === undefined ? undefined : parseReference(value.subject);
  if (value.subject !== undefined && !subject) return 'its subject lacks a mediaType, a digest or a size';
  const type = value.artifactType;
  return {
    // Foreign layers lie elsewhere, at their `urls`, which a registry does not follow.
    blobs: [...config, ...layers].filter(({ mediaType: layer }) => !foreignLayer.test(layer)),
    manifests,
    artifactType: typeof type === 'string' ? type : undefined,
    subject: subject?.digest,
  };
}

/**
 * The descriptor of the manifest `bytes` where it is about `subject` (distribution-spec, "Listing Referrers"):
 * with its artifactType, which of an image that has none is the type of its config, and its annotations.
 */
export function parseReferrer(
  bytes: Uint8Array,
  { mediaType, digest }: Pick<IndexEntry, 'mediaType' | 'digest'>,
  subject: string,
): IndexEntry | undefined {
  const value = parseObject(bytes);
  if (parseReference(value?.subject)?.digest !== subject) return undefined;
  const own = typeof value?.artifactType === 'string' ? value.artifactType : '';
  const artifactType = own === '' ? parseReference(value?.config)?.mediaType : own;
  const annotations = parseAnnotations(value?.annotations);
  return {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType !== undefined && { artifactType }),
    ...(annotations && { annotations }),
  };
}

function parseAnnotations(value: unknown): Record<string, string> | undefined {
  if (!isObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function parseList(value: unknown): Reference[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list = value.map(parseReference);
  return list.every((entry) => entry !== undefined) ? list : undefined;
}

function parseReference(value: unknown): Reference | undefined {
  if (!isObject(value)) return undefined;
  const { mediaType, digest, size } = value;
  if (typeof mediaType !== 'string' || typeof digest !== 'string') return undefined;
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return undefined;
  return { mediaType, digest, size };
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return isObject(value) ? value : undefined;
  } catch {
    return undefined; // The caller answers MANIFEST_INVALID; the parser's words would help nobody.
  }
}
