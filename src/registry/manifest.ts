import { DTufError } from '../errors.ts';
import { isObject } from '../is-object.ts';
import { type Json, type JsonObject, parseJson } from '../json.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { type Descriptor, malformed, parseAnnotations, parseDescriptor } from './descriptor.ts';

export const ociManifestType = 'application/vnd.oci.image.manifest.v1+json';
export const dockerManifestType = 'application/vnd.docker.distribution.manifest.v2+json';
export const ociIndexType = 'application/vnd.oci.image.index.v1+json';
export const dockerListType = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** An OCI image manifest, or Docker's schema 2, which has the same fields (image-spec v1.1, manifest.md). */
export interface ImageManifest {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads an image manifest.
 *
 * @throws DTufError NOT_A_REPOSITORY where it is an index or something else, or JSON that {@link parseJson} refuses, as for a
 * number that is no integer; REGISTRY_FAILED where a field is malformed; LIMIT_EXCEEDED where it has too many bytes or layers.
 */
export function parseImageManifest(bytes: Bytes, limits: Limits): ImageManifest {
  const value = parseObject(bytes, limits);
  const mediaType = kindOf(value);
  if (value['schemaVersion'] !== 2) throw malformed('schemaVersion', '2', value['schemaVersion']);
  const { layers, artifactType, annotations } = value;
  if (!Array.isArray(layers)) throw malformed('layers', 'a list', layers);
  if (layers.length > limits.layers) {
    throw exceeded('layers of a manifest', limits.layers, layers.length);
  }
  if (artifactType !== undefined && typeof artifactType !== 'string') {
    throw malformed('artifactType', 'a string', artifactType);
  }
  return Object.freeze({
    mediaType,
    ...(artifactType === undefined ? {} : { artifactType }),
    config: parseDescriptor(value['config'], 'config'),
    layers: Object.freeze(layers.map((layer: unknown, i) => parseDescriptor(layer, `layers[${i}]`))),
    annotations: parseAnnotations(annotations ?? {}, 'annotations'),
  });
}

function parseObject(bytes: Bytes, limits: Limits): JsonObject {
  const { manifest } = limits;
  if (bytes.length > manifest) throw exceeded('size of a manifest', manifest, bytes.length);
  let value: Json;
  try {
    value = parseJson(bytes, 'the manifest');
  } catch (cause) {
    throw foreign('bytes that are not plain JSON', cause);
  }
  if (!isObject(value)) throw foreign('JSON that is not an object');
  return value;
}

function kindOf(value: Readonly<Record<string, unknown>>): string {
  const { mediaType } = value;
  // A document that is a manifest and an index at once is read as one by some and as the other by
  // others (CVE-2021-41190), so it is neither.
  if (value['manifests'] !== undefined) throw foreign('an image index');
  if (mediaType === ociIndexType || mediaType === dockerListType) throw foreign('an image index');
  if (value['fsLayers'] !== undefined) throw foreign('a Docker image of schema 1');
  if (mediaType === undefined && isObject(value['config'])) return ociManifestType;
  if (mediaType === ociManifestType || mediaType === dockerManifestType) return mediaType;
  throw foreign(
    typeof mediaType === 'string'
      ? `a document of the type ${JSON.stringify(mediaType.slice(0, 80))}`
      : 'something else',
  );
}

function foreign(got: string, cause?: unknown): DTufError {
  return new DTufError(
    'NOT_A_REPOSITORY',
    `This is not a TUF repository: the registry has ${got} where an image manifest was expected. Check the name of the repository.`,
    { expected: ociManifestType, got, ...(cause === undefined ? {} : { cause }) },
  );
}

function exceeded(what: string, limit: number, got: number | string): DTufError {
  return new DTufError('LIMIT_EXCEEDED', `The ${what} is above the limit of ${limit}.`, {
    expected: `at most ${limit}`,
    got: String(got),
  });
}
