import { readdir, realpath, unlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Digest } from './digest.ts';
import { inFolder } from './folder-failure.ts';
import { readFileRange, remove, shareFile } from './folder-file.ts';
import { ensureLayout, FolderIndexes, isLayout } from './folder-index.ts';
import {
  blobPath,
  findFolder,
  isErrno,
  lstatOf,
  makeFolder,
  statFile,
  syncFolder,
  uploadsFolder,
} from './folder-path.ts';
import { FolderWriter } from './folder-writer.ts';
import { isRepositoryName } from './name.ts';
import type { RegistryStorage } from './storage.ts';

const day = 24 * 60 * 60 * 1000;

/**
 * Keeps each repository as an OCI image layout: `FOLDER/fred/demo/{oci-layout,index.json,blobs/sha256/…}`,
 * which other tools read (`skopeo inspect oci:FOLDER/fred/demo:tag`).
 *
 * Several processes may use one folder. Nothing appears in it before it is on the disk whole, so that it can be
 * served after a crash at any moment. Symbolic links inside the folder are not followed.
 *
 * @param folder a path; it is made with the first blob.
 * @throws DTufError (each method) STORAGE_FAILED; TOO_LARGE where the disk is full; LOCKED where another process
 *   keeps writing.
 * @example
 * const registry = embeddedRegistry({ storage: folderStorage('/srv/registry') });
 */
export function folderStorage(folder: string): RegistryStorage {
  let opened: Promise<OpenFolder> | undefined;
  const open = (): Promise<OpenFolder> => {
    opened ??= openFolder(resolve(folder)).catch((error: unknown) => {
      opened = undefined; // The next call may find the folder mended.
      throw error;
    });
    return opened;
  };
  const using = <T>(work: (open: OpenFolder) => Promise<T>) => inFolder(async () => work(await open()));
  return {
    repositories: () => using(({ root }) => findRepositories(root, '')),
    readIndex: (repository) => using(({ indexes }) => indexes.read(repository)),
    updateIndex: (repository, change) => using(({ indexes }) => indexes.update(repository, change)),
    blobSize: (repository, digest) => using(({ root }) => blobSize(root, repository, digest)),
    openBlob: (repository, digest, range) =>
      readFileRange(() => blobFolder(open, repository, digest), blobPath(repository, digest).name, range),
    createBlob: (repository) => using(async ({ root }) => new FolderWriter(root, repository)),
    copyBlob: (from, repository, digest) => using(({ root }) => copyBlob(root, from, repository, digest)),
    deleteBlob: (repository, digest) => using(({ root }) => deleteBlob(root, repository, digest)),
  };
}

interface OpenFolder {
  /** Without a symbolic link on the way: the user's choice of the folder may hold some. */
  readonly root: string;
  readonly indexes: FolderIndexes;
}

async function openFolder(folder: string): Promise<OpenFolder> {
  const root = await realpath(folder).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return folder;
    throw error;
  });
  await clearAway(root);
  return { root, indexes: new FolderIndexes(root) };
}

/** Uploads that a crash left behind. A day old: no process is at work on them any more. */
export async function clearAway(root: string): Promise<void> {
  const folder = await findFolder(root, [uploadsFolder]);
  if (folder === undefined) return;
  for (const name of await readdir(folder)) {
    const stats = await lstatOf(join(folder, name));
    if (stats && Date.now() - Number(stats.mtimeMs) > day) await remove(join(folder, name));
  }
}

export async function findRepositories(root: string, prefix: string): Promise<string[]> {
  const folder = await findFolder(root, prefix === '' ? [] : prefix.split('/'));
  if (folder === undefined) return [];
  const found = prefix !== '' && (await isLayout(folder)) ? [prefix] : [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return []; // Nothing was ever stored, or it is gone by now.
    throw error;
  });
  for (const entry of entries) {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    // The grammar bounds the length of a name, and with it the depth.
    if (entry.isDirectory() && isRepositoryName(name)) found.push(...(await findRepositories(root, name)));
  }
  return found;
}

async function blobSize(root: string, repository: string, digest: Digest): Promise<number | undefined> {
  const { parts, name } = blobPath(repository, digest);
  const folder = await findFolder(root, parts);
  const stats = folder === undefined ? undefined : await statFile(folder, name);
  return stats && Number(stats.size);
}

async function blobFolder(
  open: () => Promise<OpenFolder>,
  repository: string,
  digest: Digest,
): Promise<string> {
  const { root } = await open();
  const { parts } = blobPath(repository, digest);
  return (await findFolder(root, parts)) ?? join(root, ...parts);
}

async function copyBlob(root: string, from: string, repository: string, digest: Digest): Promise<boolean> {
  if ((await blobSize(root, from, digest)) === undefined) return false;
  const { parts, name } = blobPath(repository, digest);
  await ensureLayout(root, repository);
  const folder = await makeFolder(root, parts);
  await shareFile(root, join(root, ...blobPath(from, digest).parts, name), join(folder, name));
  await syncFolder(folder);
  return true;
}

async function deleteBlob(root: string, repository: string, digest: Digest): Promise<boolean> {
  const { parts, name } = blobPath(repository, digest);
  const folder = await findFolder(root, parts);
  if (folder === undefined || !(await statFile(folder, name))) return false;
  await unlink(join(folder, name));
  return true;
}
