import type { FileHandle } from 'node:fs/promises';
import { storageFailed } from './storage-error.ts';

/** In bytes: large enough that the number of reads does not count, small enough for many streams at once. */
const PIECE = 256 * 1024;

/** What to read, and what to do at the end, however it comes. */
export interface ByteSource {
  readonly handle: FileHandle;
  /** For messages. */
  readonly path: string;
  /** In bytes: the stream ends there. */
  readonly length: number;
  /** @returns what is wrong where the file ends before `length`. */
  tooShort(): Error;
  /** Called once: at the end, after an error, or when the stream is cancelled. */
  close(): Promise<void>;
}

/**
 * The first `length` bytes of an open file. Read by position, so that several streams of one handle do no harm.
 */
export function byteStream(source: ByteSource): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          if (position < source.length) {
            const piece = new Uint8Array(Math.min(PIECE, source.length - position));
            const { bytesRead } = await source.handle.read(piece, 0, piece.length, position);
            if (bytesRead === 0) throw source.tooShort();
            position += bytesRead;
            controller.enqueue(piece.subarray(0, bytesRead));
            if (position < source.length) return;
          }
          await source.close();
          controller.close();
        } catch (error) {
          await source.close().catch(() => {
            // The first error is the one that tells what is wrong.
          });
          throw storageFailed('read', source.path, error);
        }
      },
      cancel: () => source.close(),
    },
    // Nothing is read before somebody asks.
    { highWaterMark: 0 },
  );
}

/** Writes all of `chunk` at `position`, or where the file stands; a single write may take a part only. */
export async function writeAll(
  handle: FileHandle,
  chunk: Uint8Array,
  position: number | null,
): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const at = position === null ? null : position + done;
    done += (await handle.write(chunk, done, chunk.length - done, at)).bytesWritten;
  }
}
