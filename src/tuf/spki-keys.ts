// Public keys that are written as a SubjectPublicKeyInfo: ECDSA and RSA (TUF 1.0.34, 4.2.3), and any in a PEM file.
import { fromHex, toHex } from '../encoding.ts';
import type { Bytes, PublicKey } from '../ports.ts';
import { derToP1363 } from './ecdsa.ts';
import { ED25519_SPKI } from './key-forms.ts';
import { readPem } from './pem.ts';
import type { VerificationKey } from './verification-key.ts';

/** NIST SP 800-131A, 3: shorter moduli are not to be relied on. */
const MIN_RSA_BITS = 2048;
/** A bound on the work of one verification. */
const MAX_RSA_BITS = 16384;
/** The same: what a key costs grows with its exponent. Nobody has one that is larger, and not every runtime takes one. */
const MAX_RSA_EXPONENT = 2n ** 32n;

/** `size` of a coordinate, `spki` of a whole SubjectPublicKeyInfo with an uncompressed point; in bytes. */
const CURVES: Readonly<Record<string, { curve: string; hash: string; size: number; spki: number }>> = {
  'ecdsa-sha2-nistp256': { curve: 'P-256', hash: 'SHA-256', size: 32, spki: 91 },
  'ecdsa-sha2-nistp384': { curve: 'P-384', hash: 'SHA-384', size: 48, spki: 120 },
};
const RSA_HASHES: Readonly<Record<string, { hash: string; salt: number }>> = {
  'rsassa-pss-sha256': { hash: 'SHA-256', salt: 32 },
  'rsassa-pss-sha384': { hash: 'SHA-384', salt: 48 },
  'rsassa-pss-sha512': { hash: 'SHA-512', salt: 64 },
};

/** {@link importKey} for these types. */
export async function importSpkiKey(key: PublicKey): Promise<VerificationKey | undefined> {
  try {
    return await (key.keytype === 'rsa' ? importRsa(key) : importEcdsa(key));
  } catch {
    // Web Crypto and the PEM reader throw at what is no key: such a key cannot count.
    return undefined;
  }
}

async function importEcdsa(key: PublicKey): Promise<VerificationKey | undefined> {
  const scheme = Object.hasOwn(CURVES, key.scheme) ? CURVES[key.scheme] : undefined;
  if (scheme === undefined) return undefined;
  const algorithm = { name: 'ECDSA', namedCurve: scheme.curve };
  // sigstore's first roots hold the bare point in hex, everybody else PEM.
  const point = fromHex(key.keyval.public);
  const data = point ?? readPem(key.keyval.public, 'PUBLIC KEY').der;
  // Compressed points, named in either way, are read by some runtimes only: then by none.
  if (data.length !== (point === undefined ? scheme.spki : 1 + 2 * scheme.size)) return undefined;
  const format = point === undefined ? 'spki' : 'raw';
  const imported = await crypto.subtle.importKey(format, data, algorithm, true, ['verify']);
  // Deno takes any bytes for a point, and throws only where the key is used.
  const identity = await identityOf(imported);
  if (identity === undefined) return undefined;
  return {
    identity: async () => identity,
    async verify(message, signature) {
      const numbers = derToP1363(signature, scheme.size);
      if (numbers === undefined) return false;
      return verifiedBy({ name: 'ECDSA', hash: scheme.hash }, imported, numbers, message);
    },
  };
}

async function importRsa(key: PublicKey): Promise<VerificationKey | undefined> {
  const scheme = Object.hasOwn(RSA_HASHES, key.scheme) ? RSA_HASHES[key.scheme] : undefined;
  if (scheme === undefined) return undefined;
  const der = readPem(key.keyval.public, 'PUBLIC KEY').der;
  const imported = await crypto.subtle.importKey('spki', der, { name: 'RSA-PSS', hash: scheme.hash }, true, [
    'verify',
  ]);
  const { modulusLength, publicExponent } = imported.algorithm as RsaHashedKeyAlgorithm;
  const exponent = BigInt(`0x${toHex(publicExponent) || '0'}`);
  // RFC 8017, 3.1: with the exponent 1 every message is its own signature.
  if (modulusLength < MIN_RSA_BITS || modulusLength > MAX_RSA_BITS) return undefined;
  if (exponent < 3n || exponent > MAX_RSA_EXPONENT) return undefined;
  // RFC 8017, 9.1.1: TUF names no length of the salt. Most sign with that of the hash; Go's crypto/rsa, and with it go-tuf,
  // with the longest there is room for (secure-systems-lab/securesystemslib#421).
  const longest = Math.ceil((modulusLength - 1) / 8) - scheme.salt - 2;
  const verifies = (saltLength: number, message: Bytes, signature: Bytes) =>
    verifiedBy({ name: 'RSA-PSS', saltLength }, imported, signature, message);
  return {
    identity: () => identityOf(imported),
    verify: async (message, signature) =>
      (await verifies(scheme.salt, message, signature)) || (await verifies(longest, message, signature)),
  };
}

async function verifiedBy(
  algorithm: EcdsaParams | RsaPssParams,
  key: CryptoKey,
  signature: Bytes,
  message: Bytes,
): Promise<boolean> {
  try {
    return await crypto.subtle.verify(algorithm, key, signature, message);
  } catch {
    // Deno imports what is no key (a point beside its curve, an even modulus), and throws only here: it verifies nothing.
    return false;
  }
}

/** The public value as Web Crypto writes it: one form for PEM of any shape and hex. */
async function identityOf(key: CryptoKey): Promise<string | undefined> {
  try {
    return `spki:${toHex(new Uint8Array(await crypto.subtle.exportKey('spki', key)))}`;
  } catch {
    // Deno, of what is no key.
    return undefined;
  }
}

/** The identity of the key in a PEM file, comparable with {@link VerificationKey.identity}. @throws DTufError KEY_INVALID */
export async function identityOfPem(pem: string): Promise<string | undefined> {
  const { der } = readPem(pem, 'PUBLIC KEY');
  const hex = toHex(der);
  if (hex.length === 88 && hex.startsWith(ED25519_SPKI)) return `ed25519:${hex.slice(ED25519_SPKI.length)}`;
  for (const algorithm of [
    { name: 'RSA-PSS', hash: 'SHA-256' },
    { name: 'ECDSA', namedCurve: 'P-256' },
    { name: 'ECDSA', namedCurve: 'P-384' },
  ]) {
    try {
      return await identityOf(await crypto.subtle.importKey('spki', der, algorithm, true, ['verify']));
    } catch {
      // Not of this kind: the next.
    }
  }
  return undefined;
}
