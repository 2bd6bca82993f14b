// Data that is not verified yet, in the origin private file system. A spool is a folder of segments: what a browser has not
// closed is lost when a tab is killed, and so is one segment at most.
import { DTufError } from '../../src/errors.ts';
import { letGo } from './own-buffers.ts';
import { SPOOLS } from './spools.ts';
import { exceptionName, storing } from './storage-error.ts';

/** Its presence says that the data was verified and handed to the browser, which copies it. */
const DONE = 'done';
/** In milliseconds: what was begun longer ago is nobody's any more. */
const DAY = 24 * 60 * 60 * 1000;
/** In milliseconds: how long a browser may take to copy what a page gave it that is closed by now. */
const COPYING = 60_000;
/** In bytes. Each is closed when it is full. */
const SEGMENT = 16 * 1024 * 1024;
/** In bytes: chunks are gathered, since each write is a message to another process. One fills while the other is written. */
const BUFFER = 2 * 1024 * 1024;

/** A spool that is ours: nobody else writes or removes it while it is open. */
export interface PrivateSpool {
  /** What an earlier attempt left. It is not verified; what is written comes after it. */
  readonly kept: Blob | undefined;
  write(chunk: Uint8Array): Promise<void>;
  /** All of it; nothing can be written after it. The spool has to be there as long as it is read. */
  blob(): Promise<Blob>;
  /** Remembers that it is handed over, for the pages that clean up after this one. */
  markDone(): Promise<void>;
  /** Ends, and leaves what was written to the next attempt. */
  keep(): Promise<void>;
  /** Removes it. It can be called more than once. */
  remove(): Promise<void>;
}

/**
 * Opens a spool.
 *
 * @param length in bytes of the whole; refused at once where the browser says that it has not got the room.
 * @param sha256 in hex: its name, so that what another attempt left is found. Where somebody else writes it at this moment,
 * where it was handed over, or without a sha256, the name is one that nobody else uses.
 * @returns undefined where this browser has no private files, or not for this page.
 * @throws DTufError STORAGE_FAILED
 */
export async function openSpool(length: number, sha256?: string): Promise<PrivateSpool | undefined> {
  const spools = await openFolder();
  if (spools === undefined) return undefined;
  const held = await inTurn(async () => {
    await sweep(spools);
    const isName = sha256 !== undefined && /^[0-9a-f]{64}$/.test(sha256);
    // A browser may be copying what was handed over, and who asks again wants what is there now.
    const named = isName && !(await isDone(spools, sha256)) ? await Held.take(sha256) : undefined;
    return named ?? Held.take(crypto.randomUUID());
  });
  if (held === undefined) throw new Error('a name that was made by chance is free');
  try {
    return await storing('make a temporary file', async () => {
      const folder = await unlessMissing(spools.getDirectoryHandle(held.name));
      let segments = folder === undefined ? [] : await segmentsOf(folder);
      // More than the whole is nothing that we have written.
      if (sizeOf(segments) > length) {
        await spools.removeEntry(held.name, { recursive: true });
        segments = [];
      }
      await requireRoom(length - sizeOf(segments));
      return new Spool(spools, held, segments);
    });
  } catch (error) {
    await held.release();
    throw error;
  }
}

class Spool implements PrivateSpool {
  readonly kept: Blob | undefined;
  readonly #spools: FileSystemDirectoryHandle;
  readonly #held: Held;
  #filling = new Uint8Array(BUFFER);
  #spare = new Uint8Array(BUFFER);
  #filled = 0;
  #writing: Promise<void> = Promise.resolve();
  #count: number;
  /** In bytes, of all that is closed. */
  #size: number;
  #open: { readonly stream: FileSystemWritableFileStream; size: number } | undefined;
  #ended = false;

  constructor(spools: FileSystemDirectoryHandle, held: Held, segments: readonly File[]) {
    this.#spools = spools;
    this.#held = held;
    this.#count = segments.length;
    this.#size = sizeOf(segments);
    this.kept = segments.length === 0 ? undefined : new Blob([...segments]);
  }

  write(chunk: Uint8Array): Promise<void> {
    return storing('write a temporary file', async () => {
      for (let at = 0; at < chunk.length; ) {
        const taken = chunk.subarray(at, at + BUFFER - this.#filled);
        this.#filling.set(taken, this.#filled);
        this.#filled += taken.length;
        at += taken.length;
        if (this.#filled === BUFFER) await this.#flush();
      }
      letGo(chunk);
    });
  }

  /** Begins to write what has come. A failure is told by the next flush, or at the end. */
  async #flush(): Promise<void> {
    await this.#writing;
    const bytes = this.#filling.subarray(0, this.#filled);
    this.#writing = this.#append(bytes);
    this.#writing.catch(() => undefined);
    [this.#filling, this.#spare] = [this.#spare, this.#filling];
    this.#filled = 0;
  }

  async #append(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    if (bytes.length === 0) return;
    this.#open ??= { stream: await this.#nextSegment(), size: 0 };
    await this.#open.stream.write(bytes);
    this.#open.size += bytes.length;
    if (this.#open.size >= SEGMENT) await this.#close();
  }

  /** Writes the rest. */
  async #finish(): Promise<void> {
    await this.#flush();
    await this.#writing;
    await this.#close();
  }

  async #nextSegment(): Promise<FileSystemWritableFileStream> {
    const folder = await this.#folder({ create: this.#count === 0 });
    const file = await folder.getFileHandle(`${this.#count++}`, { create: true });
    return file.createWritable();
  }

