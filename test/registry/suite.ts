import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultLimits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { blobSize } from '../../src/registry/blob-size.ts';
import { describe as descriptorOf } from '../../src/registry/describe.ts';
import { type Descriptor, inlineData } from '../../src/registry/descriptor.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { hasBlob } from '../../src/registry/has-blob.ts';
import { listRepositories, listTags } from '../../src/registry/listing.ts';
import { ociManifestType, parseImageManifest } from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { Registry, type RegistryOptions, type Repository } from '../../src/registry/registry.ts';
import { deleteBlob, deleteManifest } from '../../src/registry/removal.ts';
import { emptyBytes, emptyDescriptor, writeManifest } from '../../src/registry/write-manifest.ts';
import { blobOf, contentOf, drain, expectSame, noise } from './content.ts';

export interface Started {
  readonly place: RegistryOptions['place'];
  readonly insecure?: boolean;
  /** How to sign in, and how to reach it. */
  readonly connection?: Pick<RegistryOptions, 'credentials' | 'fetch'>;
  stop(): Promise<void>;
}

/** What any registry must do with our client. */
export function registrySuite(name: string, start: () => Promise<Started>): void {
  describe(name, () => {
    let started: Started;
    let registry: Registry;
    let count = 0;
    /** Each test has a repository of its own. */
    const fresh = (): Repository => registry.repository(`suite/test-${++count}`);

    beforeAll(async () => {
      started = await start();
      const { place, insecure = false, connection } = started;
      registry = new Registry({ place, insecure, conditional: true, ...connection });
    });
    afterAll(() => started?.stop());

    for (const [what, length] of [
      ['an empty blob', 0],
      ['a blob of one byte', 1],
      ['a blob of 5 MB', 5_000_000],
    ] as const) {
      it(`${what} that was pushed as a stream is fetched as it was`, async () => {
        const { blobs } = fresh();
        const blob = await blobOf(noise(length));
        await pushBlob(blobs, blob, contentOf(blob.bytes));
        expectSame(await blobs.fetch(blob), blob.bytes);
        expectSame(await drain(await blobs.openUnverified(blob)), blob.bytes);
        expect(await blobSize(blobs, blob.digest)).toBe(length);
        expect(await hasBlob(blobs, blob)).toBe(true);
      });
    }

    it('a blob is pushed from bytes and from a Blob', async () => {
      const { blobs } = fresh();
      const [small, large] = [await blobOf(noise(1000, 2)), await blobOf(noise(4_500_000, 3))];
      await pushBlob(blobs, small, small.bytes);
      await pushBlob(blobs, large, new Blob([large.bytes]));
      expectSame(await blobs.fetch(small), small.bytes);
      expectSame(await blobs.fetch(large), large.bytes);
    });

    it('a blob that is pushed twice is there', async () => {
      const { blobs } = fresh();
      const blob = await blobOf(noise(100, 4));
      await pushBlob(blobs, blob, blob.bytes);
      await pushBlob(blobs, blob, blob.bytes);
      expectSame(await blobs.fetch(blob), blob.bytes);
    });

    it('the progress of a push ends at the size', async () => {
      const { blobs } = fresh();
      const blob = await blobOf(noise(5_000_000, 5));
      const seen: number[] = [];
      await pushBlob(blobs, blob, contentOf(blob.bytes, 1_000_000), {
        onProgress: (bytes) => seen.push(bytes),
      });
      expect(seen).toEqual([1_000_000, 2_000_000, 3_000_000, 4_000_000, 5_000_000]);
    });

    it('a range of a blob is what lies there', async () => {
      const { blobs } = fresh();
      const blob = await blobOf(noise(100_000, 6));
      await pushBlob(blobs, blob, blob.bytes);
      for (const [start, end] of [
        [0, 1],
        [0, 99_999],
        [1, 100_000],
        [99_999, 100_000],
        [50_000, 50_000],
      ] as const) {
        expectSame(
          await drain(await blobs.openUnverified(blob, { start, end })),
          blob.bytes.slice(start, end),
        );
      }
    });

    it('a blob that is not there is told apart', async () => {
      const { blobs } = fresh();
      const blob = await blobOf(noise(10, 7));
      expect(await hasBlob(blobs, blob)).toBe(false);
      expect(await blobSize(blobs, blob.digest)).toBeUndefined();
      await expect(blobs.fetch(blob)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      await expect(blobs.openUnverified(blob)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('content that is not what its descriptor says is refused by the registry', async () => {
      const { blobs } = fresh();
      const blob = await blobOf(noise(1000, 8));
      const other = noise(1000, 9);
      await expect(pushBlob(blobs, blob, other)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(await hasBlob(blobs, blob)).toBe(false);
    });

    it('a manifest is fetched by tag and by digest, byte for byte', async () => {
      const repository = fresh();
      const { bytes } = await pushImage(repository, noise(200, 10));
      const digest = await pushManifest(repository.manifests, 'v1.0', bytes, ociManifestType);
      expect(digest).toBe(await digestOf(bytes));
      for (const reference of ['v1.0', digest]) {
        const fetched = await repository.manifests.fetch(reference);
        expect(fetched).toMatchObject({ bytes, digest, mediaType: ociManifestType });
      }
    });

    it('data within a descriptor comes back byte for byte', async () => {
      const repository = fresh();
      const content = noise(300, 11);
      const { bytes } = await pushImage(repository, content);
      await pushManifest(repository.manifests, 'inline', bytes, ociManifestType);
      const fetched = await repository.manifests.fetch('inline');
      if (typeof fetched !== 'object') throw new Error('the manifest is not there');
      const [layer] = parseImageManifest(fetched.bytes, defaultLimits).layers;
      expect(layer && (await inlineData(layer))).toEqual(content);
    });

    it('a manifest that is not there is undefined, by tag and by digest', async () => {
      const repository = fresh();
      expect(await repository.manifests.fetch('nothing')).toBeUndefined();
      expect(await repository.manifests.fetch(await digestOf(noise(5)))).toBeUndefined();
    });

    it('a manifest that did not change is not fetched again', async () => {
      const repository = fresh();
      const { bytes } = await pushImage(repository, noise(20, 12));
      await pushManifest(repository.manifests, 'same', bytes, ociManifestType);
      const fetched = await repository.manifests.fetch('same');
      if (typeof fetched !== 'object' || fetched.etag === undefined) throw new Error('no ETag');
      expect(await repository.manifests.fetch('same', { etag: fetched.etag })).toBe('unchanged');
    });

    it('a tag that is pushed again names the new manifest', async () => {
      const repository = fresh();
      for (const seed of [13, 14]) {
        const { bytes } = await pushImage(repository, noise(20, seed));
        await pushManifest(repository.manifests, 'moving', bytes, ociManifestType);
        expect(await repository.manifests.fetch('moving')).toMatchObject({ bytes });
      }
    });

    it('a manifest that names a missing blob is refused', async () => {
      const repository = fresh();
      await pushBlob(repository.blobs, emptyDescriptor, emptyBytes);
      const bytes = imageOf([await descriptorOf('application/x', noise(20, 15))]);
      await expect(
        pushManifest(repository.manifests, 'broken', bytes, ociManifestType),
      ).rejects.toMatchObject({
        code: expect.stringMatching(/^(REGISTRY_FAILED|NOT_FOUND)$/),
        message: expect.stringContaining('MANIFEST_BLOB_UNKNOWN'),
      });
    });

    it('the tags of a repository are listed', async () => {
      const repository = fresh();
      const { bytes } = await pushImage(repository, noise(20, 16));
      const tags = ['1.root.json', 'latest', 'timestamp.json', 'Z_9'];
      for (const tag of tags) await pushManifest(repository.manifests, tag, bytes, ociManifestType);
      expect((await all(listTags(repository))).sort()).toEqual([...tags].sort());
    });

    it('the tags of a repository that is not there are NOT_FOUND', async () => {
      await expect(all(listTags(fresh()))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    });

    it('the catalogue lists the repositories', async () => {
      const repository = fresh();
      const { bytes } = await pushImage(repository, noise(20, 17));
      await pushManifest(repository.manifests, 'latest', bytes, ociManifestType);
      expect(await all(listRepositories(registry))).toContain(repository.name);
    });

    it('a manifest that was deleted is gone, with its tags', async () => {
      const repository = fresh();
      const { bytes } = await pushImage(repository, noise(20, 18));
      const digest = await pushManifest(repository.manifests, 'going', bytes, ociManifestType);
      expect(await deleteManifest(repository.manifests, digest)).toBe(true);
      expect(await repository.manifests.fetch('going')).toBeUndefined();
      expect(await repository.manifests.fetch(digest)).toBeUndefined();
      expect(await deleteManifest(repository.manifests, digest)).toBe(false);
    });

    it('a blob that was deleted is gone', async () => {
      const { blobs } = fresh();
      const blob = await blobOf(noise(20, 19));
      await pushBlob(blobs, blob, blob.bytes);
      expect(await deleteBlob(blobs, blob.digest)).toBe(true);
      expect(await hasBlob(blobs, blob)).toBe(false);
      expect(await deleteBlob(blobs, blob.digest)).toBe(false);
    });
  });
}

/** An image manifest over `layers`, with the empty config. */
export function imageOf(layers: readonly Descriptor[], mediaType = ociManifestType): Bytes {
  return writeManifest({
    schemaVersion: 2,
    mediaType,
    artifactType: 'application/vnd.example.test.v1',
    config: emptyDescriptor,
    layers,
  });
}

/** Pushes what an image of one layer needs, the layer's content being inlined too. */
export async function pushImage(repository: Repository, content: Bytes): Promise<{ bytes: Bytes }> {
  const layer = await descriptorOf('application/x', content);
  await pushBlob(repository.blobs, emptyDescriptor, emptyBytes);
  await pushBlob(repository.blobs, layer, content);
  return { bytes: imageOf([{ ...layer, data: btoa(String.fromCharCode(...content)) }]) };
}

export async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const entries: T[] = [];
  for await (const entry of source) entries.push(entry);
  return entries;
}
