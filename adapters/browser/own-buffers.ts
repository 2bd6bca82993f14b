// Buffers that are used again, rather than freed when the engine finds the time: until then hundreds of megabytes of them
// wait while a large file goes by (Chromium counts too late those that it makes for a body).

/** In bytes: what is read at once. */
const STEP = 256 * 1024;

/** What was handed out of such buffers: how long it was, and how the buffer comes back. */
const lent = new WeakMap<ArrayBufferLike, { readonly length: number; giveBack(): void }>();

/** The same answer, its body read into buffers of our own. Engines whose bodies are no byte streams keep theirs. */
export function inOwnBuffers(response: Response): Response {
  const reader = byteReader(response.body);
  if (reader === undefined) return response;
  const spare: ArrayBuffer[] = [];
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read(new Uint8Array(spare.pop() ?? new ArrayBuffer(STEP)));
        if (done) return controller.close();
        const { buffer, length } = value;
        const giveBack = () => void spare.push(buffer);
        // Little must not hold on to much: who collects chunks would collect buffers.
        if (length < STEP / 2) {
          controller.enqueue(value.slice());
          return giveBack();
        }
        lent.set(buffer, { length, giveBack });
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  // A new Response would forget its address and its type, by which redirects are told.
  return Object.defineProperty(response, 'body', { value: body, configurable: true });
}

/** Of a chunk that was copied and that nobody else has. One that is not of {@link inOwnBuffers}, or is a part of one, stays. */
export function letGo({ buffer, length }: Uint8Array): void {
  const loan = lent.get(buffer);
  if (loan?.length !== length) return;
  lent.delete(buffer);
  loan.giveBack();
}

function byteReader(body: ReadableStream<Uint8Array> | null): ReadableStreamBYOBReader | undefined {
  try {
    return body?.getReader({ mode: 'byob' });
  } catch {
    return undefined; // No byte stream: nothing was locked.
  }
}