  /** Looked up each time: another page may have cleared the site's data. */
  #folder(options?: FileSystemGetDirectoryOptions): Promise<FileSystemDirectoryHandle> {
    return this.#spools.getDirectoryHandle(this.#held.name, options);
  }

  async #close(): Promise<void> {
    const { stream, size = 0 } = this.#open ?? {};
    this.#open = undefined;
    await stream?.close();
    this.#size += size;
  }

  blob(): Promise<Blob> {
    return storing('read a temporary file', async () => {
      await this.#finish();
      const blob = new Blob(this.#count === 0 ? [] : await segmentsOf(await this.#folder()));
      // A part of it was cleared: what is left is not what was verified.
      if (blob.size !== this.#size) throw new DOMException('A segment is missing.', 'NotFoundError');
      return blob;
    });
  }

  async markDone(): Promise<void> {
    const folder = await this.#folder({ create: true });
    await (await (await folder.getFileHandle(DONE, { create: true })).createWritable()).close();
  }

  async keep(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    try {
      await this.#finish();
    } catch {
      // What is not there next time is fetched again.
      await this.#open?.stream.abort().catch(() => undefined);
    } finally {
      await this.#held.release();
    }
  }

  async remove(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    try {
      // An error here is one of what was given up.
      await this.#writing.catch(() => undefined);
      await this.#open?.stream.abort().catch(() => undefined);
      await storing('remove a temporary file', () =>
        unlessMissing(this.#spools.removeEntry(this.#held.name, { recursive: true })),
      );
    } finally {
      await this.#held.release();
    }
  }
}

/** The Web Lock of a spool, released by the browser where the tab is closed or killed. */
class Held {
  readonly name: string;
  /** Whoever takes it next has to wait for this: until then Firefox says that it is held. */
  readonly release: () => Promise<void>;

  private constructor(name: string, release: () => Promise<void>) {
    this.name = name;
    this.release = release;
  }

  /** @returns undefined where somebody else holds it. */
  static take(name: string): Promise<Held | undefined> {
    return new Promise((resolve, reject) => {
      const ended = navigator.locks.request(`${SPOOLS}/${name}`, { ifAvailable: true }, (lock) => {
        if (lock === null) return resolve(undefined);
        return new Promise<void>((end) => {
          const release = () => {
            end();
            return ended;
          };
          resolve(new Held(name, release));
        });
      });
      ended.catch(reject);
    });
  }
}

/** One page at a time: a look at what is left takes its lock for a moment, and must not be mistaken for its writer. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  return navigator.locks.request(SPOOLS, work);
}

/** Removes what pages have left that are closed. Called when a page begins, it never throws. */
export async function sweepSpools(): Promise<void> {
  try {
    const spools = await openFolder(false);
    if (spools !== undefined) await inTurn(() => sweep(spools));
  } catch {
    // Nobody waits for it, and the next page tries again.
  }
}

async function sweep(spools: FileSystemDirectoryHandle): Promise<void> {
  const names: string[] = [];
  for await (const name of spools.keys()) names.push(name);
  for (const name of names) {
    const held = await Held.take(name);
    try {
      if (held !== undefined && (await isLeft(spools, name)))
        await spools.removeEntry(name, { recursive: true });
    } catch {
      // Somebody else removes it at this moment, or has removed it.
    } finally {
      await held?.release();
    }
  }
}

/** Whether nobody comes back for a spool that nobody holds. */
async function isLeft(spools: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  // Only what is named by its sha256 can be found again.
  if (!/^[0-9a-f]{64}$/.test(name)) return true;
  const folder = await spools.getDirectoryHandle(name);
  const done = await fileIn(folder, DONE);
  if (done !== undefined) return Date.now() - done.lastModified > COPYING;
  const segments = await segmentsOf(folder);
  const last = Math.max(...segments.map(({ lastModified }) => lastModified));
  return segments.length === 0 || Date.now() - last > DAY;
}

async function isDone(spools: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  const folder = await unlessMissing(spools.getDirectoryHandle(name));
  return folder !== undefined && (await fileIn(folder, DONE)) !== undefined;
}

async function openFolder(create = true): Promise<FileSystemDirectoryHandle | undefined> {
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

/** Those that follow one another from the first on. */
async function segmentsOf(folder: FileSystemDirectoryHandle): Promise<File[]> {
  const segments: File[] = [];
  for (;;) {
    const file = await fileIn(folder, `${segments.length}`);
    // An empty one was open when its page ended.
    if (file === undefined || file.size === 0) return segments;
    segments.push(file);
  }
}

function sizeOf(files: readonly File[]): number {
  return files.reduce((size, file) => size + file.size, 0);
}

async function fileIn(folder: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  return unlessMissing(folder.getFileHandle(name).then((handle) => handle.getFile()));
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

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (exceptionName(error) !== 'NotFoundError') throw error;
    return undefined;
  }
}
