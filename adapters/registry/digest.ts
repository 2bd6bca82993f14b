import { sha256, sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

/**
 * The name of content here (image-spec, descriptor.md): by sha256, or by sha512, which clients seldom use and registries
 * may take.
 */
export type Digest = `sha256:${string}` | `sha512:${string}`;

export type Algorithm = 'sha256' | 'sha512';

export const digestGrammar = 'a digest is sha256: and 64 hex digits, or sha512: and 128';

const hashes = { sha256, sha512 };

export function isDigest(text: string): text is Digest {
  return /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/.test(text);
}

export function algorithmOf(digest: Digest): Algorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256';
}

/** A hash over bytes that arrive one after the other: Web Crypto has none. */
export interface RunningDigest {
  update(chunk: Uint8Array): void;
  digest(): Digest;
}

export function runningDigest(algorithm: Algorithm = 'sha256'): RunningDigest {
  const hash = hashes[algorithm].create();
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => `${algorithm}:${bytesToHex(hash.digest())}`,
  };
}

export function digestOf(bytes: Uint8Array, algorithm: Algorithm): Digest {
  return `${algorithm}:${bytesToHex(hashes[algorithm](bytes))}`;
}
