import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { defaultLimits, type Limits } from '../../src/limits.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { hasBlob } from '../../src/registry/has-blob.ts';
import { ociIndexType, ociManifestType, parseImageManifest } from '../../src/registry/manifest.ts';
import type { RegistryOptions, Repository } from '../../src/registry/registry.ts';
import { deleteBlob, deleteManifest } from '../../src/registry/removal.ts';
import { drain, expectSame } from './content.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import {
  answer,
  cutAfter,
  type Fault,
  refuse,
  reset,
  rewrite,
  silentAfter,
  withoutRange,
} from './fault-proxy.ts';
import { blobPath, faultyRegistry, manifestPath, repositoryThrough } from './faulty.ts';

describeWithDockerRegistry('a registry that fails', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}, options: Partial<RegistryOptions> = {}): Repository =>
    repositoryThrough(at.proxy, limits, options);

  describe('with errors', () => {
    for (const status of [429, 500, 502, 503, 504]) {
      it(`a ${status} is tried again (ATTACKS 58)`, async () => {
        at.proxy.add({ times: 2, fault: answer(status, 'sorry', { 'Retry-After': '3600' }) });
        expect(await faulty().manifests.fetch('latest')).toMatchObject({ bytes: at.image });
        at.proxy.add({
          times: 2,
          fault: answer(status, 'sorry', { 'Retry-After': 'Fri, 31 Dec 2199 23:59:59 GMT' }),
        });
        expectSame(await faulty().blobs.fetch(at.small), at.small.bytes);
      });

      it(`a ${status} for ever is REGISTRY_FAILED after three attempts (ATTACKS 58)`, async () => {
        at.proxy.add({ fault: answer(status, 'sorry') });
        await expect(faulty().manifests.fetch('latest')).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
        expect(at.proxy.seen).toHaveLength(3);
      });
    }

    it('a connection that is reset is tried again, then UNREACHABLE with the host (ATTACKS 58)', async () => {
      at.proxy.add({ times: 2, fault: reset });
      expect(await faulty().manifests.fetch('latest')).toMatchObject({ bytes: at.image });
      at.proxy.add({ fault: reset });
      await expect(faulty().manifests.fetch('latest')).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: expect.stringContaining(at.proxy.host),
      });
    });

    for (const [status, code] of [
      [400, 'REGISTRY_FAILED'],
      [401, 'ACCESS_DENIED'],
      [403, 'ACCESS_DENIED'],
      [405, 'REGISTRY_FAILED'],
      [416, 'REGISTRY_FAILED'],
    ] as const) {
      it(`a ${status} is ${code} at once (ATTACKS 58)`, async () => {
        at.proxy.add({ fault: refuse(status, 'SOME_CODE', 'some words') });
        const error: unknown = await faulty()
          .manifests.fetch('latest')
          .catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code });
        if (status !== 401) expect(String(error)).toContain(`${status} SOME_CODE "some words"`);
        expect(at.proxy.seen).toHaveLength(1);
      });
    }

    it('a 416 for a blob is DIGEST_MISMATCH: the registry has fewer bytes (ATTACKS 58)', async () => {
      at.proxy.add({ path: blobPath, fault: answer(416) });
      await expect(faulty().blobs.openUnverified(at.small, { start: 10 })).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
      });
    });

    it('a delete that a registry does not do is false (ATTACKS 58)', async () => {
      for (const status of [404, 405]) {
        at.proxy.add({ method: 'DELETE', fault: refuse(status, 'UNSUPPORTED') });
        expect(await deleteManifest(faulty().manifests, await digestOf(at.image))).toBe(false);
        expect(await deleteBlob(faulty().blobs, at.small.digest)).toBe(false);
      }
    });

    it('control characters in what a registry says are escaped (ATTACKS 97)', async () => {
      at.proxy.add({
        fault: refuse(400, 'X\n', 'a\u001b[31m\r\nforged\u202e line', { Warning: '299 - "be\u0085ware"' }),
      });
      const warnings: string[] = [];
      const repository = faulty({}, { onWarning: (text) => warnings.push(text) });
      for (const _ of [1, 2]) {
        const error: unknown = await repository.manifests.fetch('latest').catch((thrown: unknown) => thrown);
        expect(String(error)).not.toMatch(/[\p{Cc}\p{Cf}]/u);
      }
      expect(warnings).toEqual(['be\\u{85}ware']);
    });

    it('a server that echoes the login does not get it into an error (ATTACKS 69)', async () => {
      const credentials = { username: 'fred', password: 'pass"word' };
      const echo: Fault = (exchange) => {
        const sent = exchange.request.headers.authorization;
        if (sent === undefined) return answer(401, '', { 'WWW-Authenticate': 'Basic realm="x"' })(exchange);
        refuse(403, 'DENIED', `not for ${sent} alias ${credentials.password}`)(exchange);
      };
      at.proxy.add({ fault: echo });
      const error: unknown = await faulty({}, { credentials })
        .manifests.fetch('a')
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'ACCESS_DENIED' });
      const shown = JSON.stringify(error, ['message', 'got', 'cause', 'errors', 'stack']);
      expect(shown).toContain('***');
      expect(shown).not.toContain(btoa(`fred:${credentials.password}`));
      expect(String(error)).not.toContain(credentials.password);
    });
  });

  describe('with broken bodies', () => {
    it('a manifest that breaks off is fetched again (ATTACKS 58)', async () => {
      at.proxy.add({ path: manifestPath, times: 2, fault: cutAfter(100) });
      expect(await faulty().manifests.fetch('latest')).toMatchObject({ bytes: at.image });
    });

    it('a blob that breaks off every 1 MB is taken up where it broke (ATTACKS 88)', async () => {
      at.proxy.add({ path: blobPath, fault: cutAfter(1_000_000) });
      expectSame(await faulty().blobs.fetch(at.large), at.large.bytes);
      expect(at.proxy.seen.length).toBeGreaterThanOrEqual(5);
      expect(
        at.proxy.seen.slice(1).every(({ headers }) => /^bytes=\d+-4999999$/.test(headers.range ?? '')),
      ).toBe(true);
    });

    it('a range that breaks off is taken up where it broke (ATTACKS 88)', async () => {
      at.proxy.add({ path: blobPath, fault: cutAfter(1_000_000) });
      const span = { start: 1_234_567, end: 4_000_000 };
      const part = await drain(await faulty().blobs.openUnverified(at.large, span));
      expectSame(part, at.large.bytes.slice(span.start, span.end));
    });

    it('a blob that breaks off once, from a registry without ranges, has no byte twice (ATTACKS 88)', async () => {
      at.proxy.add({ path: blobPath, fault: withoutRange });
      at.proxy.add({ path: blobPath, times: 1, fault: cutAfter(2_000_000) });
      expectSame(await faulty().blobs.fetch(at.large), at.large.bytes);
    });

    it('a blob that always breaks off, from a registry without ranges, is UNREACHABLE in bounded time (ATTACKS 88)', async () => {
      const fault: Fault = (exchange) => {
        exchange.request.headers.range = undefined;
        cutAfter(1_000_000)(exchange);
      };
      at.proxy.add({ path: blobPath, fault });
      await expect(faulty().blobs.fetch(at.large)).rejects.toMatchObject({ code: 'UNREACHABLE' });
      expect(at.proxy.seen.length).toBeLessThan(8);
    });

    it('silence at half is taken up by another connection (ATTACKS 88)', async () => {
      at.proxy.add({ path: blobPath, times: 1, fault: silentAfter(2_500_000) });
      expectSame(await faulty({ idle: 200 }).blobs.fetch(at.large), at.large.bytes);
    });

    it('a Content-Length that is too large ends in right bytes or an error (ATTACKS 58)', async () => {
      at.proxy.add({
        path: blobPath,
        times: 1,
        fault: ({ response }) => {
          response.writeHead(200, { 'Content-Length': '2000' });
          response.write(at.small.bytes);
          response.destroy();
        },
      });
      expectSame(await faulty().blobs.fetch(at.small), at.small.bytes);
    });

    it('a Content-Length that is too small ends in right bytes or an error (ATTACKS 58)', async () => {
      at.proxy.add({ path: blobPath, times: 1, fault: answer(200, at.small.bytes.subarray(0, 400)) });
      expectSame(await faulty().blobs.fetch(at.small), at.small.bytes);
    });

    it('an answer that was compressed on the way is right (ATTACKS 87)', async () => {
      const compressed = rewrite((body) => gzipSync(body), { 'content-encoding': 'gzip' });
      at.proxy.add({ fault: compressed });
      expectSame(await faulty().blobs.fetch(at.small), at.small.bytes);
      expect(await faulty().manifests.fetch('latest')).toMatchObject({ bytes: at.image });
    });
  });

  describe('with answers that nobody reads', () => {
    const megabytes = Buffer.alloc(2_000_000, 'x');

    for (const status of [429, 500, 503]) {
      it(`a ${status} with a body of 2 MB does not hold up the retry (ATTACKS 89)`, async () => {
        at.proxy.add({ times: 1, fault: answer(status, megabytes) });
        expect(await faulty().manifests.fetch('latest')).toMatchObject({ bytes: at.image });
        at.proxy.add({ times: 1, fault: answer(status, megabytes) });
        expectSame(await faulty().blobs.fetch(at.small), at.small.bytes);
      });
    }

    it('a 401 with a body of 2 MB, then 200, goes on at once (ATTACKS 89)', async () => {
      const header = { 'WWW-Authenticate': 'Basic realm="x"' };
      at.proxy.add({ path: manifestPath, times: 1, fault: answer(401, megabytes, header) });
      const repository = faulty({}, { credentials: { username: 'fred', password: 'x' } });
      expect(await repository.manifests.fetch('latest')).toMatchObject({ bytes: at.image });
    });

    it('a 401 whose body never ends, then 200, goes on at once (ATTACKS 89)', async () => {
      const fault: Fault = ({ response }) => {
        response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="x"' });
        response.write(megabytes);
      };
      at.proxy.add({ path: manifestPath, times: 1, fault });
      const repository = faulty({}, { credentials: { username: 'fred', password: 'x' } });
      expect(await repository.manifests.fetch('latest')).toMatchObject({ bytes: at.image });
    });
  });

  describe('with something else under the name', () => {
    const read = async (reference: string): Promise<unknown> => {
      const fetched = await faulty().manifests.fetch(reference);
      if (typeof fetched !== 'object') throw new Error(`${reference} is not there`);
      return parseImageManifest(fetched.bytes, defaultLimits);
    };

    it('an image index is "not a TUF repository", and not "not found" (ATTACKS 86)', async () => {
      await expect(read('index')).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    });

    it('an index in an index without end is not followed (ATTACKS 55)', async () => {
      const fault: Fault = (exchange) => {
        const child = { mediaType: ociIndexType, digest: `sha256:${'1'.repeat(64)}`, size: 300 };
        const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndexType, manifests: [child] });
        answer(200, index, { 'Content-Type': ociIndexType })(exchange);
      };
      at.proxy.add({ path: manifestPath, fault });
      await expect(read('latest')).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
      expect(at.proxy.seen).toHaveLength(1);
    });

    it('a plain image is read as what it is (ATTACKS 86)', async () => {
      await expect(read('latest')).resolves.toMatchObject({ mediaType: ociManifestType });
    });
  });

  describe('asked by a page', () => {
    it('an anonymous read carries no header that makes a preflight', async () => {
      const { blobs, manifests } = faulty({}, { conditional: false });
      await manifests.fetch('latest', { etag: '"x"' });
      await manifests.fetch('index');
      await blobs.fetch(at.small);
      await drain(await blobs.openUnverified(at.small, { start: 1, end: 5 }));
      await hasBlob(blobs, at.small);
      for (const { headers } of at.proxy.seen) {
        expect(headers.authorization).toBeUndefined();
        expect(headers['if-none-match']).toBeUndefined();
        expect((headers.accept ?? '').length).toBeLessThanOrEqual(128);
        expect(headers.range ?? 'bytes=0-0').toMatch(/^bytes=\d+-\d+$/);
      }
    });
  });
});
