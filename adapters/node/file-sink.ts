import { randomUUID } from 'node:crypto';
import type { Stats } from 'node:fs';
import { type FileHandle, open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { DTufError } from '../../src/errors.ts';
import type { Sink } from '../../src/ports.ts';
import { writeAll } from './byte-stream.ts';
import { fileSpool, requireRoom } from './spool.ts';
import { syncFolder } from './state-path.ts';
import { errnoOf, storageFailed, storing, unlessMissing } from './storage-error.ts';

/** As many as Linux follows. */
const MAX_LINKS = 40;
/** Files of this process that are open already: `>> out` would lose what stood before if they were replaced. */
const OPEN_FILE = /^(?:\/dev\/(?:stdin|stdout|stderr|fd\/\d+)|\/proc\/(?:self|\d+)\/fd\/\d+)$/;

/**
 * A file that is being written: under a temporary name beside its place, which a rename gives it at commit.
 *
 * A link is followed, and its target replaced. A device or a pipe, where nothing can be taken back, gets its bytes
 * at commit, from a temporary file.
 *
 * @param temporary folder for such a file.
 * @param length in bytes that will be written.
 * @throws DTufError INVALID_ARGUMENT, STORAGE_FAILED
 */
export async function fileSink(place: string, length: number, temporary: string): Promise<Sink> {
  const found = await look(place);
  if (found?.isDirectory() || /[/\\]$/.test(place)) throw invalid(place, 'it is a folder: name a file in it');
  if (found && (!found.isFile() || OPEN_FILE.test(place))) return directSink(place, length, temporary);
  return replacingSink(await followLinks(place), length, found);
}

async function replacingSink(path: string, length: number, before: Stats | undefined): Promise<Sink> {
  const folder = dirname(path);
  // The name can be as long as the file system allows already.
  const part = join(folder, `.${basename(path).slice(0, 60)}.${randomUUID().slice(0, 8)}.part`);
  const handle = await openPart(part, folder);
  const abort = () => dropPart(handle, part);
  try {
    await requireRoom(folder, length);
    // The file keeps its mode, as if it had been written over.
    if (before) await storing('set the mode of', part, () => handle.chmod(before.mode & 0o777));
  } catch (error) {
    await abort();
    throw error;
  }
  return {
    how: 'file',
    async write(chunk) {
      try {
        await writeAll(handle, chunk, null);
      } catch (error) {
        await abort();
        throw storageFailed('write', path, error);
      }
    },
    async commit() {
      try {
        await handle.sync();
        await handle.close();
        await rename(part, path);
        await syncFolder(folder);
      } catch (error) {
        await abort();
        throw storageFailed('write', path, error);
      }
    },
    abort,
  };
}

async function directSink(path: string, length: number, temporary: string): Promise<Sink> {
  const spool = await fileSpool(temporary, length);
  return {
    how: 'file',
    write: (chunk) => spool.write(chunk),
    async commit() {
      const reader = (await spool.read()).getReader();
      try {
        const handle = await openDirect(path);
        try {
          for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
            await writeAll(handle, piece.value, null);
          }
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw storageFailed('write', path, error);
      } finally {
        await spool.discard();
      }
    },
    abort: () => ignoring(spool.discard()),
  };
}

async function openPart(part: string, folder: string): Promise<FileHandle> {
  try {
    return await open(part, 'wx');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') throw invalid(folder, 'there is no such folder', error);
    throw storageFailed('write', part, error);
  }
}

async function openDirect(path: string): Promise<FileHandle> {
  try {
    // To append changes nothing for a device or a pipe, and keeps what stands in an open file.
    return await open(path, 'a');
  } catch (error) {
    if (errnoOf(error) === 'ENXIO') throw invalid(path, 'it is a socket', error);
    throw error;
  }
}

/** Where the bytes are to stand: a link's target, also where that is not there yet. */
async function followLinks(place: string): Promise<string> {
  let path = resolve(place);
  for (let links = 0; links <= MAX_LINKS; links++) {
    const real = await storing('look at', path, () => unlessMissing(realpath(path)));
    if (real !== undefined) return real;
    const target = await readlink(path).catch(() => undefined);
    if (target === undefined) return path;
    path = resolve(dirname(path), target);
  }
  throw invalid(place, 'its symbolic links go round in a circle');
}

async function look(place: string): Promise<Stats | undefined> {
  try {
    return await unlessMissing(stat(place));
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      ENOTDIR: 'a part of the path is no folder',
      ELOOP: 'its symbolic links go round in a circle',
      ENAMETOOLONG: 'the name is too long',
      ERR_INVALID_ARG_VALUE: 'it is no path',
    };
    const reason = reasons[errnoOf(error) ?? ''];
    throw reason ? invalid(place, reason, error) : storageFailed('look at', place, error);
  }
}

async function dropPart(handle: FileHandle, part: string): Promise<void> {
  // After a commit there is nothing left to close or remove: neither minds.
  await ignoring(handle.close());
  await ignoring(rm(part, { force: true }));
}

/** For cleaning up after an error that is about to be told, or that the caller knows of. */
async function ignoring(work: Promise<unknown>): Promise<void> {
  await work.catch(() => {});
}

function invalid(path: string, reason: string, cause?: unknown): DTufError {
  return new DTufError('INVALID_ARGUMENT', `Cannot write ${JSON.stringify(path)}: ${reason}.`, { cause });
}
