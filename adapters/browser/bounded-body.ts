// A large body in ranges, one closed request after the other. Firefox takes in a body as fast as it comes, whoever reads it: where
// a page hashes more slowly than its network delivers, the difference is memory, hundreds of megabytes of a large file.
import { inOwnBuffers } from './own-buffers.ts';

/** In bytes, of a body that is left in one piece, and of the ranges of others. */
const RANGE = 32 * 1024 * 1024;
/** In bytes: how much of a range is unread when the next is asked for, so that the network does not stand still. */
const AHEAD = 8 * 1024 * 1024;

/** Bodies that are too large to be let in at once, read into buffers of our own. */
export class BoundedBodies {
  readonly #fetch: typeof fetch;
  /** Hosts that know no ranges. */
  readonly #whole = new Set<string>();

  /** @param fetch brings the ranges. */
  constructor(fetch: typeof globalThis.fetch) {
    this.#fetch = async (...request) => inOwnBuffers(await fetch(...request));
  }

  /** The same answer; what is left of a large body after its first range is fetched when the reader comes to it. */
  bound(answer: Response, input: Parameters<typeof fetch>[0], init?: RequestInit): Response {
    const response = inOwnBuffers(answer);
    const { headers, body, status } = response;
    const length = Number(headers.get('content-length'));
    const { host } = new URL(response.url || 'http://none');
    const isPlain = status === 200 && !headers.has('content-encoding') && (init?.method ?? 'GET') === 'GET';
    if (!body || !isPlain || typeof input !== 'string' || length <= RANGE + AHEAD || this.#whole.has(host))
      return response;

    const open = async (start: number): Promise<ReadableStreamDefaultReader<Uint8Array>> => {
      const range = { Range: `bytes=${start}-${Math.min(start + RANGE, length) - 1}` };
      const next = await this.#fetch(input, { ...init, headers: { ...asRecord(init?.headers), ...range } });
      if (next.status === 206 && next.body) return next.body.getReader();
      await next.body?.cancel();
      this.#whole.add(host);
      // Whoever reads asks for the rest again, and gets it in one piece.
      throw new TypeError(`${host} knows no ranges`);
    };
    let reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
    let upcoming: ReturnType<typeof open> | undefined;
    let at = 0;
    let end = RANGE;
    const stream = new ReadableStream<Uint8Array>(
      {
        async pull(controller) {
          if (at === end && end < length) {
            const before = reader;
            reader = await (upcoming ?? open(at));
            upcoming = undefined;
            end = Math.min(end + RANGE, length);
            await before.cancel();
          }
          const { done, value } = await reader.read();
          if (done) {
            if (at < length) throw new TypeError('the body ended early');
            return controller.close();
          }
          const chunk = value.subarray(0, end - at);
          at += chunk.length;
          controller.enqueue(chunk);
          if (end - at > AHEAD || end === length || upcoming) return;
          upcoming = open(end);
          upcoming.catch(() => undefined);
        },
        async cancel(reason) {
          await reader.cancel(reason);
          await (await upcoming?.catch(() => undefined))?.cancel(reason);
        },
      },
      { highWaterMark: 0 },
    );
    return Object.defineProperty(response, 'body', { value: stream });
  }
}

function asRecord(headers: HeadersInit | undefined): Record<string, string> {
  return Object.fromEntries(new Headers(headers));
}
