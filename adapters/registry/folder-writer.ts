import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { algorithmOf, type Digest } from './digest.ts';
import { inFolder } from './folder-failure.ts';
import {
  createTemporary,
  remove,
  reopenTemporary,
  settle,
  type TemporaryFile,
  writeAll,
} from './folder-file.ts';
import { ensureLayout } from './folder-index.ts';
import { blobPath, makeFolder, syncFolder } from './folder-path.ts';
import type { BlobWriter } from './storage.ts';

/** So few are named by it that it is not worth hashing all of them twice on their way. */
async function sha512Of(path: string): Promise<string> {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(path)) hash.update(chunk);
  return hash.digest('hex');
}

/** Receives a blob into a temporary file, and gives it its name when all of it is on the disk. */
export class FolderWriter implements BlobWriter {
  size = 0;
  readonly #root: string;
  readonly #repository: string;
  readonly #hash: Hash = createHash('sha256');
  /** Of the temporary file; undefined before there is one, and after its end. */
  #path: string | undefined;
  #file: FileHandle | undefined;

  constructor(root: string, repository: string) {
    this.#root = root;
    this.#repository = repository;
  }

  async write(chunk: Uint8Array): Promise<void> {
    await inFolder(async () => writeAll((await this.#open()).file, chunk));
    this.#hash.update(chunk);
    this.size += chunk.length;
  }

  async pause(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await inFolder(async () => file?.close());
  }

  async commit(digest: Digest): Promise<boolean> {
    const { parts, name } = blobPath(this.#repository, digest);
    const bySha512 = algorithmOf(digest) === 'sha512';
    if (!bySha512 && this.#hash.digest('hex') !== name) return false;
    return inFolder(async () => {
      const { path, file } = await this.#open();
      this.#file = undefined;
      await settle(file);
      if (bySha512 && (await sha512Of(path)) !== name) return false;
      await ensureLayout(this.#root, this.#repository);
      const folder = await makeFolder(this.#root, parts);
      // Over one that is there already: it has the same bytes, unless the disk has spoilt them.
      await rename(path, join(folder, name));
      this.#path = undefined;
      await syncFolder(folder);
      return true;
    });
  }

  async discard(): Promise<void> {
    const path = this.#path;
    this.#path = undefined;
    // What cannot be closed or removed now is cleared away a day later.
    await this.pause().catch(() => undefined);
    if (path !== undefined) await remove(path);
  }

  async #open(): Promise<TemporaryFile> {
    const path = this.#path;
    if (path === undefined) {
      const made = await createTemporary(this.#root);
      this.#path = made.path;
      this.#file = made.file;
      return made;
    }
    this.#file ??= await reopenTemporary(path);
    return { path, file: this.#file };
  }
}
