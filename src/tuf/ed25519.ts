// Ed25519 (RFC 8032) with one verdict in every runtime: before any verifier, by bytes, encodings are refused on
// which verifiers differ. Web Crypto of Node takes the identity point as a key for any message.
import type { Bytes } from '../ports.ts';

/** p = 2^255 - 19 and the group order L, little-endian (RFC 8032, 5.1). */
const P = littleEndian(2n ** 255n - 19n);
const L = littleEndian(2n ** 252n + 27742317777372353535851937790883648493n);

/** The y coordinates of the eight points of small order; the sign bit of x is left out of the comparison. */
const SMALL_ORDER_Y = [
  0n,
  1n,
  2n ** 255n - 20n,
  0x7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd83d3d706a17c7n,
  0x05fc536d880238b13933c6d3acdfd5f098eff2895f4c345b027ab2c28f95e826n,
].map(littleEndian);

/**
 * Whether `signature` (64 bytes) of `message` verifies under `publicKey` (32 bytes).
 * A key or R with y >= p or of small order, and S >= L, are refused (RFC 8032, 5.1.3 and 5.1.7).
 */
export async function verifyEd25519(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (!isEd25519Point(publicKey) || signature.length !== 64) return false;
  if (!isEd25519Point(signature.subarray(0, 32)) || !isLess(signature.subarray(32), L)) return false;
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, message);
  } catch (error) {
    // The bytes are no point of the curve.
    if (!isUnsupported(error)) return false;
  }
  const { verifyAsync } = await import('@noble/ed25519');
  return verifyAsync(signature, message, publicKey, { zip215: false });
}

/** Whether 32 bytes encode a y below p that is not one of a point of small order. */
export function isEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const y = Uint8Array.from(bytes);
  y[31] = (y[31] ?? 0) & 0x7f;
  return isLess(y, P) && !SMALL_ORDER_Y.some((small) => small.every((byte, i) => byte === y[i]));
}

/** Whether Web Crypto says that it does not know the algorithm, rather than that the data is wrong. */
export function isUnsupported(error: unknown): boolean {
  return error instanceof Error && error.name === 'NotSupportedError';
}

function isLess(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}
