/** Frees what no manifest names any more in a folder of repositories. */
import { readdir, realpath, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DTufError } from '../../src/errors.ts';
import { isIndexType, parseReferences } from './descriptors.ts';
import { type Algorithm, isDigest } from './digest.ts';
import { clearAway, findRepositories, folderStorage } from './folder.ts';
import { inFolder } from './folder-failure.ts';
import { FolderIndexes } from './folder-index.ts';
import { blobParts, findFolder, isErrno, statFile } from './folder-path.ts';
import { readManifest } from './manifest-bytes.ts';
import type { ImageIndex, RegistryStorage } from './storage.ts';

const hour = 60 * 60 * 1000;
/** Bytes of a manifest that another tool may have written. */
const largest = 64 * 1024 * 1024;

/** What a garbage collection took away. */
export interface Collected {
  readonly blobs: number;
  readonly bytes: number;
}

/**
 * Deletes the blobs that no manifest of their repository names, and what broken uploads left.
 *
 * It may run beside servers and publishers: a repository takes no manifest in while its blobs are looked through, so
 * that none ever names a blob that is gone. What is named anywhere in a manifest stays, whatever it is there for.
 *
 * @param folder of {@link folderStorage}.
 * @param options `grace`: hours that a blob is left alone after it arrived, since its manifest may be on its way; 24
 *   where it is left out.
 * @throws DTufError INVALID_ARGUMENT; LOCKED where another process keeps writing; STORAGE_FAILED, also where a manifest
 *   cannot be read: then nothing of its repository is deleted.
 * @example
 * const { blobs, bytes } = await collectGarbage('/srv/registry');
 */
export async function collectGarbage(folder: string, options: { grace?: number } = {}): Promise<Collected> {
  const { grace = 24 } = options;
  if (!(grace >= 0))
    throw new DTufError('INVALID_ARGUMENT', 'The grace time is a number of hours from 0 on.');
  const storage = folderStorage(folder);
  return inFolder(async () => {
    const root = await realpath(resolve(folder)).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT')) return undefined; // Nothing was ever stored.
      throw error;
    });
    const sum = { blobs: 0, bytes: 0 };
    if (root === undefined) return sum;
    await clearAway(root);
    const indexes = new FolderIndexes(root);
    for (const repository of await findRepositories(root, '')) {
      await indexes.update(repository, async (index, mayStill) => {
        const named = await namedBy(storage, repository, index, mayStill);
        const before = Date.now() - grace * hour;
        const { blobs, bytes } = await sweep(root, repository, named, before, mayStill);
        sum.blobs += blobs;
        sum.bytes += bytes;
        return undefined;
      });
    }
    return sum;
  });
}

/** All digests that the manifests of `index` name, and those of the manifests that they name. */
async function namedBy(
  storage: RegistryStorage,
  repository: string,
  index: ImageIndex,
  mayStill: () => void,
): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  const seen = new Set<string>();
  const manifests = [...index.manifests.map(({ mediaType, digest }) => ({ mediaType, digest }))];
  for (let manifest = manifests.pop(); manifest; manifest = manifests.pop()) {
    const { digest, mediaType } = manifest;
    if (seen.has(digest)) continue;
    mayStill();
    seen.add(digest);
    named.add(digest);
    if (!isDigest(digest)) throw unreadable(repository, digest, 'its digest is of another algorithm');
    const size = await storage.blobSize(repository, digest);
    // A copy of one platform lacks the manifests of the others.
    if (size === undefined) continue;
    const bytes = await readManifest(storage, repository, manifest, largest);
    if (!bytes) throw unreadable(repository, digest, `it has more than ${largest} bytes`);
    // Of a type that this registry does not know, a digest is still a digest.
    for (const [text] of new TextDecoder().decode(bytes).matchAll(digests)) named.add(text);
    if (!isIndexType(mediaType)) continue;
    const references = parseReferences(bytes, mediaType);
    if (typeof references === 'string') throw unreadable(repository, digest, references);
    manifests.push(...references.manifests);
  }
  return named;
}

const digests = /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/g;

async function blobsOf(root: string, repository: string) {
  const found: { algorithm: Algorithm; folder: string; name: string }[] = [];
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const folder = await findFolder(root, blobParts(repository, algorithm));
    if (folder === undefined) continue;
    for (const name of await readdir(folder)) found.push({ algorithm, folder, name });
  }
  return found;
}

async function sweep(
  root: string,
  repository: string,
  named: ReadonlySet<string>,
  before: number,
  mayStill: () => void,
): Promise<Collected> {
  const sum = { blobs: 0, bytes: 0 };
  for (const { algorithm, folder, name } of await blobsOf(root, repository)) {
    const digest = `${algorithm}:${name}`;
    if (named.has(digest) || !isDigest(digest)) continue;
    // Looked at right before it goes: it may have been uploaded again.
    const stats = await statFile(folder, name);
    // A mount gives an old file another name, which is told by the time of its change alone.
    if (!stats || Number(stats.mtimeMs) > before || Number(stats.ctimeMs) > before) continue;
    // Where this process was asleep, another may have taken in a manifest that names it.
    mayStill();
    await unlink(join(folder, name));
    sum.blobs++;
    sum.bytes += Number(stats.size);
  }
  return sum;
}

function unreadable(repository: string, digest: string, why: string): DTufError {
  return new DTufError(
    'STORAGE_FAILED',
    `Nothing of ${repository} was deleted: its manifest ${digest} cannot be read: ${why}.`,
  );
}
