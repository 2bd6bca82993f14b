import { expect, it } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Registry, type Repository } from '../../src/registry/registry.ts';
import { blobOf, contentOf, expectSame, noise } from './content.ts';
import { describeWithDockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { answer, refuse } from './fault-proxy.ts';
import { faultyRegistry, quick, repositoryThrough } from './faulty.ts';
import { startTokenServer } from './token-server.ts';

describeWithDockerRegistry('a blob that another repository has', () => {
  const at = faultyRegistry();
  let count = 0;
  const fresh = (): Repository =>
    new Registry({ place: at.proxy.host, limits: quick }).repository(`mount/r${++count}`);
  const methods = (): string => at.proxy.seen.map(({ method }) => method).join(' ');

  it('is taken from there, and looked at, and nothing is sent', async () => {
    const { blobs } = fresh();
    const content = contentOf(at.large.bytes);
    await pushBlob(blobs, at.large, content, { mountFrom: 'faults' });
    expect(methods()).toBe('POST GET');
    expect(content.opened).toBe(0);
    expectSame(await blobs.fetch(at.large), at.large.bytes);
  });

  it('is taken from there in the embedded registry', async () => {
    const registry = new Registry({ place: embeddedRegistry() });
    await pushBlob(registry.repository('a').blobs, at.small, at.small.bytes);
    const content = contentOf(at.small.bytes);
    await pushBlob(registry.repository('b').blobs, at.small, content, { mountFrom: 'a' });
    expect(content.opened).toBe(0);
    expectSame(await registry.repository('b').blobs.fetch(at.small), at.small.bytes);
  });

  it('and has lost, is uploaded, by the upload that the registry has begun', async () => {
    const { blobs } = fresh();
    const blob = await blobOf(noise(1000, 300));
    await pushBlob(blobs, blob, blob.bytes, { mountFrom: 'faults' });
    expect(methods()).toBe('POST PUT');
    expectSame(await blobs.fetch(blob), blob.bytes);
  });

  it('in chunks too', async () => {
    const { blobs } = repositoryThrough(at.proxy, { upload: 0, chunk: 600 });
    const blob = await blobOf(noise(1000, 301));
    await pushBlob(blobs, blob, blob.bytes, { mountFrom: 'faults' });
    expect(methods()).toBe('POST PATCH PATCH PUT');
    expectSame(await blobs.fetch(blob), blob.bytes);
  });

  it('and a registry says to have mounted that a garbage collection took, is uploaded (ATTACKS 94)', async () => {
    const { blobs } = fresh();
    const blob = await blobOf(noise(1000, 302));
    at.proxy.add({ method: 'POST', times: 1, fault: answer(201) });
    await pushBlob(blobs, blob, blob.bytes, { mountFrom: 'faults' });
    expect(methods()).toBe('POST GET POST PUT');
    expectSame(await blobs.fetch(blob), blob.bytes);
  });

  for (const [status, code] of [
    [401, 'UNAUTHORIZED'],
    [403, 'DENIED'],
    [404, 'NAME_UNKNOWN'],
    [405, 'UNSUPPORTED'],
  ] as const) {
    it(`is uploaded where the mount is answered with ${status}`, async () => {
      const { blobs } = fresh();
      const blob = await blobOf(noise(1000, status));
      at.proxy.add({ method: 'POST', times: 1, fault: refuse(status, code) });
      await pushBlob(blobs, blob, blob.bytes, { mountFrom: 'faults' });
      expectSame(await blobs.fetch(blob), blob.bytes);
    });
  }

  it('is not asked for under a name that is none', async () => {
    const pushed = pushBlob(fresh().blobs, at.small, at.small.bytes, { mountFrom: '../a' });
    await expect(pushed).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(at.proxy.seen).toEqual([]);
  });

  it('is mounted with a token for both repositories', async () => {
    const login = { username: 'fred', password: 'x' };
    const tokens = await startTokenServer({ login });
    const { realm, service, issuer, certificate } = tokens;
    const docker = await startDockerRegistry({ token: { realm, service, issuer, certificate } });
    try {
      const registry = new Registry({ place: docker.host, credentials: login });
      await pushBlob(registry.repository('a').blobs, at.small, at.small.bytes);
      const content = contentOf(at.small.bytes);
      await pushBlob(registry.repository('b').blobs, at.small, content, { mountFrom: 'a' });
      expect(content.opened).toBe(0);
      expect(tokens.requests.map(({ scopes }) => scopes)).toContainEqual([
        'repository:b:pull,push',
        'repository:a:pull',
      ]);
    } finally {
      await docker.stop();
      await tokens.stop();
    }
  });
});
