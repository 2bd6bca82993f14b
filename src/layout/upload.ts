// Data on its way into a repository.

import { forEachChunk, streamOf } from '../content/read-all.ts';
import { toHex } from '../encoding.ts';
import type { Call, UploadCall } from '../options.ts';
import type { Bytes, Content, Digester } from '../ports.ts';
import { describe } from '../registry/describe.ts';
import type { Descriptor } from '../registry/descriptor.ts';
import { type Digest, parseDigest } from '../registry/digest.ts';
import { hasBlob } from '../registry/has-blob.ts';
import { pushBlob } from '../registry/push-blob.ts';
import { parseRepositoryName } from '../registry/reference.ts';
import type { Repository } from '../registry/registry.ts';
import { throwIfAborted } from '../registry/throw-if-aborted.ts';
import type { UploadOptions } from '../registry/upload-options.ts';
import { BUNDLE_TAG } from './strings.ts';
import { type BundleFiles, bundleLayers } from './write-bundle.ts';

/** A blob of the repository. */
export interface PushedBlob {
  readonly digest: Digest;
  /** In bytes. */
  readonly size: number;
}

/** Hashes a file, and sends it where the repository has not got it. */
export async function pushContent(
  repository: Repository,
  digester: Digester,
  name: string,
  content: Content,
  { signal, onProgress, mountFrom }: UploadCall,
): Promise<PushedBlob> {
  // Also where the data is there already, so that nothing would be mounted.
  if (mountFrom !== undefined) parseRepositoryName(mountFrom);
  const total = content.length;
  const hash = await digester.create('sha256');
  let received = 0;
  await forEachChunk(await content.open(), async (chunk) => {
    throwIfAborted(signal);
    await hash.update(chunk);
    received += chunk.length;
    onProgress?.({ target: name, received, total, phase: 'verify' });
  });
  const blob = { digest: parseDigest(`sha256:${toHex(await hash.digest())}`), size: received };
  await pushMissing(
    repository,
    blob,
    { length: received, open: () => content.open() },
    {
      ...(signal ? { signal } : {}),
      ...(mountFrom === undefined ? {} : { mountFrom }),
      ...(onProgress
        ? {
            onProgress: (sent: number) => onProgress({ target: name, received: sent, total, phase: 'write' }),
          }
        : {}),
    },
  );
  return blob;
}

/** Sends a small file where the repository has not got it, and describes it. */
export async function pushBytes(
  repository: Repository,
  mediaType: string,
  bytes: Bytes,
  annotations?: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Descriptor> {
  const descriptor = await describe(mediaType, bytes, annotations);
  await pushMissing(
    repository,
    descriptor,
    { length: bytes.length, open: () => streamOf(bytes) },
    signal ? { signal } : {},
  );
  return descriptor;
}

async function pushMissing(
  repository: Repository,
  blob: PushedBlob,
  content: Content,
  options: UploadOptions,
): Promise<void> {
  // A HEAD may still say that a blob is there which a garbage collection took: only its last byte proves it.
  if (await hasBlob(repository.blobs, blob, options.signal)) options.onProgress?.(blob.size);
  else await pushBlob(repository.blobs, blob, content, options);
}

/** Sends the files of a state of the metadata where the repository has not got them. */
export async function pushFiles(
  repository: Repository,
  mediaType: string,
  files: BundleFiles,
  { signal, onProgress }: Call,
): Promise<void> {
  const layers = bundleLayers(files);
  const total = layers.reduce((sum, [, bytes]) => sum + bytes.length, 0);
  let received = 0;
  for (const [, bytes] of layers) {
    await pushBytes(repository, mediaType, bytes, undefined, signal);
    received += bytes.length;
    onProgress?.({ target: BUNDLE_TAG, received, total, phase: 'write' });
  }
}
