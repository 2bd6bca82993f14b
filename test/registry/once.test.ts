import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { ociManifestType } from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { Registry, type Repository } from '../../src/registry/registry.ts';
import { blobOf, contentOf, noise } from './content.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import { answer, type Fault, reset, silence } from './fault-proxy.ts';
import { faultyRegistry, manifestPath, repositoryThrough } from './faulty.ts';
import { pushImage } from './suite.ts';

describeWithDockerRegistry('a PUT whose answer is lost', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}): Repository => repositoryThrough(at.proxy, limits);
  const direct = (): Repository => new Registry({ place: at.docker.host }).repository('faults');
  const methods = (): string => at.proxy.seen.map(({ method }) => method).join(' ');
  const manifest = async (seed: number): Promise<Bytes> => (await pushImage(direct(), noise(10, seed))).bytes;
  const named = async (tag: string): Promise<unknown> => {
    const found = await direct().manifests.fetch(tag);
    return typeof found === 'object' ? found.digest : undefined;
  };

  /** The request is handled, and then this happens. */
  const handled =
    (end: 'reset' | 'silence' | 500): Fault =>
    ({ forward }) =>
      forward({
        pipe: (from, response) => {
          from.resume();
          if (end === 'reset') response.destroy();
          if (end === 500) response.writeHead(500, { 'content-length': 0 }).end();
        },
      });

  for (const end of ['reset', 'silence', 500] as const) {
    it(`by ${end}, of a manifest, is found to have happened, and not repeated`, async () => {
      const bytes = await manifest(400);
      at.proxy.add({ method: 'PUT', fault: handled(end) });
      const digest = await pushManifest(
        faulty({ idle: 300 }).manifests,
        `lost-${end}`,
        bytes,
        ociManifestType,
      );
      expect(methods()).toBe('PUT GET');
      expect(await named(`lost-${end}`)).toBe(digest);
    });

    it(`by ${end}, of a blob, is found to have happened, and nothing is sent twice`, async () => {
      const blob = await blobOf(noise(5_000_000, 401 + String(end).length));
      const content = contentOf(blob.bytes);
      at.proxy.add({ method: 'PUT', fault: handled(end) });
      await pushBlob(faulty({ idle: 1000 }).blobs, blob, content);
      expect(methods()).toBe('POST PUT GET');
      expect(content.opened).toBe(1);
    });
  }

  it('because nothing came through, is repeated', async () => {
    const bytes = await manifest(410);
    for (const [tag, fault] of Object.entries({ reset, refused: answer(503) })) {
      at.proxy.reset();
      at.proxy.add({ method: 'PUT', times: 1, fault });
      await pushManifest(faulty().manifests, tag, bytes, ociManifestType);
      expect(methods()).toMatch(/^PUT GET (GET )?PUT$/);
      expect(await named(tag)).toBe(await digestOf(bytes));
    }
  });

  it('by silence, and that did not happen, is TIMED_OUT', async () => {
    at.proxy.add({ method: 'PUT', fault: silence });
    const pushed = pushManifest(
      faulty({ idle: 200 }).manifests,
      'silent',
      await manifest(411),
      ociManifestType,
    );
    await expect(pushed).rejects.toMatchObject({ code: 'TIMED_OUT' });
  });

  it('is repeated where the look at it is refused', async () => {
    const bytes = await manifest(412);
    at.proxy.add({ method: 'PUT', times: 1, fault: reset });
    at.proxy.add({ method: 'GET', path: manifestPath, fault: answer(403) });
    await pushManifest(faulty().manifests, 'unseen', bytes, ociManifestType);
    expect(await named('unseen')).toBe(await digestOf(bytes));
  });

  describe('of a tag that others write too', () => {
    it('is not repeated over what somebody else has put there since (ATTACKS 66)', async () => {
      const [before, ours, theirs] = [await manifest(420), await manifest(421), await manifest(422)];
      const digest = await pushManifest(direct().manifests, 'shared', before, ociManifestType);
      const between: Fault = async (exchange) => {
        await pushManifest(direct().manifests, 'shared', theirs, ociManifestType);
        reset(exchange);
      };
      at.proxy.add({ method: 'PUT', times: 1, fault: (exchange) => void between(exchange) });
      await pushManifest(faulty().manifests, 'shared', ours, ociManifestType, { replaces: { digest } });
      expect(methods()).toBe('PUT GET');
      expect(await named('shared')).toBe(await digestOf(theirs));
    });

    it('is repeated where it still names what it named', async () => {
      const [before, ours] = [await manifest(430), await manifest(431)];
      const digest = await pushManifest(direct().manifests, 'mine', before, ociManifestType);
      at.proxy.add({ method: 'PUT', times: 1, fault: reset });
      await pushManifest(faulty().manifests, 'mine', ours, ociManifestType, { replaces: { digest } });
      expect(await named('mine')).toBe(await digestOf(ours));
    });

    it('is repeated where it named nothing, and still does', async () => {
      const ours = await manifest(440);
      at.proxy.add({ method: 'PUT', times: 1, fault: reset });
      await pushManifest(faulty().manifests, 'new', ours, ociManifestType, {
        replaces: { digest: undefined },
      });
      expect(await named('new')).toBe(await digestOf(ours));
    });
  });
});
