// A body that is too large to be let in at once.
import { describe, expect, it } from 'vitest';
import { readingLargeBodies } from '../../adapters/browser/large-bodies.ts';

const MiB = 1024 * 1024;
const URL_OF_IT = 'https://registry.example.com/v2/a/blobs/sha256:0';

/** The first byte of a chunk, told by its position. */
const byteAt = (at: number) => Math.imul(at, 2654435761) >>> 24;

interface Server {
  readonly fetch: typeof fetch;
  /** The ranges that were asked for. */
  readonly asked: (string | undefined)[];
  /** How many bodies were cancelled. */
  readonly cancelled: () => number;
}

function server(
  length: number,
  options: { ranges?: boolean; headers?: Record<string, string> } = {},
): Server {
  const { ranges = true, headers = {} } = options;
  const asked: (string | undefined)[] = [];
  let cancelled = 0;
  return {
    asked,
    cancelled: () => cancelled,
    async fetch(_, init) {
      const range = new Headers(init?.headers).get('range') ?? undefined;
      asked.push(range);
      const [, first = '0', last = `${length - 1}`] = (ranges && /(\d+)-(\d+)/.exec(range ?? '')) || [];
      let at = Number(first);
      const end = Number(last) + 1;
      const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          if (at === end) return controller.close();
          // Not in step with the ranges.
          const chunk = new Uint8Array(Math.min(1_000_003, end - at));
          chunk[0] = byteAt(at);
          at += chunk.length;
          controller.enqueue(chunk);
        },
        cancel: () => void cancelled++,
      });
      const status = ranges && range !== undefined ? 206 : 200;
      const all = { 'Content-Length': `${end - Number(first)}`, ...headers };
      const response = new Response(body, { status, headers: all });
      return Object.defineProperty(response, 'url', { value: URL_OF_IT });
    },
  };
}

async function lengthOf(response: Response): Promise<number> {
  const reader = response.body?.getReader();
  let length = 0;
  for (let step = await reader?.read(); step?.value; step = await reader?.read()) {
    if (step.value[0] !== byteAt(length)) throw new Error(`other bytes at ${length}`);
    length += step.value.length;
  }
  return length;
}

describe('a large body in ranges', () => {
  it('is fetched by closed ranges after the first, each byte once', async () => {
    const { fetch, asked, cancelled } = server(100 * MiB);
    expect(await lengthOf(await readingLargeBodies(fetch)(URL_OF_IT))).toBe(100 * MiB);
    expect(asked).toEqual([
      undefined,
      `bytes=${32 * MiB}-${64 * MiB - 1}`,
      `bytes=${64 * MiB}-${96 * MiB - 1}`,
      `bytes=${96 * MiB}-${100 * MiB - 1}`,
    ]);
    // The first, which would have brought everything.
    expect(cancelled()).toBe(1);
  });

  it('has the headers of the first request in each', async () => {
    const seen: (string | null)[] = [];
    const { fetch } = server(80 * MiB);
    const watched: typeof fetch = (input, init) => {
      seen.push(new Headers(init?.headers).get('authorization'));
      return fetch(input, init);
    };
    await lengthOf(await readingLargeBodies(watched)(URL_OF_IT, { headers: { Authorization: 'Bearer x' } }));
    expect(seen).toEqual(['Bearer x', 'Bearer x', 'Bearer x']);
  });

  it('asks for nothing further where nobody reads on', async () => {
    const { fetch, asked, cancelled } = server(100 * MiB);
    const reader = (await readingLargeBodies(fetch)(URL_OF_IT)).body?.getReader();
    for (let read = 0; read < 10 * MiB; ) read += (await reader?.read())?.value?.length ?? 0;
    expect(asked).toEqual([undefined]);
    await reader?.cancel();
    expect(cancelled()).toBe(1);
  });

  it.each([
    ['is not large', 40 * MiB, {}],
    ['is compressed on the way', 100 * MiB, { headers: { 'Content-Encoding': 'gzip' } }],
  ])('stays as it is where it %s', async (_, length, options) => {
    const { fetch, asked } = server(length, options);
    expect(await lengthOf(await readingLargeBodies(fetch)(URL_OF_IT))).toBe(length);
    expect(asked).toEqual([undefined]);
  });

  it('of a server that knows no ranges breaks once, and then comes in one piece', async () => {
    const { fetch, asked } = server(100 * MiB, { ranges: false });
    const ask = readingLargeBodies(fetch);
    await expect(lengthOf(await ask(URL_OF_IT))).rejects.toThrow('knows no ranges');
    asked.length = 0;
    expect(await lengthOf(await ask(URL_OF_IT))).toBe(100 * MiB);
    expect(asked).toEqual([undefined]);
  });
});
