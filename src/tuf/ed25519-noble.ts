// Ed25519 in JavaScript, for engines whose Web Crypto lacks it or does not survive it.
import { etc, Point, verifyAsync } from '@noble/ed25519';
import { equalBytes } from '../equal-bytes.ts';
import type { Bytes } from '../ports.ts';
import { ORDER } from './edwards25519.ts';

/**
 * noble multiplies by the cofactor, which RFC 8032 (5.1.7) leaves open; Web Crypto of Node and Chromium does not: a signature that
 * differs from a good one by a point of small order would be good in some runtimes only. So R is computed as well.
 */
export async function verifyWithNoble(publicKey: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  if (!(await verifyAsync(signature, message, publicKey, { zip215: false }))) return false;
  const R = signature.subarray(0, 32);
  const hashed = new Uint8Array(etc.concatBytes(R, publicKey, message));
  const k = toNumber(new Uint8Array(await crypto.subtle.digest('SHA-512', hashed))) % ORDER;
  const sB = Point.BASE.multiply(toNumber(signature.subarray(32)), false);
  return equalBytes(sB.subtract(Point.fromBytes(publicKey).multiply(k, false)).toBytes(), R);
}

function toNumber(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
