import { describe, expect, it } from 'vitest';
import { defaultLimits, type Limits } from '../../src/limits.ts';
import { ociManifestType } from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import type { RegistryOptions, Repository } from '../../src/registry/registry.ts';
import { blobOf, contentOf, expectSame, noise } from './content.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import { answer, redirectTo, startFaultProxy } from './fault-proxy.ts';
import { blobPath, faultyRegistry, manifestPath, repositoryThrough } from './faulty.ts';

describeWithDockerRegistry('a registry that sends us elsewhere', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}, options: Partial<RegistryOptions> = {}): Repository =>
    repositoryThrough(at.proxy, limits, options);

  describe('with redirects', () => {
    it('redirects without end are given up (ATTACKS 56)', async () => {
      let hop = 0;
      at.proxy.add({
        path: manifestPath,
        fault: (exchange) => redirectTo(`/v2/faults/manifests/${hop++}`)(exchange),
      });
      await expect(faulty().manifests.fetch('latest')).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
      expect(at.proxy.seen).toHaveLength(defaultLimits.redirects + 1);
    });

    for (const location of [
      'file:///etc/passwd',
      'data:,x',
      'ftp://127.0.0.1/',
      'http://user:secret@127.0.0.1/',
      'http://[',
    ]) {
      it(`a redirect to ${location} is refused (ATTACKS 56)`, async () => {
        at.proxy.add({ path: blobPath, fault: redirectTo(location) });
        const error: unknown = await faulty()
          .blobs.fetch(at.small)
          .catch((thrown: unknown) => thrown);
        expect(error).toMatchObject({ code: 'REGISTRY_FAILED' });
        expect(String(error)).not.toContain('secret');
      });
    }

    it('a redirect to another host is followed, and the login stays behind (ATTACKS 56, 83)', async () => {
      const storage = await startFaultProxy();
      try {
        storage.add({ fault: answer(200, at.small.bytes) });
        at.proxy.add({ path: blobPath, fault: redirectTo(`${storage.url}/signed?signature=x`) });
        const repository = faulty({}, { credentials: { token: 'secret' } });
        expectSame(await repository.blobs.fetch(at.small), at.small.bytes);
        expect(at.proxy.seen[0]?.headers.authorization).toBe('Bearer secret');
        expect(storage.seen.map(({ headers }) => headers.authorization)).toEqual([undefined]);
      } finally {
        await storage.stop();
      }
    });

    it('a storage that wants a login does not get ours (ATTACKS 56)', async () => {
      const storage = await startFaultProxy();
      try {
        storage.add({
          fault: answer(401, '', { 'WWW-Authenticate': `Bearer realm="${storage.url}/token"` }),
        });
        at.proxy.add({ path: blobPath, fault: redirectTo(`${storage.url}/blob`) });
        const repository = faulty({}, { credentials: { username: 'fred', password: 'secret' } });
        await expect(repository.blobs.fetch(at.small)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
        expect(storage.seen).toHaveLength(1);
      } finally {
        await storage.stop();
      }
    });

    it('an upload that is redirected is refused', async () => {
      at.proxy.add({ method: 'PUT', fault: redirectTo('/elsewhere') });
      await expect(pushManifest(faulty().manifests, 'x', at.image, ociManifestType)).rejects.toMatchObject({
        code: 'REGISTRY_FAILED',
      });
      const blob = await blobOf(noise(5_000_000, 50));
      await expect(pushBlob(faulty().blobs, blob, contentOf(blob.bytes))).rejects.toMatchObject({
        code: 'UNREACHABLE',
      });
    });
  });
});
