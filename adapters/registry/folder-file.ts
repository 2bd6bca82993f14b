/** Files that are there whole or not at all, also after a crash. */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, type FileHandle, link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { folderFailure } from './folder-failure.ts';
import { isErrno, makeFolder, openFile, syncFolder, uploadsFolder } from './folder-path.ts';
import type { ByteRange } from './storage.ts';

/** A file system without links, or with too many of them, or two file systems. */
const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EXDEV'];

const chunkSize = 256 * 1024;

export interface TemporaryFile {
  readonly path: string;
  readonly file: FileHandle;
}

export async function createTemporary(root: string): Promise<TemporaryFile> {
  const path = join(await makeFolder(root, [uploadsFolder]), randomUUID());
  return { path, file: await open(path, 'wx') };
}

/** Opens one again that was closed, to write at its end. */
export async function reopenTemporary(path: string): Promise<FileHandle> {
  return open(path, constants.O_WRONLY | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0));
}

export async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let offset = 0;
  while (offset < bytes.length) {
    const { bytesWritten } = await file.write(bytes, offset, bytes.length - offset);
    offset += bytesWritten;
  }
}

/** Makes `folder/name` have exactly `bytes`, in one step. `mayStill` is asked at the last moment. */
export async function replaceFile(
  root: string,
  folder: string,
  name: string,
  bytes: Uint8Array,
  mayStill: () => void,
): Promise<void> {
  const { path, file } = await createTemporary(root);
  try {
    await writeAll(file, bytes).finally(() => settle(file));
    mayStill();
    await rename(path, join(folder, name));
  } catch (error) {
    await remove(path);
    throw error;
  }
  await syncFolder(folder);
}

/** Makes `folder/name` unless it is there. */
export async function createFile(
  root: string,
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const { path, file } = await createTemporary(root);
  try {
    await writeAll(file, bytes).finally(() => settle(file));
    await link(path, join(folder, name)).catch((error: unknown) => {
      // Without links it cannot be made in one step; the reader takes an empty file for one that is being made.
      if (isErrno(error, ...noLinks)) return copyFile(path, join(folder, name), constants.COPYFILE_EXCL);
      throw error;
    });
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    await remove(path);
  }
  await syncFolder(folder);
}

/** A second name for the content of a file that is never written again. */
export async function shareFile(root: string, from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    if (!isErrno(error, ...noLinks)) throw error;
    const { path, file } = await createTemporary(root);
    await copyFile(from, path).finally(() => settle(file));
    await rename(path, to);
  }
}

/** Brings what was written to the disk before anything names it, and closes. */
export async function settle(file: FileHandle): Promise<void> {
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

export async function remove(path: string): Promise<void> {
  // It may be gone; and what stays by mistake is cleared away a day later.
  await unlink(path).catch(() => undefined);
}

/**
 * A part of the file `name` of the folder that `find` gives. It is looked for and opened with the first read,
 * so that a body that nobody reads holds nothing.
 */
export function readFileRange(
  find: () => Promise<string>,
  name: string,
  { start, end }: ByteRange,
): ReadableStream<Uint8Array> {
  let file: FileHandle | undefined;
  let position = start;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          file ??= await openFile(await find(), name);
          const chunk = new Uint8Array(Math.min(chunkSize, end - position));
          const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
          if (bytesRead === 0) throw new Error(`the file ends at byte ${position}, expected ${end}`);
          position += bytesRead;
          controller.enqueue(chunk.subarray(0, bytesRead));
          if (position < end) return;
          controller.close();
          await file.close();
        } catch (error) {
          await file?.close();
          throw folderFailure(error);
        }
      },
      async cancel() {
        await file?.close();
      },
    },
    { highWaterMark: 0 },
  );
}
