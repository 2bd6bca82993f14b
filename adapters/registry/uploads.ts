/** end-4, end-5, end-6, end-11, end-13: blobs are received, in whole or in chunks, or mounted from another repository. */
import { hasCode } from '../../src/errors.ts';
import { answer, refuse } from './answer.ts';
import { type Digest, digestGrammar, isDigest } from './digest.ts';
import { isRepositoryName } from './name.ts';
import { parseChunkRange } from './range.ts';
import { type Asked, eachChunk } from './request.ts';
import type { BlobWriter, RegistryStorage } from './storage.ts';

export interface UploadLimits {
  /** Size of a blob, in bytes. */
  readonly blob: number;
  /** Uploads that are open at once. */
  readonly uploads: number;
}

/** An upload that nobody went on with for so many milliseconds is given up. */
const idle = 24 * 60 * 60 * 1000;

interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly writer: BlobWriter;
  /** A request is writing to it. */
  busy: boolean;
  /** When it was used last. */
  usedAt: number;
}

/**
 * The uploads of one registry. They live as long as its process does: after a restart the address of an upload
 * answers 404 and the client begins again, so that no two processes ever write to one upload.
 */
export class Uploads {
  readonly #storage: RegistryStorage;
  readonly #limits: UploadLimits;
  /** The one that was used longest ago comes first. */
  readonly #open = new Map<string, Upload>();

  constructor(storage: RegistryStorage, limits: UploadLimits) {
    this.#storage = storage;
    this.#limits = limits;
  }

