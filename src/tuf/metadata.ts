// The envelope of every TUF metadata file and the fields that all roles share (TUF 1.0.34, 4.2 and 4.3).

import { type JsonObject, parseJson } from '../json.ts';
import type { Bytes } from '../ports.ts';
import { canonicalJson } from './canonical.ts';
import { parseExpires } from './expires.ts';
import { Fields, member } from './fields.ts';

/** The top-level roles. */
export type Role = 'root' | 'targets' | 'snapshot' | 'timestamp';

/** In the order in which they are listed to people. */
export const ROLES: readonly Role[] = ['root', 'targets', 'snapshot', 'timestamp'];

/** The version of the specification that is implemented and written. */
export const SPEC_VERSION = '1.0.34';

export interface Signature {
  readonly keyid: string;
  /** Hex. Empty where a signer has yet to sign. */
  readonly sig: string;
}

/** What every role's `signed` has. */
export interface Signed {
  readonly version: number;
  readonly expires: Date;
  /** The whole of `signed` as it was read, unknown fields included: they are under the signature. */
  readonly raw: JsonObject;
}

/** A file that was read, not yet verified. */
export interface Metadata<T extends Signed> {
  readonly signed: T;
  readonly signatures: readonly Signature[];
  /** What the signatures are over: `signed` in canonical JSON. */
  readonly payload: Bytes;
  /** The file, byte for byte. */
  readonly bytes: Bytes;
}

/** The length and hashes of a file, of which a parent vouches (METAFILES, 4.4; TARGETS, 4.5). */
export interface FileInfo {
  readonly length?: number;
  readonly hashes?: Readonly<Record<string, string>>;
}

/** An entry of METAFILES (4.4, 4.6). */
export interface MetaFile extends FileInfo {
  readonly version: number;
}

/**
 * Reads a metadata file of the type `type`.
 *
 * @param role the name of the role, for errors; a delegated role's type is `targets`.
 * @throws DTufError METADATA_INVALID
 */
export function parseMetadata<T extends Signed>(
  bytes: Bytes,
  type: Role,
  role: string,
  parseSigned: (fields: Fields, common: Signed) => T,
): Metadata<T> {
  const file = new Fields(parseJson(bytes, role), role, 'metadata');
  const signatures = parseSignatures(file);
  const fields = file.fields('signed');
  const signed = parseSigned(fields, parseCommon(fields, type));
  return { signed, signatures, payload: canonicalJson(fields.object), bytes };
}

function parseSignatures(file: Fields): Signature[] {
  const seen = new Set<string>();
  return file.list('signatures').map((entry) => {
    const signature = { keyid: entry.string('keyid'), sig: entry.string('sig') };
    // 4.2.1: each keyid stands once; a file that counts one signer twice is malformed.
    if (seen.has(signature.keyid)) throw entry.error('keyid', 'another than those before it');
    seen.add(signature.keyid);
    return signature;
  });
}

function parseCommon(fields: Fields, type: Role): Signed {
  if (fields.string('_type') !== type) throw fields.error('_type', JSON.stringify(type));
  // 4.2.1: a client reads what has its own major version; sigstore's "1.0" has two parts.
  if (!/^1\.\d+(\.\d+)?$/.test(fields.string('spec_version'))) {
    throw fields.error('spec_version', `1.x or 1.x.y (this is a client of TUF ${SPEC_VERSION})`);
  }
  const expires = parseExpires(fields.string('expires'));
  if (expires === undefined) throw fields.error('expires', 'a date as 2030-01-31T00:00:00Z');
  // 4.3, VERSION: an integer greater than 0.
  return { version: fields.integer('version', 1), expires, raw: fields.object };
}

/** Digits of the hashes that are known; others are kept and never relied on. */
const HEX_DIGITS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/**
 * HASHES (4.4, 4.5), by algorithm. Those that are not known are kept, and never relied on.
 *
 * @throws DTufError METADATA_INVALID where there are none, or a known one is malformed.
 */
export function parseHashes(fields: Fields): Readonly<Record<string, string>> {
  const hashes = fields.fields('hashes');
  if (hashes.names().length === 0) throw fields.error('hashes', 'one hash at least');
  for (const algorithm of hashes.names()) {
    const hex = hashes.string(algorithm);
    const digits = Object.hasOwn(HEX_DIGITS, algorithm) ? HEX_DIGITS[algorithm] : undefined;
    if (digits === undefined) continue;
    if (hex.length !== digits || !/^[0-9a-f]*$/.test(hex))
      throw hashes.error(algorithm, `${digits} hex digits in lower case`);
  }
  return hashes.object as Readonly<Record<string, string>>;
}

/**
 * An entry of METAFILES (4.4, 4.6).
 *
 * @throws DTufError METADATA_INVALID, also where hashes are there and none of them is known: they would vouch for nothing.
 */
export function parseMetaFile(fields: Fields): MetaFile {
  const hashes = fields.has('hashes') ? parseHashes(fields) : undefined;
  if (
    hashes !== undefined &&
    !Object.keys(hashes).some((algorithm) => Object.hasOwn(HEX_DIGITS, algorithm))
  ) {
    throw fields.error('hashes', 'hashes of which sha256 or sha512 is one');
  }
  return {
    version: fields.integer('version', 1),
    // 4.4: optional, and no metadata file is empty.
    ...(fields.has('length') ? { length: fields.integer('length', 1) } : {}),
    ...(hashes === undefined ? {} : { hashes }),
  };
}

/** The `custom` of an entry: an object that is passed on as it is (4.5). */
export function parseCustom(fields: Fields): JsonObject | undefined {
  return member(fields.object, 'custom') === undefined ? undefined : fields.fields('custom').object;
}
