// The folders of spools in the origin's private files: who holds one, and which nobody comes back for. What a browser has not
// closed is lost when a tab is killed: a folder holds segments, so that one of them is lost at most.
import { exceptionName } from './exception-name.ts';
import { SPOOLS } from './spools.ts';

/** Its presence says that the data was verified and handed to the browser, which copies it. */
const DONE = 'done';
/** In milliseconds: what was begun longer ago is nobody's any more. */
const DAY = 24 * 60 * 60 * 1000;
/** In milliseconds: how long a browser may take to copy what a page gave it that is closed by now. */
const COPYING = 60_000;

/** The folder of all spools. @returns undefined where this browser has no private files, or not here. */
export async function folderOfSpools(create = true): Promise<FileSystemDirectoryHandle | undefined> {
  const storage: StorageManager | undefined = globalThis.navigator?.storage;
  if (typeof storage?.getDirectory !== 'function' || typeof FileSystemFileHandle !== 'function')
    return undefined;
  if (!('createWritable' in FileSystemFileHandle.prototype) || !navigator.locks) return undefined;
  try {
    return await (await storage.getDirectory()).getDirectoryHandle(SPOOLS, { create });
  } catch {
    // Private windows and frames without an origin have none: the caller keeps the data in memory or refuses.
    return undefined;
  }
}

/** A name whose Web Lock we have. The browser releases it where the tab is closed or killed. */
export interface Held {
  readonly name: string;
  /** Whoever takes it next has to wait for this: until then Firefox says that it is held. */
  release(): Promise<void>;
}

/** @returns undefined where somebody else holds it. */
function take(name: string): Promise<Held | undefined> {
  return new Promise((resolve, reject) => {
    const ended = navigator.locks.request(`${SPOOLS}/${name}`, { ifAvailable: true }, (lock) => {
      if (lock === null) return resolve(undefined);
      return new Promise<void>((end) => {
        const release = () => {
          end();
          return ended;
        };
        resolve({ name, release });
      });
    });
    ended.catch(reject);
  });
}

/** Takes the name `sha256`, where nobody holds it and it was not handed over; else one that nobody else uses. */
export async function holdSpool(spools: FileSystemDirectoryHandle, sha256 = ''): Promise<Held> {
  const held = await inTurn(async () => {
    await sweep(spools);
    // A browser may be copying what was handed over, and who asks again wants what is there now.
    const isFree = isFound(sha256) && (await handedOver(spools, sha256)) === undefined;
    return (isFree ? await take(sha256) : undefined) ?? take(crypto.randomUUID());
  });
  if (held === undefined) throw new Error('a name that was made by chance is free');
  return held;
}

/** Whether a later attempt finds a spool of this name, which is the sha256 of the whole. */
function isFound(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/** One page at a time: a look at what is left takes its lock for a moment, and must not be mistaken for its writer. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(SPOOLS, work);
}

/** Removes what pages have left that are closed. Called when a page begins, it never throws. */
export async function sweepSpools(): Promise<void> {
  try {
    const spools = await folderOfSpools(false);
    if (spools !== undefined) await inTurn(() => sweep(spools));
  } catch {
    // Nobody waits for it, and the next page tries again.
  }
}

async function sweep(spools: FileSystemDirectoryHandle): Promise<void> {
  const names: string[] = [];
  for await (const name of spools.keys()) names.push(name);
  for (const name of names) {
    const held = await take(name);
    try {
      if (held !== undefined && (await isLeft(spools, name))) await removeSpool(spools, name);
    } catch {
      // Somebody else removes it at this moment.
    } finally {
      await held?.release();
    }
  }
}

/** Whether nobody comes back for a spool that nobody holds. */
async function isLeft(spools: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  if (!isFound(name)) return true;
  const done = await handedOver(spools, name);
  if (done !== undefined) return Date.now() - done > COPYING;
  const written = (await segmentsOf(spools, name)).map(({ lastModified }) => lastModified);
  return Date.now() - Math.max(0, ...written) > DAY;
}

/** When a spool was handed to the browser, in milliseconds; undefined where it was not. */
async function handedOver(spools: FileSystemDirectoryHandle, name: string): Promise<number | undefined> {
  return (await fileIn(spools, name, DONE))?.lastModified;
}

/** For the pages that clean up after this one. */
export async function markHandedOver(spools: FileSystemDirectoryHandle, name: string): Promise<void> {
  await (await createFile(spools, name, DONE, true)).close();
}

/** Those that follow one another from the first on. */
export async function segmentsOf(spools: FileSystemDirectoryHandle, name: string): Promise<File[]> {
  const segments: File[] = [];
  for (;;) {
    const file = await fileIn(spools, name, `${segments.length}`);
    // An empty one was open when its page ended.
    if (file === undefined || file.size === 0) return segments;
    segments.push(file);
  }
}

/**
 * Opens a file of a spool, to be written.
 *
 * @param create the spool too. Without it, one that was cleared meanwhile is an error: a part of it would be missing.
 */
export async function createFile(
  spools: FileSystemDirectoryHandle,
  name: string,
  file: string,
  create: boolean,
): Promise<FileSystemWritableFileStream> {
  const folder = await spools.getDirectoryHandle(name, { create });
  return (await folder.getFileHandle(file, { create: true })).createWritable();
}

/** A spool that is not there is removed. */
export async function removeSpool(spools: FileSystemDirectoryHandle, name: string): Promise<void> {
  await unlessMissing(spools.removeEntry(name, { recursive: true }));
}

/** Looked up each time: another page may have cleared the site's data. */
function fileIn(spools: FileSystemDirectoryHandle, name: string, file: string): Promise<File | undefined> {
  return unlessMissing(
    spools
      .getDirectoryHandle(name)
      .then((folder) => folder.getFileHandle(file))
      .then((handle) => handle.getFile()),
  );
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (exceptionName(error) !== 'NotFoundError') throw error;
    return undefined;
  }
}
