import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { listTags } from '../../src/registry/listing.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import type { RegistryOptions, Repository } from '../../src/registry/registry.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import { answer, endless, type Fault, silence, silentAfter } from './fault-proxy.ts';
import { blobPath, faultyRegistry, manifestPath, repositoryThrough } from './faulty.ts';
import { all } from './suite.ts';

describeWithDockerRegistry('a registry without end', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}, options: Partial<RegistryOptions> = {}): Repository =>
    repositoryThrough(at.proxy, limits, options);

  describe('with bodies without end', () => {
    it('an endless blob is given up at its size (ATTACKS 37)', async () => {
      at.proxy.add({ path: blobPath, fault: endless() });
      await expect(faulty().blobs.fetch(at.large)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
        got: 'more bytes',
      });
    });

    it('an endless manifest is given up at the limit, without and with a lying Content-Length (ATTACKS 37)', async () => {
      for (const headers of [{}, { 'Content-Length': String(2 ** 40) }]) {
        at.proxy.add({ path: manifestPath, fault: endless(headers) });
        await expect(faulty({ manifest: 100_000 }).manifests.fetch('latest')).rejects.toMatchObject({
          code: 'LIMIT_EXCEEDED',
        });
      }
    });

    it('an endless list of tags is given up at the limit (ATTACKS 37)', async () => {
      at.proxy.add({ path: /tags/, fault: endless() });
      await expect(all(listTags(faulty({ list: 1_000_000 })))).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
      });
    });

    it('an endless error is cut off (ATTACKS 37)', async () => {
      const fault: Fault = ({ response }) => {
        response.writeHead(400);
        const more = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536)));
        };
        response.on('drain', more);
        more();
      };
      at.proxy.add({ path: manifestPath, fault });
      await expect(faulty().manifests.fetch('latest')).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
    });

    it('a gzip bomb is given up at the size of the blob (ATTACKS 58)', async () => {
      const bomb = gzipSync(Buffer.alloc(50_000_000));
      at.proxy.add({ path: blobPath, fault: answer(200, bomb, { 'Content-Encoding': 'gzip' }) });
      await expect(faulty().blobs.fetch(at.small)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
        message: expect.stringContaining('Content-Encoding: gzip'),
      });
    });
  });

  describe('with silence', () => {
    it('no answer at all is TIMED_OUT (ATTACKS 38)', async () => {
      at.proxy.add({ path: manifestPath, fault: silence });
      await expect(faulty({ idle: 500 }).manifests.fetch('latest')).rejects.toMatchObject({
        code: 'TIMED_OUT',
      });
      expect(at.proxy.seen).toHaveLength(1);
    });

    it('headers and then silence is TIMED_OUT (ATTACKS 38)', async () => {
      at.proxy.add({ path: blobPath, fault: silentAfter(500) });
      await expect(faulty({ idle: 50 }).blobs.fetch(at.small)).rejects.toMatchObject({ code: 'TIMED_OUT' });
    });

    it('a byte now and then is TIMED_OUT (ATTACKS 38)', async () => {
      const drip: Fault = ({ response }) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'), 10);
        response.on('close', () => clearInterval(timer));
      };
      at.proxy.add({ path: blobPath, fault: drip });
      await expect(faulty({ idle: 100 }).blobs.fetch(at.small)).rejects.toMatchObject({ code: 'TIMED_OUT' });
    });

    it('an answer that comes on and on, and is small, is TIMED_OUT (ATTACKS 38)', async () => {
      const drip: Fault = ({ response }) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'.repeat(1000)), 10);
        response.on('close', () => clearInterval(timer));
      };
      at.proxy.add({ path: manifestPath, fault: drip });
      const { manifests } = faulty({ idle: 10_000, total: 300 });
      await expect(manifests.fetch('latest')).rejects.toMatchObject({ code: 'TIMED_OUT' });
    });

    it('an abort ends the wait for an answer at once (ATTACKS 38)', async () => {
      const control = new AbortController();
      const fault: Fault = () => control.abort();
      at.proxy.add({ path: manifestPath, fault });
      const fetched = faulty().manifests.fetch('latest', { signal: control.signal });
      await expect(fetched).rejects.toMatchObject({ code: 'ABORTED' });
    });

    it('an abort ends a body at once (ATTACKS 38)', async () => {
      const control = new AbortController();
      at.proxy.add({ path: blobPath, fault: silentAfter(500) });
      const stream = await faulty().blobs.openUnverified(at.small, { signal: control.signal });
      const reader = stream.getReader();
      await reader.read();
      const rest = reader.read();
      control.abort();
      await expect(rest).rejects.toMatchObject({ code: 'ABORTED' });
    });

    it('an abort ends the pause before a retry (ATTACKS 38)', async () => {
      const control = new AbortController();
      at.proxy.add({ path: manifestPath, fault: answer(503, '', { 'Retry-After': '3600' }) });
      const start = globalThis.setTimeout;
      const timers = vi.spyOn(globalThis, 'setTimeout').mockImplementation((run, milliseconds, ...rest) => {
        if (milliseconds === 3_600_000) queueMicrotask(() => control.abort());
        return start(run, milliseconds, ...rest);
      });
      try {
        const { manifests } = faulty({ retryAfter: 3_600_000 });
        const waiting = manifests.fetch('latest', { signal: control.signal });
        await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
      } finally {
        timers.mockRestore();
      }
    });

    it('an abort before the beginning sends nothing', async () => {
      const signal = AbortSignal.abort();
      await expect(faulty().manifests.fetch('latest', { signal })).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(faulty().blobs.fetch(at.small, signal)).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(pushBlob(faulty().blobs, at.small, at.small.bytes, { signal })).rejects.toMatchObject({
        code: 'ABORTED',
      });
      expect(at.proxy.seen).toHaveLength(0);
    });
  });
});
