// Writes and signs metadata (TUF 1.0.34, 4.2 to 4.6).

import { toHex, utf8 } from '../encoding.ts';
import { equalBytes } from '../equal-bytes.ts';
import { DTufError } from '../errors.ts';
import { type Json, type JsonObject, parseJson } from '../json.ts';
import type { Bytes, PublicKey, Signer } from '../ports.ts';
import { canonicalJson } from './canonical.ts';
import { formatExpires } from './expires.ts';
import { Fields } from './fields.ts';
import { fileInfo } from './file-info.ts';
import { ROLES, type Role, SPEC_VERSION } from './metadata.ts';
import type { TargetFile } from './targets.ts';

/** A signer under the keyid that the root gives to its key. */
export interface RoleSigner {
  readonly keyid: string;
  readonly signer: Signer;
}

/**
 * A metadata file with the signatures of `signers`, in their order.
 *
 * @throws DTufError METADATA_INVALID where a value has no canonical form (a fraction in `custom`), or where what is read
 * back is not what was signed (a Date in `custom`, nesting that is too deep): no client would take such a file.
 */
export async function signMetadata(signed: JsonObject, signers: readonly RoleSigner[]): Promise<Bytes> {
  const payload = canonicalJson(signed);
  const signatures: Json[] = [];
  for (const { keyid, signer } of signers) signatures.push({ keyid, sig: toHex(await signer.sign(payload)) });
  const bytes = utf8(JSON.stringify({ signatures, signed }));
  const written = new Fields(parseJson(bytes, 'the signed metadata'), 'signed', 'metadata').fields('signed');
  if (!equalBytes(canonicalJson(written.object), payload)) {
    throw new DTufError(
      'METADATA_INVALID',
      'metadata can hold plain JSON only, and something in it (a Date in `custom`, perhaps) is written in another way than it was given',
    );
  }
  return bytes;
}

interface Validity {
  readonly version: number;
  readonly expires: Date;
}

function common(type: Role, { version, expires }: Validity): JsonObject {
  return { _type: type, expires: formatExpires(expires), spec_version: SPEC_VERSION, version };
}

/** The keys of one role, by keyid. */
export type RoleKeyMap = ReadonlyMap<string, PublicKey>;

/** @param extra further members of `signed`, as our layout mark. */
export function rootToSign(
  validity: Validity,
  keys: Readonly<Record<Role, RoleKeyMap>>,
  extra: JsonObject,
): JsonObject {
  const all = ROLES.flatMap((role) => [...keys[role]]) as [string, Json][];
  const roles = ROLES.map((role) => [role, { keyids: [...keys[role].keys()], threshold: 1 }] as const);
  return {
    ...extra,
    ...common('root', validity),
    consistent_snapshot: true,
    keys: Object.fromEntries(all),
    roles: Object.fromEntries(roles),
  };
}

/** @param raw the `signed` of the version before, whose unknown members and delegations are carried on. */
export function targetsToSign(
  validity: Validity,
  targets: ReadonlyMap<string, TargetFile>,
  raw: JsonObject = { delegations: { keys: {}, roles: [] } },
): JsonObject {
  const entries = [...targets].map(([name, file]) => [name, file]);
  // Object.fromEntries defines members, so that `__proto__` is a name like any other.
  return {
    ...raw,
    ...common('targets', validity),
    targets: Object.fromEntries(entries),
  };
}

/** @param meta by file name: the version of each file, and where it is wanted its length and hashes. */
export function snapshotToSign(validity: Validity, meta: ReadonlyMap<string, JsonObject>): JsonObject {
  return { ...common('snapshot', validity), meta: Object.fromEntries(meta) };
}

export async function timestampToSign(
  validity: Validity,
  snapshotVersion: number,
  snapshot: Bytes,
): Promise<JsonObject> {
  const meta = { 'snapshot.json': { ...(await fileInfo(snapshot)), version: snapshotVersion } };
  return { ...common('timestamp', validity), meta };
}
