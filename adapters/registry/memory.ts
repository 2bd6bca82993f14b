import { DTufError } from '../../src/errors.ts';
import { algorithmOf, type Digest, runningDigest } from './digest.ts';
import {
  type BlobWriter,
  type ByteRange,
  emptyIndex,
  type ImageIndex,
  type RegistryStorage,
} from './storage.ts';

const MiB = 1024 * 1024;

interface StoredBlob {
  readonly size: number;
  readonly chunks: readonly Uint8Array[];
}

interface Repository {
  index: ImageIndex;
  readonly blobs: Map<Digest, StoredBlob>;
  /** Ends when the update that was asked for last has ended. */
  updates: Promise<void>;
}

/**
 * Keeps repositories in memory: for a page, for tests. Gone with the page or process.
 *
 * @param options `limit`: bytes of all blobs together, also of those on their way; 1 GiB if left out.
 * @example
 * const registry = embeddedRegistry({ storage: memoryStorage() });
 */
export function memoryStorage(options: { limit?: number } = {}): RegistryStorage {
  const limit = options.limit ?? 1024 * MiB;
  const repositories = new Map<string, Repository>();
  let used = 0;

  function repositoryOf(name: string): Repository {
    const present = repositories.get(name);
    if (present) return present;
    const made = { index: emptyIndex, blobs: new Map<Digest, StoredBlob>(), updates: Promise.resolve() };
    repositories.set(name, made);
    return made;
  }

  function take(bytes: number): void {
    if (used + bytes > limit) {
      throw new DTufError('TOO_LARGE', `The registry in memory is full: it keeps at most ${limit} bytes.`);
    }
    used += bytes;
  }

  function keep(name: string, digest: Digest, blob: StoredBlob): void {
    used -= repositories.get(name)?.blobs.get(digest)?.size ?? 0;
    repositoryOf(name).blobs.set(digest, blob);
  }

  return {
    async repositories() {
      return [...repositories].filter(([, repository]) => exists(repository)).map(([name]) => name);
    },
    async readIndex(name) {
      const repository = repositories.get(name);
      return repository && exists(repository) ? repository.index : undefined;
    },
    async updateIndex(name, change) {
      const repository = repositoryOf(name);
      const update = repository.updates.then(async () => {
        repository.index = (await change(repository.index)) ?? repository.index;
      });
      // Who comes next does not care how this one ended; who asked for it is told.
      repository.updates = update.catch(() => undefined);
      await update;
    },
    async blobSize(name, digest) {
      return repositories.get(name)?.blobs.get(digest)?.size;
    },
    openBlob(name, digest, range) {
      return read(repositories.get(name)?.blobs.get(digest)?.chunks ?? [], range);
    },
    async createBlob(name) {
      return new MemoryWriter(take, (digest, blob) => keep(name, digest, blob));
    },
    async copyBlob(from, name, digest) {
      const blob = repositories.get(from)?.blobs.get(digest);
      if (!blob) return false;
      if (repositories.get(name)?.blobs.has(digest)) return true;
      take(blob.size);
      keep(name, digest, blob);
      return true;
    },
    async deleteBlob(name, digest) {
      used -= repositories.get(name)?.blobs.get(digest)?.size ?? 0;
      return repositories.get(name)?.blobs.delete(digest) ?? false;
    },
  };
}

/** One that was only asked for a change that then was refused does not. */
function exists(repository: Repository): boolean {
  return repository.blobs.size > 0 || repository.index !== emptyIndex;
}

class MemoryWriter implements BlobWriter {
  size = 0;
  readonly #take: (bytes: number) => void;
  readonly #keep: (digest: Digest, blob: StoredBlob) => void;
  readonly #digest = runningDigest();
  #chunks: Uint8Array[] = [];
  #kept = false;

  constructor(take: (bytes: number) => void, keep: (digest: Digest, blob: StoredBlob) => void) {
    this.#take = take;
    this.#keep = keep;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.#take(chunk.length);
    // A copy: the caller may write over its buffer, or transfer it.
    const copy = chunk.slice();
    this.#chunks.push(copy);
    this.#digest.update(copy);
    this.size += copy.length;
  }

  async pause(): Promise<void> {}

  async commit(digest: Digest): Promise<boolean> {
    if (this.#digestLike(digest) !== digest) return false;
    this.#keep(digest, { size: this.size, chunks: this.#chunks });
    this.#kept = true;
    return true;
  }

  #digestLike(digest: Digest): Digest {
    if (algorithmOf(digest) === 'sha256') return this.#digest.digest();
    const hash = runningDigest('sha512');
    for (const chunk of this.#chunks) hash.update(chunk);
    return hash.digest();
  }

  async discard(): Promise<void> {
    if (!this.#kept) this.#take(-this.size);
    this.#kept = true;
    this.#chunks = [];
  }
}

function read(chunks: readonly Uint8Array[], { start, end }: ByteRange): ReadableStream<Uint8Array> {
  let index = 0;
  let offset = 0;
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        for (;;) {
          const chunk = chunks[index++];
          if (!chunk || offset >= end) return controller.close();
          const from = Math.max(0, start - offset);
          const to = Math.min(chunk.length, end - offset);
          offset += chunk.length;
          // A copy: a reader that transfers its chunk must not take the blob with it.
          if (from < to) return controller.enqueue(chunk.slice(from, to));
        }
      },
    },
    { highWaterMark: 0 },
  );
}
