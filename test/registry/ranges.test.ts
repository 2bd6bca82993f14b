import { describe, expect, it, vi } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import type { Repository } from '../../src/registry/registry.ts';
import { drain, expectSame } from './content.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import {
  answer,
  cutAfter,
  type Fault,
  reset,
  rewrite,
  silence,
  silentAfter,
  withHeaders,
  withoutRange,
} from './fault-proxy.ts';
import { blobPath, faultyRegistry, repositoryThrough } from './faulty.ts';

/** 5 MB in five parts. */
const parts: Partial<Limits> = { range: 1_000_000, ranges: 3 };

describeWithDockerRegistry('a large blob', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}): Repository =>
    repositoryThrough(at.proxy, { ...parts, ...limits });
  const read = async (limits: Partial<Limits> = {}, span: { start?: number; end?: number } = {}) =>
    drain(await faulty(limits).blobs.openUnverified(at.large, span));
  const asked = (): string[] => at.proxy.seen.map(({ headers }) => headers.range ?? 'all').sort();

  it('is fetched by closed ranges, and a small one in one request', async () => {
    expectSame(await faulty().blobs.fetch(at.large), at.large.bytes);
    expect(asked()).toEqual([
      'bytes=0-999999',
      'bytes=1000000-1999999',
      'bytes=2000000-2999999',
      'bytes=3000000-3999999',
      'bytes=4000000-4999999',
    ]);
    at.proxy.reset();
    expectSame(await faulty().blobs.fetch(at.small), at.small.bytes);
    expect(asked()).toEqual(['all']);
  });

  it('has a part of it fetched by ranges too', async () => {
    const span = { start: 1_500_000, end: 4_000_001 };
    expectSame(await read({}, span), at.large.bytes.slice(span.start, span.end));
    expect(asked()).toEqual(['bytes=1500000-2499999', 'bytes=2500000-3499999', 'bytes=3500000-4000000']);
  });

  /** Counts what is under way, and holds each answer until as many are as there can be. */
  const counting = (hold: number) => {
    const state = { now: 0, most: 0 };
    const held: (() => void)[] = [];
    const fault: Fault = ({ forward, response }) => {
      state.now++;
      state.most = Math.max(state.most, state.now);
      response.on('close', () => {
        state.now--;
      });
      held.push(forward);
      if (held.length >= hold) for (const send of held.splice(0)) send();
    };
    return { state, fault };
  };

  it('has several ranges under way at once, and no more than limits.ranges', async () => {
    const { state, fault } = counting(1);
    at.proxy.add({ path: blobPath, fault });
    at.proxy.add({ path: blobPath, times: 1, fault: ({ forward }) => forward() });
    const second = counting(3);
    at.proxy.add({ path: blobPath, times: 3, fault: second.fault });
    at.proxy.add({ path: blobPath, times: 1, fault: ({ forward }) => forward() });
    expectSame(await read(), at.large.bytes);
    expect(second.state.most).toBe(3);
    expect(state.most).toBeLessThanOrEqual(3);
  });

  it('is not asked for more than limits.requests at once, by all who ask', async () => {
    const { state, fault } = counting(1);
    at.proxy.add({ path: blobPath, fault });
    const { blobs } = faulty({ requests: 2 });
    const pulled = await Promise.all([1, 2, 3, 4].map(() => blobs.fetch(at.large)));
    for (const bytes of pulled) expectSame(bytes, at.large.bytes);
    expect(state.most).toBeLessThanOrEqual(2);
  });

  it('that nobody reads on does not keep others from their requests', async () => {
    const { blobs } = faulty({ requests: 1, ranges: 1 });
    const unread = await Promise.all([1, 2].map(() => blobs.openUnverified(at.large)));
    expectSame(await blobs.fetch(at.small), at.small.bytes);
    for (const stream of unread) await stream.cancel();
  });

  it('that is no longer wanted lets go of everything', async () => {
    const stream = await faulty({ requests: 3 }).blobs.openUnverified(at.large);
    const reader = stream.getReader();
    await reader.read();
    await reader.cancel();
    expectSame(await faulty().blobs.fetch(at.small), at.small.bytes);
  });

  it('is aborted in the middle', async () => {
    const control = new AbortController();
    at.proxy.add({ path: blobPath, fault: silentAfter(500_000) });
    const stream = await faulty().blobs.openUnverified(at.large, { signal: control.signal });
    const reader = stream.getReader();
    await reader.read();
    await vi.waitFor(() => expect(at.proxy.seen).toHaveLength(3));
    control.abort(new Error('enough'));
    const rest = (async () => {
      while (!(await reader.read()).done);
    })();
    await expect(rest).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'enough' } });
  });

  describe('from a registry that', () => {
    it('knows no ranges comes in one piece (ATTACKS 73)', async () => {
      at.proxy.add({ path: blobPath, fault: withoutRange });
      expectSame(await read(), at.large.bytes);
      expect(at.proxy.seen).toHaveLength(1);
      expectSame(
        await read({}, { start: 1_500_000, end: 4_000_001 }),
        at.large.bytes.slice(1_500_000, 4_000_001),
      );
    });

    it('forgets on the way that it knows ranges, is right all the same (ATTACKS 73)', async () => {
      at.proxy.add({ path: blobPath, fault: withoutRange });
      at.proxy.add({ path: blobPath, times: 2, fault: ({ forward }) => forward() });
      expectSame(await read(), at.large.bytes);
    });

    it('cuts every connection after 300 kB is taken up where each broke (ATTACKS 88)', async () => {
      at.proxy.add({ path: blobPath, fault: cutAfter(300_000) });
      expectSame(await read(), at.large.bytes);
    });

    it('resets, answers 503 and falls silent for some of the ranges is right (ATTACKS 73, 88)', async () => {
      const faults = [reset, answer(503), silentAfter(100_000), cutAfter(1000), answer(429)];
      let count = 0;
      at.proxy.add({
        path: blobPath,
        times: 8,
        fault: (exchange) => (count++ % 2 ? exchange.forward() : faults[count % 5]?.(exchange)),
      });
      expectSame(await read({ idle: 1000 }), at.large.bytes);
    });

    it('is silent is given up (ATTACKS 88)', async () => {
      at.proxy.add({ path: blobPath, fault: silence });
      at.proxy.add({ path: blobPath, times: 1, fault: ({ forward }) => forward() });
      await expect(read({ idle: 200 })).rejects.toMatchObject({ code: 'TIMED_OUT' });
    });

    const lies: readonly (readonly [string, Fault, string])[] = [
      ['another range', withHeaders({ 'content-range': 'bytes 0-999999/5000000' }), 'REGISTRY_FAILED'],
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
      it(`answers with ${what} after the first range is refused (ATTACKS 73)`, async () => {
        at.proxy.add({ path: blobPath, fault });
        at.proxy.add({ path: blobPath, times: 1, fault: ({ forward }) => forward() });
        await expect(read()).rejects.toMatchObject({ code });
      });
    }

    it('sends shorter ranges than it says is asked again for the rest (ATTACKS 73)', async () => {
      at.proxy.add({ path: blobPath, fault: rewrite((body) => body.subarray(0, 700_000)) });
      expectSame(await read(), at.large.bytes);
    });
  });
});
