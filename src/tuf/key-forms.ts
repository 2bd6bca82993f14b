// How public keys are named and written (TUF 1.0.34, 4.2.2 and 4.2.3).
import { digestHex } from '../digest-hex.ts';
import { fromHex } from '../encoding.ts';
import type { Json } from '../json.ts';
import type { PublicKey } from '../ports.ts';
import { canonicalJson } from './canonical.ts';
import { writePem } from './pem.ts';

/** The keyid of a key: SHA-256 over its canonical JSON (4.2.2). A name, never a proof. */
export async function keyidOf(key: PublicKey): Promise<string> {
  return digestHex('sha256', canonicalJson(key as Json));
}

/** What stands before the point in a SubjectPublicKeyInfo, in hex (RFC 8410). */
export const ED25519_SPKI = '302a300506032b6570032100';

/** The SPKI of a raw ed25519 public key (RFC 8410). */
export function ed25519Spki(point: Uint8Array): Uint8Array {
  return Uint8Array.from([...(fromHex(ED25519_SPKI) ?? []), ...point]);
}

/** The one form in which a PEM public key is signed, so that one key has one keyid: as securesystemslib writes it. */
export function metadataPem(spki: Uint8Array): string {
  return writePem('PUBLIC KEY', spki).trim();
}
