import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Registry, type Repository } from '../../src/registry/registry.ts';
import { blobOf, contentOf, expectSame, noise } from './content.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import { answer, type Exchange, type Fault, refuse, reset } from './fault-proxy.ts';
import { type Blob as Data, faultyRegistry, quick, repositoryThrough } from './faulty.ts';

const chunk = 100_000;
const inChunks: Partial<Limits> = { upload: 0, chunk };

describeWithDockerRegistry('an upload in chunks', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}): Repository => repositoryThrough(at.proxy, limits);

  /** What the registry holds, asked past the proxy. */
  const expectStored = async (blob: Data): Promise<void> => {
    const { blobs } = new Registry({ place: at.docker.host }).repository('faults');
    expectSame(await blobs.fetch(blob), blob.bytes);
  };
  const methods = (): string => at.proxy.seen.map(({ method }) => method).join(' ');
  const push = async (seed: number, limits: Partial<Limits> = inChunks, length = 250_000) => {
    const blob = await blobOf(noise(length, seed));
    const content = contentOf(blob.bytes, 30_000);
    await pushBlob(faulty(limits).blobs, blob, content);
    await expectStored(blob);
    return content;
  };

  it('sends them in order, each to the newest Location, and the digest at the end', async () => {
    await push(200);
    expect(methods()).toBe('POST PATCH PATCH PATCH PUT');
    const ranges = at.proxy.seen.flatMap(({ headers }) => headers['content-range'] ?? []);
    expect(ranges).toEqual(['0-99999', '100000-199999', '200000-249999']);
    const paths = at.proxy.seen.map(({ path }) => path);
    expect(new Set(paths).size).toBe(paths.length);
    expect(paths.at(-1)).toMatch(/&digest=sha256%3A/);
  });

  for (const [what, length, expected] of [
    ['an empty blob', 0, 'POST PUT'],
    ['a blob of one chunk', chunk, 'POST PATCH PUT'],
  ] as const) {
    it(`works for ${what}`, async () => {
      // A limit of 0 would let an empty blob go whole.
      await push(201 + length, { upload: -1, chunk }, length);
      expect(methods()).toBe(expected);
    });
  }

  it("keeps to the registry's minimum", async () => {
    at.proxy.add({
      method: 'POST',
      fault: ({ forward }) => forward({ headers: { 'oci-chunk-min-length': '150000' } }),
    });
    await push(203);
    expect(at.proxy.seen.flatMap(({ headers }) => headers['content-range'] ?? [])).toEqual([
      '0-149999',
      '150000-249999',
    ]);
  });

  it('refuses a minimum that does not fit into memory', async () => {
    at.proxy.add({
      method: 'POST',
      fault: answer(202, '', { Location: '/v2/up', 'OCI-Chunk-Min-Length': String(2 ** 40) }),
    });
    const blob = { digest: await digestOf(noise(1)), size: 2 ** 40 };
    const content = { length: blob.size, open: () => new ReadableStream<Uint8Array>() };
    await expect(pushBlob(faulty(inChunks).blobs, blob, content)).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
  });

  it('takes a PATCH that is answered with 201, as some registries do', async () => {
    at.proxy.add({
      method: 'PATCH',
      fault: ({ forward }) =>
        forward({
          pipe: (from, to) => {
            to.statusCode = 201;
            from.pipe(to);
          },
        }),
    });
    await push(204);
  });

  describe('that a registry asks for', () => {
    /** As nginx does with more than client_max_body_size: before the body is read. */
    const atMost =
      (bytes: number): Fault =>
      (exchange) => {
        if (Number(exchange.request.headers['content-length'] ?? 0) <= bytes) return exchange.forward();
        exchange.response.writeHead(413, { 'Content-Type': 'text/html' }).end('<html>413</html>');
      };

    it('by 413 is learned, and the next blob goes in chunks at once', async () => {
      at.proxy.add({ fault: atMost(100_000) });
      const { blobs } = faulty({ chunk: 90_000 });
      for (const seed of [210, 211]) {
        const blob = await blobOf(noise(250_000, seed));
        await pushBlob(blobs, blob, blob.bytes);
        await expectStored(blob);
      }
      expect(methods()).toBe('POST PUT POST PATCH PATCH PATCH PUT POST PATCH PATCH PATCH PUT');
    });

    it('by 413 to a body of many megabytes that it does not read, is learned too', async () => {
      at.proxy.add({ fault: atMost(4 * 1024 * 1024) });
      const content = await push(212, {}, 20_000_000);
      expect(content.opened).toBeGreaterThan(1);
      expect(methods()).toMatch(/PATCH PATCH PATCH PATCH PATCH PUT$/);
    });

    it('by 413 to chunks too, leads to smaller ones (nginx takes 1 MiB if it is not told)', async () => {
      at.proxy.add({ fault: atMost(1024 * 1024) });
      await push(213, {}, 5_000_000);
      const sizes = at.proxy.seen.flatMap(({ method, headers }) =>
        method === 'PATCH' ? Number(headers['content-length']) : [],
      );
      expect(sizes).toEqual([4_194_304, 1_048_576, 1_048_576, 1_048_576, 1_048_576, 805_696]);
    });

    it('by 411, to a stream whose length the runtime does not send, is learned', async () => {
      at.proxy.add({ method: 'PUT', times: 1, fault: answer(411) });
      await push(216, {}, 5_000_000);
      expect(methods()).toBe('POST PUT POST PATCH PATCH PUT');
    });

    it('by 413 to whatever comes, ends in an error', async () => {
      at.proxy.add({ method: 'PUT', fault: refuse(413, 'SIZE_INVALID') });
      at.proxy.add({ method: 'PATCH', fault: refuse(413, 'SIZE_INVALID') });
      const blob = await blobOf(noise(5_000_000, 214));
      await expect(pushBlob(faulty().blobs, blob, blob.bytes)).rejects.toMatchObject({
        code: 'REGISTRY_FAILED',
        message: expect.stringContaining('413 SIZE_INVALID'),
      });
      expect(at.proxy.seen.length).toBeLessThan(15);
    });

    it('by 416 to a chunk that is too large, as GHCR does, leads to smaller ones', async () => {
      const fault: Fault = (exchange) =>
        Number(exchange.request.headers['content-length']) > 70_000
          ? answer(416)(exchange)
          : exchange.forward();
      at.proxy.add({ method: 'PATCH', fault });
      await push(215, { upload: 0, chunk: 200_000 });
      expect(methods()).toBe('POST PATCH POST PATCH PATCH PATCH PATCH PUT');
    });
  });

  describe('that fails', () => {
    /** Lets the request through, and the answer not. */
    const lost: Fault = ({ forward }) => forward({ pipe: (_, response) => void response.destroy() });
    /** Breaks off after some bytes of the request have come through. */
    const cut =
      (bytes: number): Fault =>
      (exchange: Exchange) => {
        let left = bytes;
        exchange.request.on('data', (part: Buffer) => {
          left -= part.length;
          if (left <= 0) exchange.request.socket.destroy();
        });
        exchange.forward();
      };
    /** Applied to the second chunk only. */
    const second =
      (fault: Fault): Fault =>
      (exchange) =>
        exchange.request.headers['content-range']?.startsWith('100000-')
          ? fault(exchange)
          : exchange.forward();

    for (const [what, fault] of [
      ['before it has arrived', reset],
      ['half way', cut(50_000)],
      ['after it has arrived', lost],
      ['with a 503', answer(503)],
      ['with a 404', answer(404)],
      ['with a 429', answer(429)],
    ] as const) {
      it(`${what}, goes on or begins anew, and is right (ATTACKS 59)`, async () => {
        at.proxy.add({ method: 'PATCH', times: 2, fault: second(fault) });
        const content = await push(220 + what.length);
        expect(content.opened).toBeLessThanOrEqual(2);
      });
    }

    it('for ever, ends after a bounded number of attempts (ATTACKS 59)', async () => {
      for (const fault of [reset, cut(50_000), lost, answer(503), answer(404)]) {
        at.proxy.reset();
        at.proxy.add({ method: 'PATCH', fault: second(fault) });
        const blob = await blobOf(noise(250_000, 240));
        await expect(pushBlob(faulty(inChunks).blobs, blob, blob.bytes)).rejects.toMatchObject({
          code: expect.stringMatching(/^(UNREACHABLE|REGISTRY_FAILED|NOT_FOUND)$/),
        });
        expect(at.proxy.seen.length).toBeLessThan(30);
      }
    });

    it('where it closes, and was stored all the same, is found to be there', async () => {
      at.proxy.add({ method: 'PUT', times: 1, fault: lost });
      const content = await push(250);
      expect(content.opened).toBe(1);
      expect(methods()).toBe('POST PATCH PATCH PATCH PUT GET');
    });

    it('and whose registry misleads us about what has arrived, begins anew and is right (ATTACKS 59)', async () => {
      // It forgets the second chunk and says that it has it.
      let broken = 0;
      const once: Fault = (exchange) => (broken++ === 0 ? reset(exchange) : exchange.forward());
      at.proxy.add({ method: 'PATCH', fault: second(once) });
      at.proxy.add({
        method: 'GET',
        path: /uploads/,
        times: 1,
        fault: answer(204, '', { Range: '0-199999' }),
      });
      const content = await push(251);
      expect(content.opened).toBe(2);
    });

    it('of content that changes, is refused', async () => {
      const bytes = noise(250_000, 252);
      for (const size of [249_000, 251_000]) {
        const lie = { digest: await digestOf(bytes), size };
        await expect(pushBlob(faulty(inChunks).blobs, lie, contentOf(bytes))).rejects.toMatchObject({
          code: 'DIGEST_MISMATCH',
          message: expect.stringContaining('changed while it was read'),
        });
      }
      const other = { digest: await digestOf(noise(5, 9)), size: bytes.length };
      await expect(pushBlob(faulty(inChunks).blobs, other, bytes)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
      });
    });

    it('is aborted at once', async () => {
      const control = new AbortController();
      at.proxy.add({ method: 'PATCH', fault: () => control.abort() });
      const blob = await blobOf(noise(250_000, 253));
      const pushed = pushBlob(faulty(inChunks).blobs, blob, blob.bytes, { signal: control.signal });
      await expect(pushed).rejects.toMatchObject({ code: 'ABORTED' });
    });
  });

  it('tells its progress', async () => {
    const blob = await blobOf(noise(250_000, 254));
    const seen: number[] = [];
    await pushBlob(faulty({ ...inChunks, ...quick }).blobs, blob, blob.bytes, {
      onProgress: (sent) => seen.push(sent),
    });
    expect(seen).toEqual([100_000, 200_000, 250_000]);
  });
});
