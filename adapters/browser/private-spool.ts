// One spool: data that is not verified yet, in the origin private file system.
import { DTufError } from '../../src/errors.ts';
import { letGo } from './own-buffers.ts';
import {
  createFile,
  folderOfSpools,
  type Held,
  holdSpool,
  markHandedOver,
  removeSpool,
  segmentsOf,
} from './spool-folders.ts';
import { storing } from './storage-error.ts';

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
  const spools = await folderOfSpools();
  if (spools === undefined) return undefined;
  const what = 'make a temporary file';
  const held = await storing(what, () => holdSpool(spools, sha256));
  try {
    return await storing(what, async () => {
      let segments = await segmentsOf(spools, held.name);
      // More than the whole is nothing that we have written.
      if (sizeOf(segments) > length) {
        await removeSpool(spools, held.name);
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

  #nextSegment(): Promise<FileSystemWritableFileStream> {
    const count = this.#count++;
    return createFile(this.#spools, this.#held.name, `${count}`, count === 0);
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
      const blob = new Blob(await segmentsOf(this.#spools, this.#held.name));
      // A part of it was cleared: what is left is not what was verified.
      if (blob.size !== this.#size) throw new DOMException('A segment is missing.', 'NotFoundError');
      return blob;
    });
  }

  markDone(): Promise<void> {
    return markHandedOver(this.#spools, this.#held.name);
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
      await storing('remove a temporary file', () => removeSpool(this.#spools, this.#held.name));
    } finally {
      await this.#held.release();
    }
  }
}

function sizeOf(files: readonly File[]): number {
  return files.reduce((size, file) => size + file.size, 0);
}

/** @throws DTufError STORAGE_FAILED */
async function requireRoom(length: number): Promise<void> {
  // A browser that does not tell will tell while the file is written.
  const { quota, usage } = await navigator.storage
    .estimate()
    .catch(() => ({ quota: undefined, usage: undefined }));
  if (quota === undefined || usage === undefined || quota - usage >= length) return;
  const room = Math.max(0, quota - usage);
  throw new DTufError(
    'STORAGE_FAILED',
    `There is no room for ${length} bytes: the browser gives ${room} more to this site. Make room and try again.`,
    { expected: `${length} bytes free`, got: `${room}` },
  );
}
