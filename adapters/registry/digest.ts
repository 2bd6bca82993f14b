import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Digest } from './name.ts';

/** A SHA-256 over bytes that arrive one after the other: Web Crypto has none. */
export interface RunningDigest {
  update(chunk: Uint8Array): void;
  digest(): Digest;
}

export function runningDigest(): RunningDigest {
  const hash = sha256.create();
  return {
    update: (chunk) => void hash.update(chunk),
    digest: () => `sha256:${bytesToHex(hash.digest())}`,
  };
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${bytesToHex(sha256(bytes))}`;
}
