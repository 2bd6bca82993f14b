import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { Registry, type Repository } from '../../src/registry/registry.ts';
import { blobOf, drain, expectSame, noise } from './content.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import {
  answer,
  cutAfter,
  type Fault,
  reset,
  rewrite,
  silence,
  silentAfter,
  stalledFirst,
  withHeaders,
  withoutRange,
} from './fault-proxy.ts';
import { blobPath, faultyRegistry, repositoryThrough } from './faulty.ts';

/** No connection is fast enough: others are added after half a megabyte of the 5 MB. */
const always: Partial<Limits> = { fast: Number.POSITIVE_INFINITY, range: 500_000, ranges: 3 };

describeWithDockerRegistry('a large blob', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}): Repository =>
    repositoryThrough(at.proxy, { ...always, ...limits });
  const read = async (limits: Partial<Limits> = {}, span: { start?: number; end?: number } = {}) =>
    drain(await faulty(limits).blobs.openUnverified(at.large, span));
  const asked = (): string[] => at.proxy.seen.map(({ headers }) => headers.range ?? 'all');
  // What a failed test has sent before it ended comes in before this.
  afterEach(() => fetch(`${at.proxy.url}/v2/`).then((response) => response.text()));
  const pass: Fault = ({ forward }) => forward();

  /**
   * A first connection that stands still in its middle until it is settled whether ranges are fetched beside it.
   *
   * @param second what happens to the second request, the first for a range.
   * @param others what happens to all after it.
   */
  const slow = (second: Fault = pass, others: Fault = pass): void => {
    const [first, probe, rest] = stalledFirst(second, others, second === pass ? 'taken' : 'refused');
    at.proxy.add({ path: blobPath, fault: rest });
    at.proxy.add({ path: blobPath, times: 1, fault: probe });
    at.proxy.add({ path: blobPath, times: 1, fault: first });
  };

  it('that comes quickly is fetched in one request, as a small one is', async () => {
    for (const blob of [at.large, at.small]) {
      at.proxy.reset();
      expectSame(await faulty({ fast: 0 }).blobs.fetch(blob), blob.bytes);
      expect(asked()).toEqual(['all']);
    }
  });

  it('that comes slowly is fetched by closed ranges beside the first connection, each byte once', async () => {
    slow();
    expectSame(await faulty().blobs.fetch(at.large), at.large.bytes);
    const [first, ...ranges] = asked();
    expect(first).toBe('all');
    const spans = ranges
      .map((range) => (/^bytes=(\d+)-(\d+)$/.exec(range) ?? []).slice(1).map(Number))
      .sort(([a = 0], [b = 0]) => a - b);
    expect(spans.length).toBeGreaterThanOrEqual(7);
    spans.forEach(([start = 0, end], i) => {
      expect(start).toBe(i === 0 ? start : (spans[i - 1]?.[1] ?? 0) + 1);
      expect(end).toBe(Math.min(start + 499_999, 4_999_999));
    });
    expect(spans[0]?.[0]).toBeGreaterThanOrEqual(1_000_000);
  });

  it('has a part of it fetched by ranges too', async () => {
    slow();
    const span = { start: 1_500_000, end: 4_000_001 };
    expectSame(await read({}, span), at.large.bytes.slice(span.start, span.end));
    expect(asked()[0]).toBe('bytes=1500000-4000000');
    expect(asked().length).toBeGreaterThan(2);
  });

  /** Counts what is under way. */
  const counting = () => {
    const state = { now: 0, most: 0 };
    const fault: Fault = ({ forward, response }) => {
      state.now++;
      state.most = Math.max(state.most, state.now);
      response.on('close', () => {
        state.now--;
      });
      forward();
    };
    return { state, fault };
  };

  it('has several ranges under way at once, and no more than limits.ranges', async () => {
    const { state, fault } = counting();
    slow(pass, fault);
    expectSame(await read({ ranges: 4 }), at.large.bytes);
    expect(state.most).toBeGreaterThanOrEqual(2);
    expect(state.most).toBeLessThanOrEqual(4);
  });

  it('is not asked for more than limits.requests at once, by all who ask', async () => {
    const { state, fault } = counting();
    at.proxy.add({ path: blobPath, fault });
    const { blobs } = faulty({ requests: 2, ranges: 1 });
    const pulled = await Promise.all([1, 2, 3, 4].map(() => blobs.fetch(at.large)));
    for (const bytes of pulled) expectSame(bytes, at.large.bytes);
    expect(state.most).toBeLessThanOrEqual(2);
  });

  it('that nobody reads on does not keep others from their requests', async () => {
    const { blobs } = faulty({ requests: 1 });
    const unread = await Promise.all([1, 2].map(() => blobs.openUnverified(at.large)));
    expectSame(await blobs.fetch(at.small), at.small.bytes);
    for (const stream of unread) await stream.cancel();
  });

  it('that is no longer wanted lets go of everything', async () => {
    slow();
    const { blobs } = faulty({ requests: 3 });
    const reader = (await blobs.openUnverified(at.large)).getReader();
    for (let got = 0; got < 1_000_000; ) got += (await reader.read()).value?.length ?? 0;
    await reader.cancel();
    const pulled = await Promise.all([1, 2, 3].map(() => blobs.fetch(at.small)));
    for (const bytes of pulled) expectSame(bytes, at.small.bytes);
  });

  it('is aborted in the middle', async () => {
    const control = new AbortController();
    at.proxy.add({ path: blobPath, fault: silentAfter(700_000) });
    const stream = await faulty().blobs.openUnverified(at.large, { signal: control.signal });
    const reader = stream.getReader();
    const rest = (async () => {
      while (!(await reader.read()).done);
    })();
    await vi.waitFor(() => expect(at.proxy.seen.length).toBeGreaterThan(1));
    control.abort(new Error('enough'));
    await expect(rest).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } });
  });

  describe('from a registry that', () => {
    it('knows no ranges comes over the first connection (ATTACKS 73)', async () => {
      slow(withoutRange, withoutRange);
      expectSame(await read(), at.large.bytes);
      expect(at.proxy.seen).toHaveLength(2);
      at.proxy.reset();
      at.proxy.add({ path: blobPath, fault: withoutRange });
      const span = { start: 1_500_000, end: 4_000_001 };
      expectSame(await read({}, span), at.large.bytes.slice(span.start, span.end));
    });

    it('forgets on the way that it knows ranges, is right all the same (ATTACKS 73)', async () => {
      slow(pass, withoutRange);
      expectSame(await read(), at.large.bytes);
    });

    it('cuts every connection after 300 kB is taken up where each broke (ATTACKS 88)', async () => {
      slow(pass, cutAfter(300_000));
      expectSame(await read(), at.large.bytes);
    });

    it('resets, answers 503 and falls silent for some of the ranges is right (ATTACKS 73, 88)', async () => {
      const faults = [reset, answer(503), silentAfter(100_000), cutAfter(1000), answer(429)];
      let count = 0;
      slow(pass, (exchange) => {
        const fault = count++ % 2 ? undefined : faults[(count >> 1) % 5];
        if (fault) fault(exchange);
        else exchange.forward();
      });
      expectSame(await read({ idle: 1000 }), at.large.bytes);
    });

    it('is silent is given up (ATTACKS 88)', async () => {
      slow(pass, silence);
      await expect(read({ idle: 500 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
    });

    const lies: readonly (readonly [string, Fault, string])[] = [
      ['another range', withHeaders({ 'content-range': 'bytes 0-499999/5000000' }), 'REGISTRY_FAILED'],
      ['a Content-Range that is none', withHeaders({ 'content-range': 'all' }), 'REGISTRY_FAILED'],
      [
        'a range of a blob of another size',
        ({ request, forward }) => {
          const [, first = '', last = ''] = /(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
          forward({ headers: { 'content-range': `bytes ${first}-${last}/7000000` } });
        },
        'DIGEST_MISMATCH',
      ],
      [
        'several parts',
        withHeaders({ 'content-type': 'multipart/byteranges; boundary=x' }),
        'REGISTRY_FAILED',
      ],
      ['a body that is too long', rewrite((body) => Buffer.concat([body, body])), 'DIGEST_MISMATCH'],
      ['no body', rewrite(() => Buffer.alloc(0)), 'DIGEST_MISMATCH'],
      ['416', answer(416), 'DIGEST_MISMATCH'],
      ['404', answer(404), 'NOT_FOUND'],
    ];
    for (const [what, fault, code] of lies) {
      it(`answers with ${what} on the way is refused (ATTACKS 73)`, async () => {
        slow(pass, fault);
        await expect(read()).rejects.toMatchObject({ code });
      });

      // What is wrong with a body shows only when its turn has come.
      if (/body/.test(what)) continue;
      it(`answers with ${what} to the first range is not asked for others (ATTACKS 73)`, async () => {
        slow(fault);
        expectSame(await read(), at.large.bytes);
        expect(at.proxy.seen).toHaveLength(2);
      });
    }

    it('sends shorter ranges than it says is asked again for the rest (ATTACKS 73)', async () => {
      slow(
        pass,
        rewrite((body) => body.subarray(0, 400_000)),
      );
      expectSame(await read(), at.large.bytes);
    });
  });
});

it('a first connection that breaks while the first range is asked for goes on (ATTACKS 88)', async () => {
  const blob = await blobOf(noise(5_000_000));
  let resume: () => void = () => undefined;
  const resumed = new Promise<void>((resolve) => {
    resume = resolve;
  });
  let ranges = 0;
  const partOf = (start: number, end: number) =>
    new Response(blob.bytes.subarray(start, end), {
      status: 206,
      headers: { 'Content-Range': `bytes ${start}-${end - 1}/${blob.size}` },
    });
  const broken = () => {
    let sent = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          if (sent >= 600_000) return controller.error(new Error('reset'));
          controller.enqueue(blob.bytes.subarray(sent, sent + 100_000));
          sent += 100_000;
        },
      },
      { highWaterMark: 0 },
    );
  };
  const registry = new Registry({
    limits: { fast: Number.POSITIVE_INFINITY, range: 500_000, ranges: 3, retryAfter: 1 },
    place: {
      fetch: async (_, init) => {
        const [, first, last] = /bytes=(\d+)-(\d+)/.exec(new Headers(init?.headers).get('range') ?? '') ?? [];
        if (first === undefined) return new Response(broken());
        const [start, end] = [Number(first), Number(last) + 1];
        if (end === blob.size) {
          // The first connection, resumed: it is answered after the first range.
          resume();
          await new Promise((resolve) => setTimeout(resolve, 100));
        } else if (ranges++ === 0) {
          await resumed;
        }
        return partOf(start, end);
      },
    },
  });
  expectSame(await drain(await registry.repository('a').blobs.openUnverified(blob)), blob.bytes);
});
