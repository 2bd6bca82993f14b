import { open, stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { DTufError } from '../../src/errors.ts';
import type { Bytes, Content } from '../../src/ports.ts';
import { byteStream, writeAll } from './byte-stream.ts';
import { openTemporary, type TemporaryFile } from './spool.ts';
import { errnoOf, storageFailed, storing } from './storage-error.ts';

/** In bytes. */
const PIECE = 256 * 1024;

/**
 * A local file to be published. A pipe (`/dev/stdin`, a shell's `<(…)`) is read once into a temporary file, so that
 * it can be opened again.
 *
 * @param temporary folder for such a file.
 * @throws DTufError INVALID_ARGUMENT, STORAGE_FAILED
 */
export async function fileContent(place: string | URL, temporary: string): Promise<Content> {
  const path = pathOf(place);
  const found = await looking(path, () => stat(path));
  if (found.isDirectory()) throw invalid(path, 'it is a folder: name a file, or pack it into one first');
  return found.isFile() ? regularFile(path, found.size) : spooledFile(path, temporary);
}

/**
 * A small local file, as a trusted root or a key.
 *
 * @param limit in bytes.
 * @throws DTufError NOT_SUPPORTED, INVALID_ARGUMENT, LIMIT_EXCEEDED, STORAGE_FAILED
 */
export async function readSmallFile(place: URL, limit: number): Promise<Bytes> {
  if (place.protocol !== 'file:') {
    throw new DTufError(
      'NOT_SUPPORTED',
      `Expected a "file:" address, got ${JSON.stringify(place.protocol)}.`,
    );
  }
  const path = pathOf(place);
  const handle = await looking(path, () => open(path));
  try {
    if ((await handle.stat()).isDirectory()) throw invalid(path, 'it is a folder');
    const buffer = new Uint8Array(limit + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (length > limit) throw tooLarge(path, limit);
      if (bytesRead === 0) return buffer.slice(0, length);
    }
  } catch (error) {
    throw storageFailed('read', path, error);
  } finally {
    await handle.close();
  }
}

function regularFile(path: string, length: number): Content {
  return {
    length,
    async open() {
      const handle = await looking(path, () => open(path));
      const { size } = await handle.stat();
      if (size !== length) {
        await handle.close();
        throw changed(path, length, size);
      }
      return byteStream({
        handle,
        path,
        length,
        tooShort: () => changed(path, length),
        close: () => handle.close(),
      });
    },
  };
}

async function spooledFile(path: string, temporary: string): Promise<Content> {
  const file = await openTemporary(temporary);
  try {
    const length = await copyInto(file, path);
    const content: Content = {
      length,
      open: () =>
        byteStream({
          ...file,
          length,
          tooShort: () => changed(path, length),
          // The file stays open for the next time; a stream that is being read keeps its content from being forgotten.
          close: async () => void content,
        }),
    };
    forgotten.register(content, file);
    return content;
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** A content is never closed: its file goes when nothing refers to the content any more, or with the process. */
const forgotten = new FinalizationRegistry<TemporaryFile>((file) => void file.close());

async function copyInto(file: TemporaryFile, path: string): Promise<number> {
  const from = await looking(path, () => open(path));
  try {
    const buffer = new Uint8Array(PIECE);
    for (let length = 0; ; ) {
      const { bytesRead } = await storing('read', path, () => from.read(buffer, 0, buffer.length, null));
      if (bytesRead === 0) return length;
      const piece = buffer.subarray(0, bytesRead);
      await storing('write the temporary file', file.path, () => writeAll(file.handle, piece, length));
      length += bytesRead;
    }
  } finally {
    await from.close();
  }
}

function pathOf(place: string | URL): string {
  if (typeof place === 'string') {
    if (!place.startsWith('file:')) return place;
    return pathOf(new URL(place));
  }
  if (place.protocol !== 'file:') {
    throw new DTufError(
      'INVALID_ARGUMENT',
      `Expected a path or a "file:" address, got ${JSON.stringify(place.href)}.`,
    );
  }
  try {
    return fileURLToPath(place);
  } catch (cause) {
    throw new DTufError('INVALID_ARGUMENT', `${JSON.stringify(place.href)} names no local file.`, { cause });
  }
}

async function looking<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      ENOTDIR: 'a part of the path is no folder',
      ENXIO: 'it is a socket',
      ELOOP: 'its symbolic links go round in a circle',
      ENAMETOOLONG: 'the name is too long',
      ERR_INVALID_ARG_VALUE: 'it is no path',
    };
    const reason = reasons[errnoOf(error) ?? ''];
    throw reason ? invalid(path, reason, error) : storageFailed('read', path, error);
  }
}

function invalid(path: string, reason: string, cause?: unknown): DTufError {
  return new DTufError('INVALID_ARGUMENT', `Cannot read ${JSON.stringify(path)}: ${reason}.`, { cause });
}

function changed(path: string, expected: number, got?: number): DTufError {
  const message = `${JSON.stringify(path)} changed while it was read: publish it again when nobody writes it.`;
  return new DTufError('DIGEST_MISMATCH', message, {
    expected: `${expected} bytes`,
    got: got === undefined ? 'fewer' : `${got} bytes`,
  });
}

function tooLarge(path: string, limit: number): DTufError {
  return new DTufError(
    'LIMIT_EXCEEDED',
    `${JSON.stringify(path)} has more than the ${limit} bytes that are read.`,
  );
}
