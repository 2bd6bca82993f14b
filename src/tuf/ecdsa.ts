// ECDSA signatures: TUF writes DER (RFC 3279, 2.2.3), Web Crypto the two numbers side by side (IEEE P1363).
import type { Bytes } from '../ports.ts';

/**
 * The signature as r and s of `size` bytes each, or undefined where it is not DER of two positive numbers
 * that fit, written in the shortest way and with nothing after it.
 */
export function derToP1363(der: Uint8Array, size: number): Bytes | undefined {
  // Two numbers of 48 bytes are 104 bytes at most: lengths are one byte.
  const length = der[1] ?? 0x80;
  if (der[0] !== 0x30 || length >= 0x80 || der.length !== 2 + length) return undefined;
  const r = readInteger(der, 2, size);
  const s = r && readInteger(der, r.end, size);
  if (r === undefined || s === undefined || s.end !== der.length) return undefined;
  const out = new Uint8Array(2 * size);
  out.set(r.digits, size - r.digits.length);
  out.set(s.digits, 2 * size - s.digits.length);
  return out;
}

function readInteger(
  der: Uint8Array,
  at: number,
  size: number,
): { digits: Uint8Array; end: number } | undefined {
  const length = der[at + 1] ?? 0;
  const start = at + 2;
  const end = start + length;
  if (der[at] !== 0x02 || length === 0 || end > der.length) return undefined;
  const first = der[start] ?? 0;
  const second = der[start + 1] ?? 0;
  // Negative; zero; a leading zero that nothing asks for.
  if (first >= 0x80 || (first === 0 && (length === 1 || second < 0x80))) return undefined;
  const digits = der.subarray(first === 0 ? start + 1 : start, end);
  return digits.length > size ? undefined : { digits, end };
}

export function p1363ToDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const numbers = [...writeInteger(signature.subarray(0, half)), ...writeInteger(signature.subarray(half))];
  return Uint8Array.from([0x30, numbers.length, ...numbers]);
}

function writeInteger(digits: Uint8Array): number[] {
  let start = 0;
  while (start < digits.length - 1 && digits[start] === 0) start++;
  const shortest = [...digits.subarray(start)];
  if ((shortest[0] ?? 0) >= 0x80) shortest.unshift(0);
  return [0x02, shortest.length, ...shortest];
}
