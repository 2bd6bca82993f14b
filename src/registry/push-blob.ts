import type { BlobName } from './blob-name.ts';
import type { Blobs } from './blobs.ts';
import { parseDigest } from './digest.ts';
import { hasBlob } from './has-blob.ts';
import { parseRepositoryName } from './reference.ts';
import { upload } from './upload.ts';
import type { UploadSource } from './upload-body.ts';
import type { UploadOptions } from './upload-options.ts';

/**
 * Uploads a blob (distribution-spec v1.1, "Pushing blobs"): in one request or in chunks, as the registry takes it. What
 * fails begins anew, with the content opened again.
 *
 * @throws DTufError DIGEST_MISMATCH where the content is not (or no longer) what the descriptor says; ACCESS_DENIED.
 */
export async function pushBlob(
  blobs: Blobs,
  blob: BlobName,
  content: UploadSource,
  options: UploadOptions = {},
): Promise<void> {
  const { transport, repository } = blobs;
  const { signal, mountFrom } = options;
  if (mountFrom !== undefined) parseRepositoryName(mountFrom);
  await upload({
    transport,
    repository,
    digest: parseDigest(blob.digest),
    size: blob.size,
    content,
    options,
    isThere: () => hasBlob(blobs, blob, signal),
  });
}
