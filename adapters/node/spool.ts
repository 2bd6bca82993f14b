import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { DTufError } from '../../src/errors.ts';
import type { Spool } from '../../src/ports.ts';
import { byteStream, writeAll } from './byte-stream.ts';
import { storing } from './storage-error.ts';

/** A temporary file that nobody else can read, and that goes away with the process. */
export interface TemporaryFile {
  readonly handle: FileHandle;
  readonly path: string;
  close(): Promise<void>;
}

/** @throws DTufError STORAGE_FAILED */
export async function openTemporary(folder: string): Promise<TemporaryFile> {
  const path = join(folder, `dtuf-${randomUUID()}.tmp`);
  const handle = await storing('make the temporary file', path, () => open(path, 'wx+', 0o600));
  // Without a name nothing is left of it even after SIGKILL. Windows keeps the name of an open file: there it
  // is removed at the end.
  const unnamed = await rm(path).then(
    () => true,
    () => false,
  );
  let closed: Promise<void> | undefined;
  const close = async () => {
    await handle.close();
    if (!unnamed) await rm(path, { force: true });
  };
  return {
    handle,
    path,
    close: () => {
      closed ??= storing('remove the temporary file', path, close);
      return closed;
    },
  };
}

/**
 * A spool in a temporary file.
 *
 * @param folder for the file.
 * @param length in bytes that will be written; refused at once where the disk has not got the room.
 * @throws DTufError STORAGE_FAILED
 */
export async function fileSpool(folder: string, length: number): Promise<Spool> {
  await requireRoom(folder, length);
  const file = await openTemporary(folder);
  let written = 0;
  return {
    async write(chunk) {
      try {
        await storing('write the temporary file', file.path, () => writeAll(file.handle, chunk, written));
      } catch (error) {
        await file.close();
        throw error;
      }
      written += chunk.length;
    },
    async read() {
      return byteStream({
        ...file,
        length: written,
        tooShort: () => new Error(`it ends before its ${written} bytes`),
      });
    },
    discard: () => file.close(),
  };
}

/** @throws DTufError STORAGE_FAILED where the file system says that it has less than `length` bytes left. */
export async function requireRoom(folder: string, length: number): Promise<void> {
  const room = await statfs(folder).catch(() => undefined);
  // Some file systems do not know; writing will tell.
  if (!room || room.blocks === 0) return;
  const free = room.bavail * room.bsize;
  if (free >= length) return;
  const message = `There is no room for ${length} bytes in ${JSON.stringify(folder)}, where ${free} are free: make room, or choose another folder.`;
  throw new DTufError('STORAGE_FAILED', message, { expected: `${length} bytes free`, got: `${free}` });
}
