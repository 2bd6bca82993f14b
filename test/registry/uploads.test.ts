import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Registry, type RegistryOptions, type Repository } from '../../src/registry/registry.ts';
import { blobOf, contentOf, expectSame, noise } from './content.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import { answer, type Fault, startFaultProxy } from './fault-proxy.ts';
import { faultyRegistry, quick, repositoryThrough } from './faulty.ts';

describeWithDockerRegistry('a registry that takes uploads badly', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}, options: Partial<RegistryOptions> = {}): Repository =>
    repositoryThrough(at.proxy, limits, options);

  describe('with uploads', () => {
    const push = async (options: { limits?: Partial<Limits>; seed: number; length: number }) => {
      const blob = await blobOf(noise(options.length, options.seed));
      const content = contentOf(blob.bytes);
      await pushBlob(faulty(options.limits).blobs, blob, content);
      expectSame(
        await new Registry({ place: at.docker.host }).repository('faults').blobs.fetch(blob),
        blob.bytes,
      );
      return content;
    };

    for (const bytes of [0, 1, 65_536, 1_000_000, 4_999_999]) {
      it(`an upload that is cut after ${bytes} bytes begins anew (ATTACKS 59)`, async () => {
        const cut: Fault = ({ request }) => {
          let left = bytes;
          request.on('data', (chunk: Buffer) => {
            left -= chunk.length;
            if (left <= 0) request.socket.destroy();
          });
          if (bytes === 0) request.socket.destroy();
        };
        at.proxy.add({ method: 'PUT', times: 1, fault: cut });
        const content = await push({ seed: 100 + bytes, length: 5_000_000 });
        expect(content.opened).toBe(2);
      });
    }

    it('an upload whose answer is lost is repeated (ATTACKS 59)', async () => {
      const lost: Fault = ({ forward }) => forward({ pipe: (_, response) => void response.destroy() });
      at.proxy.add({ method: 'PUT', times: 1, fault: lost });
      await push({ seed: 30, length: 5_000_000 });
    });

    for (const [what, status, look] of [
      // It may have been stored all the same: that is looked for first.
      ['a 503', 503, ['GET']],
      ['a 429', 429, []],
      ['a 500', 500, ['GET']],
    ] as const) {
      it(`after ${what} the source is opened again from its start (ATTACKS 90)`, async () => {
        at.proxy.add({ method: 'PUT', times: 1, fault: answer(status) });
        const content = await push({ seed: 31 + status, length: 5_000_000 });
        expect(content.opened).toBe(2);
        expect(at.proxy.seen.map(({ method }) => method)).toEqual(['POST', 'PUT', ...look, 'POST', 'PUT']);
      });
    }

    it('an upload goes with its length, and not in chunks (ATTACKS 90)', async () => {
      await push({ seed: 34, length: 5_000_000 });
      const { headers } = at.proxy.seen[1] ?? {};
      expect(headers?.['content-length']).toBe('5000000');
      expect(headers?.['transfer-encoding']).toBeUndefined();
    });

    it('an empty blob is uploaded, also after a 503 (ATTACKS 90)', async () => {
      at.proxy.add({ method: 'PUT', times: 1, fault: answer(503) });
      await push({ seed: 35, length: 0 });
      expect(at.proxy.seen.at(-1)?.headers['content-length']).toBe('0');
    });

    for (const [what, length] of [
      ['longer', 4_999_000],
      ['shorter', 5_001_000],
      ['longer, in memory', 900],
      ['shorter, in memory', 1100],
    ] as const) {
      it(`content that is ${what} than described is DIGEST_MISMATCH and sent once (ATTACKS 59)`, async () => {
        const bytes = noise(length > 2000 ? 5_000_000 : 1000, 36);
        const lie = { digest: await digestOf(bytes), size: length };
        await expect(pushBlob(faulty().blobs, lie, contentOf(bytes))).rejects.toMatchObject({
          code: 'DIGEST_MISMATCH',
          message: expect.stringContaining('changed while it was read'),
        });
        expect(at.proxy.seen.filter(({ method }) => method === 'PUT').length).toBeLessThanOrEqual(1);
      });
    }

    it('a source that cannot be read ends in its own error', async () => {
      const failing = {
        length: 5_000_000,
        open: () =>
          new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error('disk')) }),
      };
      await expect(pushBlob(faulty().blobs, at.large, failing)).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        cause: { message: 'disk' },
      });
    });

    /** A registry whose answer to POST names the upload as `location` says. */
    const uploadTo = async (
      location: (host: string, port: string) => string,
      registry = at.proxy,
    ): Promise<{ method: string; path: string; authorized: boolean }[]> => {
      registry.add({
        method: 'POST',
        fault: (exchange) => {
          const [host = '', port = ''] = registry.host.split(':');
          answer(202, '', { Location: location(host, port) })(exchange);
        },
      });
      registry.add({ method: 'PUT', fault: answer(201) });
      const { blobs } = new Registry({
        place: registry.host,
        credentials: { token: 'secret' },
        limits: quick,
      }).repository('faults');
      await pushBlob(blobs, at.small, at.small.bytes);
      return registry.seen.map(({ method, path, headers }) => ({
        method,
        path,
        authorized: headers.authorization === 'Bearer secret',
      }));
    };

    for (const [what, location, path] of [
      ['relative, with a query', () => '/v2/up/1?_state=a%2Bb%3D%3D&x', '/v2/up/1?_state=a%2Bb%3D%3D&x&'],
      ['relative to the request', () => 'abc', '/v2/faults/blobs/uploads/abc?'],
      ['absolute', (host: string, port: string) => `http://${host}:${port}/up#part`, '/up?'],
      ['without a scheme', (host: string, port: string) => `//${host}:${port}/up?a=b`, '/up?a=b&'],
      ['without the port', (host: string) => `http://${host}/up`, '/up?'],
    ] as const) {
      it(`an upload to a Location that is ${what} goes there, with the digest appended (ATTACKS 59, 82)`, async () => {
        const seen = await uploadTo(location);
        const digest = `digest=${encodeURIComponent(at.small.digest)}`;
        // In Bun what the test before has given up may come first.
        expect(seen.at(-1)).toEqual({ method: 'PUT', path: `${path}${digest}`, authorized: true });
      });
    }

    it('an upload to another host goes there without the login (ATTACKS 59, 82)', async () => {
      const storage = await startFaultProxy();
      try {
        storage.add({ fault: answer(201) });
        const seen = await uploadTo(() => `${storage.url}/up?a=b`);
        expect(seen).toHaveLength(1);
        expect(storage.seen).toHaveLength(1);
        expect(storage.seen[0]?.headers.authorization).toBeUndefined();
      } finally {
        await storage.stop();
      }
    });

    for (const location of ['file:///tmp/x', 'http://user:pw@127.0.0.1/', 'gopher://x/']) {
      it(`an upload to ${location} is refused (ATTACKS 59)`, async () => {
        await expect(uploadTo(() => location)).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
      });
    }

    it('an upload without a Location is refused with what to do (ATTACKS 59)', async () => {
      at.proxy.add({ method: 'POST', fault: answer(202) });
      await expect(pushBlob(faulty().blobs, at.small, at.small.bytes)).rejects.toMatchObject({
        code: 'REGISTRY_FAILED',
        message: expect.stringContaining('Access-Control-Expose-Headers'),
      });
    });
  });
});
