/** Bodies between node:http and web streams, in both directions no faster than the slower side takes them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

/** What is read of a body that was refused, in bytes, so that the client gets to read why. */
const drained = 16 * 1024 * 1024;

export interface RequestBody {
  readonly stream: ReadableStream<Uint8Array> | null;
  /** Reads what was left. False where that was too much: the connection cannot be used again. */
  drain(): Promise<boolean>;
}

export function bodyOf(request: IncomingMessage): RequestBody {
  const { headers } = request;
  const hasBody = headers['content-length'] !== undefined || headers['transfer-encoding'] !== undefined;
  if (!hasBody) return { stream: null, drain: async () => true };
  const chunks: AsyncIterator<unknown> = request.iterator({ destroyOnReturn: false });
  return {
    stream: new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else if (value instanceof Uint8Array) controller.enqueue(value);
        },
        // Whoever stops reading leaves the rest to drain().
        cancel() {},
      },
      { highWaterMark: 0 },
    ),
    drain: () => drain(chunks),
  };
}

async function drain(chunks: AsyncIterator<unknown>): Promise<boolean> {
  for (let size = 0; size <= drained; ) {
    const { done, value } = await chunks.next();
    if (done) return true;
    size += value instanceof Uint8Array ? value.length : 0;
  }
  return false;
}

/** @throws where the client went away, or the body broke off: the connection is closed then, short of its length. */
export async function sendBody(
  body: ReadableStream<Uint8Array> | null,
  response: ServerResponse,
): Promise<void> {
  if (!body) {
    response.end();
    return;
  }
  await pipeline(chunksOf(body), response);
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // It has ended already, or its end does not matter any more.
  }
}
