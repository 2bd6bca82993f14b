import { isDigest } from './digest.ts';
import type { IndexEntry, RegistryStorage } from './storage.ts';

/** The bytes of a manifest that an index names; undefined where it is not there, or has more than `limit` of them. */
export async function readManifest(
  storage: RegistryStorage,
  repository: string,
  { digest }: Pick<IndexEntry, 'digest'>,
  limit: number,
): Promise<Uint8Array | undefined> {
  const size = isDigest(digest) ? await storage.blobSize(repository, digest) : undefined;
  if (!isDigest(digest) || size === undefined || size > limit) return undefined;
  const whole = new Response(storage.openBlob(repository, digest, { start: 0, end: size }));
  return new Uint8Array(await whole.arrayBuffer());
}