  async start(asked: Asked, repository: string): Promise<Response> {
    const digest = asked.query.get('digest');
    if (digest !== null && !isDigest(digest)) return wrongDigest(digest);
    const mounted = await this.#mount(asked, repository);
    if (mounted) return mounted;
    if (!this.#makeRoom()) return refuse(429, 'TOOMANYREQUESTS', 'too many uploads at once: try again later');
    const writer = await this.#storage.createBlob(repository);
    const upload = { id: crypto.randomUUID(), repository, writer, busy: false, usedAt: Date.now() };
    this.#open.set(upload.id, upload);
    if (digest !== null) return this.#whileBusy(upload, () => this.#finish(asked, upload, digest));
    return answer(202, progress(upload));
  }

  status(repository: string, id: string): Response {
    const upload = this.#find(repository, id);
    return upload ? answer(204, progress(upload)) : unknown(id);
  }

  /** What arrived of a chunk that broke off stays: the status says where to go on. */
  async append(asked: Asked, repository: string, id: string): Promise<Response> {
    const upload = this.#find(repository, id);
    if (!upload) return unknown(id);
    return this.#whileBusy(
      upload,
      async () => (await this.#receive(asked, upload)) ?? answer(202, progress(upload)),
    );
  }

  async close(asked: Asked, repository: string, id: string): Promise<Response> {
    const upload = this.#find(repository, id);
    if (!upload) return unknown(id);
    const digest = asked.query.get('digest') ?? '';
    if (!isDigest(digest)) return wrongDigest(digest);
    return this.#whileBusy(upload, () => this.#finish(asked, upload, digest));
  }

  async cancel(repository: string, id: string): Promise<Response> {
    const upload = this.#find(repository, id);
    if (!upload) return unknown(id);
    return this.#whileBusy(upload, async () => {
      await this.#discard(upload);
      return answer(204);
    });
  }

  /**
   * An upload that failed to close is gone: the client that tries once more begins with a new one. Only a chunk that
   * is not the next one leaves it as it is, as it does in a PATCH.
   */
  async #finish(asked: Asked, upload: Upload, digest: Digest): Promise<Response> {
    const misplaced = this.#misplaced(asked, upload);
    if (misplaced) return misplaced;
    try {
      const refused = await this.#receive(asked, upload);
      if (refused) return refused;
      if (await upload.writer.commit(digest)) return created(upload.repository, digest);
      return refuse(400, 'DIGEST_INVALID', `what was received does not have the digest ${digest}`);
    } finally {
      await this.#discard(upload);
    }
  }

  /** @returns the answer that refuses the body; undefined where all of it was taken. */
  async #receive(asked: Asked, upload: Upload): Promise<Response | undefined> {
    const header = asked.headers.get('content-range');
    const start = upload.writer.size;
    const range = header === null ? undefined : parseChunkRange(header);
    if (header !== null && !range) return refuse(400, 'BLOB_UPLOAD_INVALID', 'Content-Range: <first>-<last>');
    const misplaced = this.#misplaced(asked, upload);
    if (misplaced) return misplaced;
    const length = asked.headers.get('content-length');
    if (range && length !== null && Number(length) !== range.end - start) return wrongSize();
    const end = Math.min(range?.end ?? Number.POSITIVE_INFINITY, this.#limits.blob);
    let excess = false;
    await eachChunk(asked, async (chunk) => {
      excess = upload.writer.size + chunk.length > end;
      if (!excess) await upload.writer.write(chunk);
      return !excess;
    });
    if (!excess && (!range || upload.writer.size === range.end)) return undefined;
    await this.#discard(upload);
    return end === range?.end
      ? wrongSize()
      : refuse(413, 'SIZE_INVALID', `a blob has at most ${end} bytes here`);
  }

  /** Chunks come in order: of one that does not, the client is told what came before, so that it can go on there. */
  #misplaced(asked: Asked, upload: Upload): Response | undefined {
    const range = parseChunkRange(asked.headers.get('content-range') ?? '');
    const { size } = upload.writer;
    if (!range || range.start === size) return undefined;
    return refuse(416, 'BLOB_UPLOAD_INVALID', `the next byte is ${size}`, progress(upload));
  }

  async #mount(asked: Asked, repository: string): Promise<Response | undefined> {
    const digest = asked.query.get('mount') ?? '';
    const from = asked.query.get('from');
    // Where it cannot be mounted, an ordinary upload begins ("Mounting a blob from another repository").
    if (!isDigest(digest) || (from !== null && !isRepositoryName(from))) return undefined;
    // Everybody may read everything here, so that it need not be said where the blob lies.
    for (const source of from === null ? await this.#storage.repositories() : [from]) {
      if (await this.#storage.copyBlob(source, repository, digest)) return created(repository, digest);
    }
    return undefined;
  }

  #find(repository: string, id: string): Upload | undefined {
    const upload = this.#open.get(id);
    if (upload?.repository !== repository) return undefined;
    this.#open.delete(id);
    this.#open.set(id, upload);
    upload.usedAt = Date.now();
    return upload;
  }

  async #whileBusy(upload: Upload, work: () => Promise<Response>): Promise<Response> {
    if (upload.busy) {
      return refuse(409, 'BLOB_UPLOAD_INVALID', 'another request is writing to this upload: begin a new one');
    }
    upload.busy = true;
    try {
      return await work();
    } catch (error) {
      // A body that broke off leaves the upload as it is; a storage that failed leaves it in no known state.
      if (!hasCode(error, 'ABORTED')) await this.#discard(upload);
      throw error;
    } finally {
      await upload.writer.pause();
      upload.busy = false;
    }
  }

  /** Gives up the uploads that were left alone for too long, and for longest where there are too many. */
  #makeRoom(): boolean {
    for (const upload of this.#open.values()) {
      const stale = upload.usedAt < Date.now() - idle;
      if (!stale && this.#open.size < this.#limits.uploads) return true;
      if (!upload.busy) void this.#discard(upload);
    }
    return this.#open.size < this.#limits.uploads;
  }

  async #discard(upload: Upload): Promise<void> {
    this.#open.delete(upload.id);
    await upload.writer.discard();
  }
}

function progress(upload: Upload): Record<string, string> {
  return {
    // Relative, so that no name or port that a proxy changed can be wrong in it.
    Location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    // As distribution does, also where nothing has arrived.
    Range: `0-${Math.max(0, upload.writer.size - 1)}`,
    'Docker-Upload-UUID': upload.id,
  };
}

function created(repository: string, digest: Digest): Response {
  return answer(201, { Location: `/v2/${repository}/blobs/${digest}`, 'Docker-Content-Digest': digest });
}

function unknown(id: string): Response {
  return refuse(404, 'BLOB_UPLOAD_UNKNOWN', `there is no upload ${id.slice(0, 80)}: begin a new one`);
}

function wrongDigest(digest: string): Response {
  return refuse(400, 'DIGEST_INVALID', `${digestGrammar}, not ${digest.slice(0, 80)}`);
}

function wrongSize(): Response {
  return refuse(400, 'SIZE_INVALID', 'the body does not have the length that its headers say');
}
