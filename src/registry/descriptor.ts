import { fromBase64 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import { isObject } from '../is-object.ts';
import type { Bytes } from '../ports.ts';
import { type Digest, digestOf, isDigest } from './digest.ts';

/**
 * What content is, by its digest and size (image-spec v1.1, descriptor.md).
 *
 * `urls` is left out: content named there is never fetched (it would let a manifest choose
 * whom a client talks to).
 */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The content itself in base64. See {@link inlineData}. */
  readonly data?: string;
  readonly artifactType?: string;
}

/**
 * The content that a descriptor carries within itself.
 *
 * @returns undefined where there is none, or where it is not the content that the descriptor names:
 * such `data` is as good as absent (image-spec v1.1: it must fit size and digest).
 */
export async function inlineData(descriptor: Descriptor): Promise<Bytes | undefined> {
  const { data, size, digest } = descriptor;
  if (data === undefined || data.length !== 4 * Math.ceil(size / 3)) return undefined;
  const bytes = fromBase64(data);
  if (bytes?.length !== size) return undefined;
  return (await digestOf(bytes)) === digest ? bytes : undefined;
}

/**
 * Reads a descriptor out of a manifest.
 *
 * @param where it stands, for the error.
 * @throws DTufError REGISTRY_FAILED where a field is missing or of another kind.
 */
export function parseDescriptor(value: unknown, where: string): Descriptor {
  if (!isObject(value)) throw malformed(where, 'an object', value);
  const { mediaType, digest, size, annotations, data, artifactType } = value;
  if (typeof mediaType !== 'string' || !isMediaType(mediaType)) {
    throw malformed(`${where}.mediaType`, 'a media type', mediaType);
  }
  if (typeof digest !== 'string' || !isDigest(digest)) {
    throw malformed(`${where}.digest`, 'sha256:<64 hex>', digest);
  }
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw malformed(`${where}.size`, 'a number of bytes', size);
  }
  return Object.freeze({
    mediaType,
    digest,
    size,
    ...(annotations === undefined
      ? {}
      : { annotations: parseAnnotations(annotations, `${where}.annotations`) }),
    ...(data === undefined ? {} : { data: text(data, `${where}.data`) }),
    ...(artifactType === undefined ? {} : { artifactType: text(artifactType, `${where}.artifactType`) }),
  });
}

/** A string to string map without a prototype, so that a key `__proto__` or `constructor` is a key like others. */
export function parseAnnotations(value: unknown, where: string): Readonly<Record<string, string>> {
  if (!isObject(value)) throw malformed(where, 'an object', value);
  const annotations: Record<string, string> = Object.create(null);
  for (const [key, entry] of Object.entries(value)) annotations[key] = text(entry, where);
  return Object.freeze(annotations);
}

/** RFC 6838, 4.2. */
function isMediaType(value: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/.test(value);
}

function text(value: unknown, where: string): string {
  if (typeof value === 'string') return value;
  throw malformed(where, 'a string', value);
}

/** A manifest of the right kind whose field is not what the specification says. */
export function malformed(where: string, expected: string, got: unknown): DTufError {
  return new DTufError(
    'REGISTRY_FAILED',
    `The registry's manifest is malformed: ${where} is not ${expected}.`,
    {
      expected,
      got: typeof got === 'string' || typeof got === 'number' ? String(got).slice(0, 80) : typeof got,
    },
  );
}
