// Public keys of TUF metadata (TUF 1.0.34, 4.2.2 and 4.2.3).
import { fromHex, toHex } from '../encoding.ts';
import { late } from '../late.ts';
import type { PublicKey } from '../ports.ts';
import { isEd25519Point, verifyEd25519 } from './ed25519.ts';
import type { VerificationKey } from './verification-key.ts';

const SPKI_TYPES: ReadonlySet<string> = new Set([
  'rsa',
  'ecdsa',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
]);

/**
 * Makes a key usable, or answers undefined where it cannot be: a key type or scheme that is not known, a malformed
 * or weak key. Such a key never counts, and does no harm beside good ones (4.2.3).
 */
export async function importKey(key: PublicKey): Promise<VerificationKey | undefined> {
  if (key.keytype === 'ed25519') return importEd25519(key);
  if (!SPKI_TYPES.has(key.keytype)) return undefined;
  // Publishers that use dtuf's defaults have none of these.
  const { importSpkiKey } = await late(import('./spki-keys.ts'));
  return importSpkiKey(key);
}

function importEd25519(key: PublicKey): VerificationKey | undefined {
  const point = fromHex(key.keyval.public);
  if (key.scheme !== 'ed25519' || point === undefined || !isEd25519Point(point)) return undefined;
  return {
    identity: async () => `ed25519:${toHex(point)}`,
    verify: (message, signature) => verifyEd25519(point, message, signature),
  };
}

/** {@link VerificationKey.identity} of a key, or undefined where it cannot be used. */
export async function identityOfKey(key: PublicKey): Promise<string | undefined> {
  return (await importKey(key))?.identity();
}
