import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { blobSize } from '../../src/registry/blob-size.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { hasBlob } from '../../src/registry/has-blob.ts';
import { ociManifestType } from '../../src/registry/manifest.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import type { RegistryOptions, Repository } from '../../src/registry/registry.ts';
import { drain } from './content.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import { answer, rewrite, withHeaders, withoutRange } from './fault-proxy.ts';
import { blobPath, faultyRegistry, manifestPath, repositoryThrough } from './faulty.ts';

describeWithDockerRegistry('a registry that lies', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}, options: Partial<RegistryOptions> = {}): Repository =>
    repositoryThrough(at.proxy, limits, options);

  describe('with lies', () => {
    it('a manifest whose digest is not what was asked for is refused (ATTACKS 52)', async () => {
      const digest = await digestOf(at.image);
      const other = rewrite((body) => Buffer.concat([body, Buffer.from(' ')]), {
        'docker-content-digest': undefined,
      });
      at.proxy.add({ path: manifestPath, fault: other });
      await expect(faulty().manifests.fetch(digest)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
        expected: digest,
      });
    });

    it('a Docker-Content-Digest that is not that of the manifest is refused (ATTACKS 52)', async () => {
      const lie = `sha256:${'0'.repeat(64)}`;
      at.proxy.add({ path: manifestPath, fault: withHeaders({ 'docker-content-digest': lie }) });
      await expect(faulty().manifests.fetch('latest')).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
        expected: lie,
      });
      await expect(pushManifest(faulty().manifests, 'lie', at.image, ociManifestType)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
      });
    });

    it('a blob of other bytes is refused (ATTACKS 52)', async () => {
      at.proxy.add({ path: blobPath, fault: rewrite((body) => body.fill(0)) });
      await expect(faulty().blobs.fetch(at.small)).rejects.toMatchObject({
        code: 'DIGEST_MISMATCH',
        expected: at.small.digest,
      });
    });

    it('a blob that is larger or smaller than its descriptor says is refused (ATTACKS 53)', async () => {
      for (const size of [999, 1001, 0]) {
        const lie = { digest: at.small.digest, size };
        await expect(faulty().blobs.fetch(lie)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
        await expect(faulty().blobs.openUnverified(lie).then(drain)).rejects.toMatchObject({
          code: 'DIGEST_MISMATCH',
        });
      }
    });

    it('a blob that its descriptor makes too large to be held is refused before it is asked for (ATTACKS 53)', async () => {
      const lie = { digest: at.small.digest, size: 2 ** 40 };
      await expect(faulty().blobs.fetch(lie)).rejects.toMatchObject({ code: 'TOO_LARGE' });
      expect(at.proxy.seen).toHaveLength(0);
    });

    it('another range than the one that was asked for is refused (ATTACKS 58)', async () => {
      const span = { start: 100, end: 200 };
      for (const fault of [
        answer(206, at.small.bytes.subarray(0, 100), { 'Content-Range': 'bytes 0-99/1000' }),
        answer(206, at.small.bytes.subarray(100, 200), { 'Content-Range': 'nonsense' }),
        answer(206, '--x', { 'Content-Type': 'multipart/byteranges; boundary=x' }),
      ]) {
        at.proxy.add({ path: blobPath, fault });
        await expect(faulty().blobs.openUnverified(at.small, span)).rejects.toMatchObject({
          code: 'REGISTRY_FAILED',
        });
      }
    });

    it('a range out of a blob of another size is refused (ATTACKS 53)', async () => {
      const lie = { digest: at.small.digest, size: 1001 };
      for (const start of [100, 1000]) {
        const opened = faulty().blobs.openUnverified(lie, { start, end: start + 1 });
        await expect(opened.then(drain)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      }
    });

    it('a range of more or fewer bytes than were asked for ends in an error (ATTACKS 58)', async () => {
      const span = { start: 100, end: 200 };
      for (const length of [0, 101]) {
        at.proxy.add({ path: blobPath, fault: answer(206, at.small.bytes.subarray(100, 100 + length)) });
        const opened = faulty().blobs.openUnverified(at.small, span);
        await expect(opened.then(drain)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      }
    });

    it('the whole blob in answer to a range is cut to the range (ATTACKS 58)', async () => {
      at.proxy.add({ path: blobPath, fault: withoutRange });
      const part = await drain(
        await faulty().blobs.openUnverified(at.large, { start: 3_000_000, end: 3_000_010 }),
      );
      expect(part).toEqual(at.large.bytes.slice(3_000_000, 3_000_010));
    });

    it('a blob that answers to HEAD, and to a range with no byte, does not exist (ATTACKS 94)', async () => {
      at.proxy.add({ path: blobPath, method: 'GET', fault: answer(206) });
      expect(await hasBlob(faulty().blobs, at.small)).toBe(false);
      expect(at.proxy.seen).toHaveLength(1);
    });

    it('a HEAD that is refused says nothing: the size comes from GET (ATTACKS 83)', async () => {
      at.proxy.add({ path: blobPath, method: 'HEAD', fault: answer(403) });
      expect(await blobSize(faulty().blobs, at.small.digest)).toBe(1000);
    });
  });
});
