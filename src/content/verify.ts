// Data against the length and hashes that are signed of it (TUF 1.0.34, 5.7.2).
import { digestHex } from '../digest-hex.ts';
import { DTufError } from '../errors.ts';
import type { Bytes, HashAlgorithm } from '../ports.ts';

/** What is signed of a file: all of it has to match. */
export interface Expected {
  /** In bytes. */
  readonly length: number;
  /** Lower-case hex; at least one. */
  readonly hashes: readonly (readonly [HashAlgorithm, string])[];
}

/**
 * Data that is at hand as a whole, by Web Crypto: several times as fast as what can hash a stream, and beside the thread.
 *
 * @param target names the data in errors.
 * @throws DTufError TARGET_MISMATCH
 */
export async function verifyBytes(bytes: Bytes, expected: Expected, target: string): Promise<void> {
  checkLength(target, expected, bytes.length);
  for (const [algorithm, hex] of hashesOf(expected)) {
    checkHash(target, algorithm, hex, await digestHex(algorithm, bytes));
  }
}

/** What is to be compared. */
export function hashesOf({ hashes }: Expected): Expected['hashes'] {
  if (hashes.length === 0) throw new Error('without a hash nothing can be verified');
  return hashes;
}

/** @throws DTufError TARGET_MISMATCH */
export function checkLength(target: string, { length }: Expected, got: number): void {
  if (got !== length) throw targetMismatch(target, 'length', `${length} bytes`, `${got}`);
}

/** @throws DTufError TARGET_MISMATCH */
export function checkHash(target: string, algorithm: string, expected: string, got: string): void {
  if (got !== expected) throw targetMismatch(target, algorithm, expected, got);
}

/** The refusal of data at the first byte too many. */
export function tooLong(target: string, { length }: Expected): DTufError {
  return targetMismatch(target, 'length', `${length} bytes`, 'more');
}

/** The refusal of data that is not what was signed. */
export function targetMismatch(target: string, what: string, expected: string, got: string): DTufError {
  const message = `${target} is not what was signed and was refused: ${what} ${expected} was expected, ${got} came`;
  return new DTufError('TARGET_MISMATCH', message, { target, clause: '5.7.2', expected, got });
}
