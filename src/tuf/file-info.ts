// Whether bytes are the file whose length and hashes a parent signed (TUF 1.0.34, 5.5.2, 5.6.2, 5.7.2).
import { digestHex } from '../digest-hex.ts';
import type { Bytes, HashAlgorithm } from '../ports.ts';
import type { FileInfo } from './metadata.ts';

export interface Difference {
  readonly what: 'length' | HashAlgorithm;
  readonly expected: string;
  readonly got: string;
}

/** The known hashes of `hashes`, all of which have to match; unknown ones prove nothing. */
export function knownHashes(hashes: Readonly<Record<string, string>> = {}): [HashAlgorithm, string][] {
  return (['sha256', 'sha512'] as const).flatMap((algorithm) => {
    const hex = Object.hasOwn(hashes, algorithm) ? hashes[algorithm] : undefined;
    return hex === undefined ? [] : [[algorithm, hex]];
  });
}

/** The first difference between `bytes` and what is signed of them, or undefined where there is none. */
export async function matchFile(bytes: Bytes, file: FileInfo): Promise<Difference | undefined> {
  if (file.length !== undefined && bytes.length !== file.length) {
    return { what: 'length', expected: String(file.length), got: String(bytes.length) };
  }
  for (const [algorithm, expected] of knownHashes(file.hashes)) {
    const got = await digestHex(algorithm, bytes);
    if (got !== expected) return { what: algorithm, expected, got };
  }
  return undefined;
}

/** The length and SHA-256 of a file, as they are signed. */
export async function fileInfo(bytes: Bytes): Promise<{ length: number; hashes: { sha256: string } }> {
  return { length: bytes.length, hashes: { sha256: await digestHex('sha256', bytes) } };
}
