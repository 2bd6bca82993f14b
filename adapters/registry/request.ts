import { concatenate } from '../../src/concatenate.ts';
import { DTufError } from '../../src/errors.ts';

/** A request, taken apart. */
export interface Asked {
  readonly method: string;
  /** Decoded once. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  readonly signal: AbortSignal | undefined;
}

/** Reads what `fetch` would be called with. Undefined where the path cannot be decoded. */
export function parseRequest(input: Request | string | URL, init: RequestInit = {}): Asked | undefined {
  const request = input instanceof Request ? input : undefined;
  const url = new URL(request ? request.url : String(input), 'http://localhost');
  const path = decode(url.pathname);
  if (path === undefined) return undefined;
  return {
    method: (init.method ?? request?.method ?? 'GET').toUpperCase(),
    path,
    query: url.searchParams,
    headers: new Headers(init.headers ?? request?.headers),
    body: init.body === undefined || init.body === null ? bodyOf(request) : stream(init.body),
    signal: init.signal ?? request?.signal ?? undefined,
  };
}

function bodyOf(request: Request | undefined): ReadableStream<Uint8Array> | null {
  if (!request) return null;
  if (request.body !== undefined) return request.body;
  // Firefox has no Request.body.
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = new Uint8Array(await request.arrayBuffer());
        if (bytes.length > 0) controller.enqueue(bytes);
        controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}

// A stream must not pass through `new Request`: Firefox and WebKit make the text "[object ReadableStream]" of it.
function stream(body: BodyInit): ReadableStream<Uint8Array> | null {
  return body instanceof ReadableStream ? body : new Response(body).body;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined; // The caller answers 400: it is the client's error, and there is nothing more to say.
  }
}

/**
 * Hands the body on, chunk by chunk, each before the next is read.
 *
 * @param take returns false to stop; the rest of the body is cancelled then.
 * @throws DTufError ABORTED where the body broke off: a part must never be taken for the whole.
 */
export async function eachChunk(asked: Asked, take: (chunk: Uint8Array) => Promise<boolean>): Promise<void> {
  if (!asked.body) return;
  const reader = asked.body.getReader();
  const stop = () => void reader.cancel(asked.signal?.reason).catch(() => undefined); // It ends in any case.
  asked.signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((cause: unknown) => {
        throw broken(cause);
      });
      // A cancelled reader says "done", as a whole body does.
      if (asked.signal?.aborted) throw broken(asked.signal.reason);
      if (done) return;
      if (!(await take(value))) return;
    }
  } finally {
    asked.signal?.removeEventListener('abort', stop);
    stop();
  }
}

function broken(cause: unknown): DTufError {
  return new DTufError('ABORTED', 'The body of the request broke off before its end.', { cause });
}

/** The whole body, or undefined where it is larger than `limit` bytes. */
export async function readBody(asked: Asked, limit: number): Promise<Uint8Array | undefined> {
  if (Number(asked.headers.get('content-length') ?? 0) > limit) return undefined;
  const chunks: Uint8Array[] = [];
  let size = 0;
  await eachChunk(asked, async (chunk) => {
    size += chunk.length;
    chunks.push(chunk);
    return size <= limit;
  });
  return size > limit ? undefined : concatenate(chunks, size);
}
