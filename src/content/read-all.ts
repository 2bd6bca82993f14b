import { concatenate } from '../concatenate.ts';
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';

/**
 * Reads a stream to its end.
 *
 * @param limit in bytes: a longer stream is cancelled and refused.
 * @param what names the data in the error.
 * @throws DTufError LIMIT_EXCEEDED
 */
export async function readAll(
  stream: ReadableStream<Uint8Array>,
  limit: number,
  what: string,
): Promise<Bytes> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  await forEachChunk(stream, (chunk) => {
    length += chunk.length;
    if (length > limit) {
      const expected = `at most ${limit} bytes`;
      throw new DTufError('LIMIT_EXCEEDED', `${what} is larger than it may be: ${expected}`, { expected });
    }
    chunks.push(chunk);
  });
  return concatenate(chunks, length);
}

/** Hands each chunk to `take`, one after the other; where it throws, the stream is cancelled. */
export async function forEachChunk(
  stream: ReadableStream<Uint8Array>,
  take: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  // getReader: WebKit cannot iterate a stream.
  const reader = stream.getReader();
  try {
    for (let step = await reader.read(); !step.done; step = await reader.read()) await take(step.value);
  } catch (error) {
    // The first error is the one that counts: a cancelled source may fail in its own way.
    await reader.cancel(error).catch(() => undefined);
    throw error;
  }
}

/** A stream of bytes that are at hand. */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      if (bytes.length > 0) controller.enqueue(bytes);
      controller.close();
    },
  });
}
