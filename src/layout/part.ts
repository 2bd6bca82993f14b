import { streamOf } from '../content/read-all.ts';
import { type Expected, targetMismatch } from '../content/verify.ts';
import type { Bytes } from '../ports.ts';
import { type Digest, parseDigest } from '../registry/digest.ts';
import type { Repository } from '../registry/registry.ts';
import type { TargetFile } from '../tuf/targets.ts';
import type { Part } from './layout.ts';

/** A part that is a blob of the repository. */
export function blobPart(repository: Repository, digest: Digest, expected: Expected): Part {
  const { length } = expected;
  return {
    digest,
    length,
    expected,
    open: (signal, start = 0) =>
      repository.blobs.openUnverified({ digest, size: length }, { start, ...(signal ? { signal } : {}) }),
  };
}

/** A part that is at hand, and verified. */
export function bytesPart(digest: Digest, bytes: Bytes, expected: Expected): Part {
  const open = async (_signal?: AbortSignal, start = 0) => streamOf(bytes.subarray(start));
  return { digest, length: expected.length, expected, bytes, open };
}

/** The name of a target in a registry, by its signed sha256. @throws DTufError TARGET_MISMATCH where only others are signed. */
export function sha256Digest(name: string, { hashes }: TargetFile): Digest {
  const hex = Object.hasOwn(hashes, 'sha256') ? hashes['sha256'] : undefined;
  if (hex === undefined) throw targetMismatch(name, 'hash', 'a sha256', Object.keys(hashes).join(', '));
  return parseDigest(`sha256:${hex}`);
}
