import { forEachChunk } from '../content/read-all.ts';
import { hasCode } from '../errors.ts';
import type { BlobName } from './blob-name.ts';
import type { Blobs } from './blobs.ts';

/**
 * Whether a blob can really be had: by reading its last byte. After a garbage collection some registries answer 200
 * to HEAD, and 206 without a byte, for blobs that are gone.
 */
export async function hasBlob(blobs: Blobs, blob: BlobName, signal?: AbortSignal): Promise<boolean> {
  const start = Math.max(0, blob.size - 1);
  try {
    // An answer without that byte, or with more, ends in DIGEST_MISMATCH.
    await forEachChunk(await blobs.openUnverified(blob, { start, ...(signal ? { signal } : {}) }), () => {});
    return true;
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND', 'DIGEST_MISMATCH')) return false;
    throw error;
  }
}
