// Files in the origin private file system, for data that is too large to be held and not verified yet.
import { DTufError } from '../../src/errors.ts';
import { exceptionName, storing } from './storage-error.ts';

const FOLDER = 'dtuf-spools';
const DAY = 24 * 60 * 60 * 1000;

/** A file that only this origin sees, under a name that nobody else uses. */
export interface PrivateFile {
  write(chunk: Uint8Array): Promise<void>;
  /** What was written; nothing can be written after it. The file has to be there as long as it is read. */
  file(): Promise<File>;
  /** Removes it. It can be called more than once. */
  remove(): Promise<void>;
}

/**
 * Makes a private file.
 *
 * @param length in bytes that will be written; refused at once where the browser says that it has not got the room.
 * @returns undefined where this browser has no such files, or not for this page.
 * @throws DTufError STORAGE_FAILED
 */
export async function createPrivateFile(length: number): Promise<PrivateFile | undefined> {
  const folder = await openFolder();
  if (folder === undefined) return undefined;
  await sweep(folder);
  await requireRoom(length);
  const name = `${crypto.randomUUID()}.tmp`;
  return storing('make a temporary file', async () => {
    const handle = await folder.getFileHandle(name, { create: true });
    const stream = await handle.createWritable();
    let closed: Promise<void> | undefined;
    return {
      write: (chunk) => storing('write a temporary file', () => stream.write(Uint8Array.from(chunk))),
      file: () =>
        storing('read a temporary file', async () => {
          closed ??= stream.close();
          await closed;
          return handle.getFile();
        }),
      remove: () =>
        storing('remove a temporary file', async () => {
          // An error here is one of what was given up.
          closed ??= stream.abort().catch(() => undefined);
          await closed.catch(() => undefined);
          await unlessMissing(folder.removeEntry(name));
        }),
    };
  });
}

async function openFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  const storage: StorageManager | undefined = globalThis.navigator?.storage;
  if (typeof storage?.getDirectory !== 'function' || typeof FileSystemFileHandle !== 'function')
    return undefined;
  if (!('createWritable' in FileSystemFileHandle.prototype)) return undefined;
  try {
    return await (await storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  } catch {
    // Private windows and frames without an origin have none: the caller keeps the data in memory or refuses.
    return undefined;
  }
}

/** Removes what pages that were closed in the middle have left: what is a day old is nobody's any more. */
async function sweep(folder: FileSystemDirectoryHandle): Promise<void> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  for (const name of names) {
    try {
      const file = await (await folder.getFileHandle(name)).getFile();
      if (Date.now() - file.lastModified > DAY) await folder.removeEntry(name);
    } catch {
      // Another tab is writing or removing it: it is not ours to remove.
    }
  }
}

/** @throws DTufError STORAGE_FAILED */
async function requireRoom(length: number): Promise<void> {
  // A browser that does not tell will tell while the file is written.
  const { quota, usage } = await navigator.storage
    .estimate()
    .catch(() => ({ quota: undefined, usage: undefined }));
  if (quota === undefined || usage === undefined || quota - usage >= length) return;
  const message = `There is no room for ${length} bytes: the browser gives ${Math.max(0, quota - usage)} more to this site. Make room and try again.`;
  throw new DTufError('STORAGE_FAILED', message, {
    expected: `${length} bytes free`,
    got: `${Math.max(0, quota - usage)}`,
  });
}

async function unlessMissing(removal: Promise<void>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (exceptionName(error) !== 'NotFoundError') throw error;
  }
}
