// Buffers that are freed when nobody needs them any more, rather than when the engine finds the time: until then hundreds of
// megabytes of them wait while a large file goes by (Chromium counts too late those that it makes for a body).

/** In bytes: what is read at once. */
const STEP = 256 * 1024;

const ours = new WeakSet<ArrayBufferLike>();

/** The same answer, its body read into buffers of our own. Engines whose bodies are no byte streams keep theirs. */
export function inOwnBuffers(response: Response): Response {
  const reader = byteReader(response.body);
  if (reader === undefined) return response;
  let buffer = new ArrayBuffer(STEP);
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read(new Uint8Array(buffer));
        if (done) return controller.close();
        const chunk = value.slice();
        ours.add(chunk.buffer);
        controller.enqueue(chunk);
        buffer = value.buffer;
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  // A new Response would forget its address and its type, by which redirects are told.
  return Object.defineProperty(response, 'body', { value: body });
}

/** Frees a chunk that was copied. One that is not of {@link inOwnBuffers}, or is a part of one, stays as it is. */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  if (!ours.has(buffer) || byteLength !== buffer.byteLength) return;
  const transfer: unknown = Reflect.get(buffer, 'transfer');
  if (typeof transfer === 'function') transfer.call(buffer, 0);
}

function byteReader(body: ReadableStream<Uint8Array> | null): ReadableStreamBYOBReader | undefined {
  try {
    return body?.getReader({ mode: 'byob' });
  } catch {
    return undefined; // No byte stream: nothing was locked.
  }
}
