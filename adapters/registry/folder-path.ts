/** Paths inside a registry's folder. No symbolic link in it is followed: it could lead out of the folder. */
import type { BigIntStats } from 'node:fs';
import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DTufError } from '../../src/errors.ts';
import { type Algorithm, algorithmOf, type Digest } from './digest.ts';
import { isRepositoryName } from './name.ts';

const names = { blobs: 'blobs', uploads: '_uploads', lock: '_lock' };

/** What the registry keeps for itself begins with `_`: no component of a repository's name does. */
export const uploadsFolder = names.uploads;
export const lockFolder = names.lock;

export function repositoryParts(repository: string): string[] {
  // The handler has judged the name; a storage that is used without it must not be led astray either.
  if (!isRepositoryName(repository)) {
    throw new DTufError('INVALID_ARGUMENT', 'That is no name of a repository of a registry.');
  }
  return repository.split('/');
}

export function blobParts(repository: string, algorithm: Algorithm): string[] {
  return [...repositoryParts(repository), names.blobs, algorithm];
}

/** The folder of a blob, and its name in there. */
export function blobPath(repository: string, digest: Digest): { parts: string[]; name: string } {
  const algorithm = algorithmOf(digest);
  return { parts: blobParts(repository, algorithm), name: digest.slice(algorithm.length + 1) };
}

/** The folder `root/parts…`, or undefined where it is not there. @throws DTufError STORAGE_FAILED at a link. */
export async function findFolder(root: string, parts: readonly string[]): Promise<string | undefined> {
  let path = root;
  for (const part of parts) {
    path = join(path, part);
    const stats = await lstatOf(path);
    if (!stats) return undefined;
    if (!stats.isDirectory()) throw notFollowed(part);
  }
  return path;
}

/** The same, made where it is not there. `root` itself is made too. */
export async function makeFolder(root: string, parts: readonly string[]): Promise<string> {
  await mkdir(root, { recursive: true });
  let path = root;
  for (const part of parts) {
    path = join(path, part);
    const stats = (await lstatOf(path)) ?? (await made(path));
    if (!stats?.isDirectory()) throw notFollowed(part);
  }
  return path;
}

/** Undefined where there is no file, or a folder. @throws DTufError STORAGE_FAILED at a link. */
export async function statFile(folder: string, name: string): Promise<BigIntStats | undefined> {
  const stats = await lstatOf(join(folder, name));
  if (stats?.isSymbolicLink()) throw notFollowed(name);
  return stats?.isFile() ? stats : undefined;
}

export async function openFile(folder: string, name: string): Promise<FileHandle> {
  // O_NOFOLLOW: also where a link took the file's place since it was looked at. Windows has none.
  return open(join(folder, name), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
}

export async function lstatOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Makes a rename in `folder` outlive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(folder, 'r');
    await handle.sync();
  } catch (error) {
    // Windows opens no folder, and some file systems sync none: the rename is as durable there as it can be.
    if (!isErrno(error, 'EISDIR', 'EPERM', 'EACCES', 'EINVAL', 'ENOTSUP')) throw error;
  } finally {
    await handle?.close();
  }
}

async function made(path: string): Promise<BigIntStats | undefined> {
  await mkdir(path).catch((error: unknown) => {
    if (!isErrno(error, 'EEXIST')) throw error; // Another process made it in the meantime.
  });
  await syncFolder(dirname(path));
  return lstatOf(path);
}

export function isErrno(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

function notFollowed(part: string): DTufError {
  return new DTufError(
    'STORAGE_FAILED',
    `In the registry's folder, ${part} is a symbolic link or not what belongs there; links are not followed.`,
  );
}
