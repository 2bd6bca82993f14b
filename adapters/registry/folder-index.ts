/** A repository's `index.json` (image-spec, image-layout.md): read whole, replaced in one step, one writer at a time. */
import { type FileHandle, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import lockfile from 'proper-lockfile';
import { DTufError } from '../../src/errors.ts';
import { createFile, replaceFile } from './folder-file.ts';
import { findFolder, lockFolder, makeFolder, openFile, repositoryParts, statFile } from './folder-path.ts';
import { emptyIndex, type ImageIndex, type IndexEntry } from './storage.ts';

const indexFile = 'index.json';
const layoutFile = 'oci-layout';
/** Bytes of an index: about a million tags. */
const largest = 512 * 1024 * 1024;

/** A holder that has not touched its lock for so many milliseconds is dead. It does so every second. */
const stale = 10_000;
/** Together about a minute: longer than a dead holder's lock lives. */
const retries = { retries: 300, minTimeout: 5, maxTimeout: 250, factor: 1.3, randomize: true };

/** A step of a change that took so many milliseconds may have been a sleep, in which the lock went to another. */
const asleep = stale - 2000;

/** What is done under the lock of an index. It calls `mayStill` at each step, and before each that cannot be undone. */
export type Change = (index: ImageIndex, mayStill: () => void) => Promise<ImageIndex | undefined>;

interface Cached {
  readonly version: string;
  readonly index: ImageIndex;
}

export class FolderIndexes {
  readonly #root: string;
  readonly #cache = new Map<string, Cached>();
  /** The last update of each repository in this process: they wait for each other without asking the disk. */
  readonly #updates = new Map<string, Promise<void>>();

  constructor(root: string) {
    this.#root = root;
  }

  async read(repository: string): Promise<ImageIndex | undefined> {
    const folder = await findFolder(this.#root, repositoryParts(repository));
    const stats = folder === undefined ? undefined : await statFile(folder, indexFile);
    if (folder === undefined || !stats) return undefined;
    if (stats.size === 0n) return emptyIndex;
    if (stats.size > largest) throw damaged(repository);
    // It is never written in place: the same inode, time and size are the same bytes.
    const version = `${stats.ino}:${stats.mtimeNs}:${stats.size}`;
    const cached = this.#cache.get(repository);
    if (cached?.version === version) return cached.index;
    const index = parseIndex(await readText(await openFile(folder, indexFile)), repository);
    this.#cache.set(repository, { version, index });
    return index;
  }

  async update(repository: string, change: Change): Promise<void> {
    const before = this.#updates.get(repository) ?? Promise.resolve();
    const update = before.then(() => this.#locked(repository, change));
    const settled = update.catch(() => undefined); // Who comes next does not care how this one ended.
    this.#updates.set(repository, settled);
    await update.finally(() => {
      if (this.#updates.get(repository) === settled) this.#updates.delete(repository);
    });
  }

  async #locked(repository: string, change: Change): Promise<void> {
    const folder = await makeFolder(this.#root, repositoryParts(repository));
    let lost: Error | undefined;
    const release = await acquire(folder, (error) => {
      lost = error;
    });
    let seen = Date.now();
    const mayStill = (): void => {
      const now = Date.now();
      if (lost || now - seen > asleep) throw locked(repository, lost);
      seen = now;
    };
    try {
      const next = await change((await this.read(repository)) ?? emptyIndex, mayStill);
      if (!next) return;
      await ensureLayout(this.#root, repository);
      await replaceFile(this.#root, folder, indexFile, encode(next), () => {
        // A process that was asleep may have been taken for dead: what it read is old.
        if (lost) throw locked(repository, lost);
      });
    } finally {
      // Where the lock was lost, it is another's, and there is nothing to give back.
      if (!lost) await release();
    }
  }
}

/** Makes the folder an image layout. Needs no lock: what is there already stays. */
export async function ensureLayout(root: string, repository: string): Promise<void> {
  const folder = await makeFolder(root, repositoryParts(repository));
  if (await statFile(folder, indexFile)) return;
  await createFile(root, folder, layoutFile, encode({ imageLayoutVersion: '1.0.0' }));
  await createFile(root, folder, indexFile, encode(emptyIndex));
}

export async function isLayout(folder: string): Promise<boolean> {
  return (await statFile(folder, indexFile)) !== undefined;
}

async function acquire(folder: string, onCompromised: (error: Error) => void): Promise<() => Promise<void>> {
  const lockfilePath = join(folder, lockFolder);
  try {
    return await lockfile.lock(folder, {
      lockfilePath,
      realpath: false,
      stale,
      update: 1000,
      retries,
      onCompromised,
    });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ELOCKED') throw locked('', error);
    throw error;
  }
}

async function readText(file: FileHandle): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } finally {
    await file.close();
  }
}

function parseIndex(text: string, repository: string): ImageIndex {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw damaged(repository, cause);
  }
  if (!isIndex(value)) throw damaged(repository);
  return value;
}

function isIndex(value: unknown): value is ImageIndex {
  if (typeof value !== 'object' || value === null || !('manifests' in value)) return false;
  return Array.isArray(value.manifests) && value.manifests.every(isEntry);
}

function isEntry(value: unknown): value is IndexEntry {
  if (typeof value !== 'object' || value === null) return false;
  if (!('mediaType' in value && 'digest' in value && 'size' in value)) return false;
  const annotations = 'annotations' in value ? (value.annotations ?? {}) : {};
  return (
    typeof value.mediaType === 'string' &&
    typeof value.digest === 'string' &&
    typeof value.size === 'number' &&
    typeof annotations === 'object' &&
    Object.values(annotations).every((text) => typeof text === 'string')
  );
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

function damaged(repository: string, cause?: unknown): DTufError {
  return new DTufError('STORAGE_FAILED', `The index.json of the repository ${repository} cannot be read.`, {
    expected: 'an OCI image index in JSON',
    cause,
  });
}

function locked(repository: string, cause: unknown): DTufError {
  const what = repository === '' ? 'a repository of the registry' : `the repository ${repository}`;
  return new DTufError('LOCKED', `Another process is writing to ${what}. Try again when it is done.`, {
    cause,
  });
}
