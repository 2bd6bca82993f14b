// Ed25519 (RFC 8032) with one verdict in every runtime: before any verifier, by bytes, encodings are refused on
// which verifiers differ. Web Crypto of Node takes the identity point as a key for any message.
import { late } from '../late.ts';
import type { Bytes } from '../ports.ts';
import { ORDER, PRIME } from './edwards25519.ts';

const P = littleEndian(PRIME);
const L = littleEndian(ORDER);

/** The y coordinate of two of the four points of order 8; that of the other two is its negative. */
const ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;

/** The y coordinates of all points of small order; the sign bit of x is left out of the comparison. */
const SMALL_ORDER_Y = [0n, 1n, PRIME - 1n, ORDER_8_Y, PRIME - ORDER_8_Y].map(littleEndian);

/**
 * Whether `signature` (64 bytes) of `message` verifies under `publicKey` (32 bytes).
 * A key or R with y >= p or of small order, and S >= L, are refused (RFC 8032, 5.1.3 and 5.1.7).
 */
export async function verifyEd25519(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (!isEd25519Point(publicKey) || signature.length !== 64) return false;
  if (!isEd25519Point(signature.subarray(0, 32)) || !isLess(signature.subarray(32), L)) return false;
  if (isFatalSomewhere(publicKey, message)) return verifyPortably(publicKey, message, signature);
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, message);
  } catch (error) {
    // The bytes are no point of the curve.
    if (!isUnsupported(error)) return false;
  }
  return verifyPortably(publicKey, message, signature);
}

async function verifyPortably(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  const { verifyWithNoble } = await late(import('./ed25519-noble.ts'));
  return verifyWithNoble(publicKey, message, signature);
}

/** Whether 32 bytes encode a y below p that is not one of a point of small order. */
export function isEd25519Point(bytes: Uint8Array): boolean {
  if (bytes.length !== 32) return false;
  const y = Uint8Array.from(bytes);
  y[31] = (y[31] ?? 0) & 0x7f;
  return isLess(y, P) && !SMALL_ORDER_Y.some((small) => small.every((byte, i) => byte === y[i]));
}

/**
 * Whether WebKitGTK's Web Crypto (libgcrypt 1.10) would end the process of the page: at a message that has no room in 16 bits of
 * length, and at a key whose y is below 2^192, which none is by chance. Whoever writes metadata can bring about both.
 */
function isFatalSomewhere(publicKey: Bytes, message: Bytes): boolean {
  const isShort = publicKey.subarray(24).every((byte, i) => (i === 7 ? byte & 0x7f : byte) === 0);
  return isShort || message.length > 0xff00;
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
