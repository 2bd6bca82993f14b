// Targets that are manifests: only what is signed says how they are read, and each part is verified.

import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/ports.ts';
import { describe as descriptorOf } from '../../src/registry/describe.ts';
import { digestOf } from '../../src/registry/digest.ts';
import {
  dockerListType,
  dockerManifestType,
  ociIndexType,
  ociManifestType,
} from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { emptyBytes, emptyDescriptor, writeManifest } from '../../src/registry/write-manifest.ts';
import { fileOf, type Lie, type Signed, signed, utf8 } from './signed.ts';

const [one, two] = [utf8('the first part'), utf8('the second, longer part')];

interface Layer {
  readonly bytes: Bytes;
  readonly size?: number;
  readonly urls?: readonly string[];
}

async function manifestOf(layers: readonly Layer[], more: object = {}): Promise<Bytes> {
  const described = layers.map(async ({ bytes, ...rest }) => ({
    ...(await descriptorOf('application/vnd.tuf.target', bytes)),
    ...rest,
  }));
  return writeManifest({
    schemaVersion: 2,
    mediaType: ociManifestType,
    config: emptyDescriptor,
    layers: await Promise.all(described),
    ...more,
  });
}

/** A repository whose target `a` is `bytes`, signed as a manifest of `mediaType`; the blobs of its parts are there. */
async function signedManifest(
  bytes: Bytes,
  { mediaType = ociManifestType, parts = [one, two] }: { mediaType?: unknown; parts?: readonly Bytes[] } = {},
): Promise<Signed> {
  const at = await signed({ a: await fileOf(bytes, { dtuf: { mediaType: mediaType as string } }) });
  for (const part of [emptyBytes, ...parts]) {
    await pushBlob(at.repository.blobs, { digest: await digestOf(part), size: part.length }, part);
  }
  return at;
}

/** Answers for the manifest with `bytes` under any type. */
function manifestIs(bytes: Bytes, mediaType: string): Lie {
  return ({ path }) =>
    path.startsWith('manifests/sha256:')
      ? new Response(bytes, { headers: { 'Content-Type': mediaType } })
      : undefined;
}

async function refused(at: Signed, code: string): Promise<void> {
  const copy = await at.client();
  const target = await copy.pullTarget('a');
  await expect(target.bytes()).rejects.toMatchObject({ code, target: 'a' });
  await expect(target.parts()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code });
  await expect(copy.blobSizes('a')).rejects.toMatchObject({ code });
  await expect(copy.checkTarget('a', [one, two])).rejects.toMatchObject({ code });
}

describe('the parts of a target', () => {
  it('come in the order that is signed, also where one is listed twice and one is empty (ATTACKS 76)', async () => {
    const empty = new Uint8Array();
    const manifest = await manifestOf([{ bytes: two }, { bytes: one }, { bytes: empty }, { bytes: two }]);
    const at = await signedManifest(manifest, { parts: [one, two, empty] });
    at.lie(manifestIs(manifest, ociManifestType));
    const copy = await at.client();
    const read: string[] = [];
    for await (const part of (await copy.pullTarget('a')).parts()) {
      read.push(await new Response(await part.stream()).text());
    }
    const [first, second] = [new TextDecoder().decode(one), new TextDecoder().decode(two)];
    expect(read).toEqual([second, first, '', second]);
    expect(await (await copy.pullTarget('a')).text()).toBe(read.join(''));
    expect(await copy.blobSizes('a')).toEqual([two.length, one.length, 0, two.length]);
  });

  it.each([
    ['smaller', -1],
    ['larger', 1],
    ['of no bytes', -one.length],
  ])(
    'one whose signed size is %s than it is, is refused, and nothing of it comes out (ATTACKS 53, 76)',
    async (_, by) => {
      const manifest = await manifestOf([{ bytes: one, size: one.length + by }, { bytes: two }]);
      const at = await signedManifest(manifest);
      at.lie(manifestIs(manifest, ociManifestType));
      const target = await (await at.client()).pullTarget('a');
      await expect(target.bytes()).rejects.toMatchObject({ code: 'TARGET_MISMATCH', target: 'a' });
      for await (const part of target.parts()) {
        await expect(part.stream()).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
        break;
      }
    },
  );

  it('one that is missing is told, and what comes before it is verified all the same (ATTACKS 61, 76)', async () => {
    const manifest = await manifestOf([{ bytes: one }, { bytes: two }]);
    const at = await signedManifest(manifest, { parts: [one] });
    at.lie(manifestIs(manifest, ociManifestType));
    const target = await (await at.client()).pullTarget('a');
    await expect(target.bytes()).rejects.toMatchObject({ code: 'TARGET_MISSING', target: 'a' });
    const outcomes: string[] = [];
    for await (const part of target.parts()) {
      outcomes.push(
        await part.stream().then(
          (stream) => new Response(stream).text(),
          (error: { code: string }) => error.code,
        ),
      );
    }
    expect(outcomes).toEqual([new TextDecoder().decode(one), 'TARGET_MISSING']);
  });

  it('swapped blobs are refused (ATTACKS 76)', async () => {
    const same = utf8('the third part');
    expect(same.length).toBe(one.length);
    const manifest = await manifestOf([{ bytes: one }, { bytes: same }]);
    const at = await signedManifest(manifest, { parts: [one, same] });
    const digests = [await digestOf(one), await digestOf(same)];
    at.lie(({ path, honest }) => {
      if (path.startsWith('manifests/sha256:'))
        return manifestIs(manifest, ociManifestType)({ path, honest });
      if (path === `blobs/${digests[0]}`) return new Response(same);
      if (path === `blobs/${digests[1]}`) return new Response(one);
      return undefined;
    });
    const target = await (await at.client()).pullTarget('a');
    await expect(target.bytes()).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
    for await (const part of target.parts()) {
      await expect(part.stream()).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
    }
  });

  it('are never fetched from the addresses that a manifest names (ATTACKS 76)', async () => {
    const manifest = await manifestOf([{ bytes: one, urls: ['http://127.0.0.1:1/elsewhere'] }], {
      config: { ...emptyDescriptor, urls: ['http://127.0.0.1:1/elsewhere'] },
    });
    const at = await signedManifest(manifest, { parts: [] });
    at.lie(manifestIs(manifest, ociManifestType));
    await expect((await (await at.client()).pullTarget('a')).bytes()).rejects.toMatchObject({
      code: 'TARGET_MISSING',
    });
    expect(new Set(at.seen)).toEqual(
      new Set([`manifests/${await digestOf(manifest)}`, `blobs/${await digestOf(one)}`]),
    );
  });

  it('100,000 of them are refused at the bound (ATTACKS 76)', async () => {
    const layer = await descriptorOf('a/b', one);
    const manifest = writeManifest({
      schemaVersion: 2,
      mediaType: ociManifestType,
      config: emptyDescriptor,
      layers: Array.from({ length: 100_000 }, () => layer),
    });
    const at = await signedManifest(manifest);
    at.lie(manifestIs(manifest, ociManifestType));
    const target = async (limits: object) => (await at.client({ limits })).pullTarget('a');
    // By their number of bytes, before they are asked for.
    await expect((await target({})).bytes()).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
    expect(at.seen).toEqual([]);
    await expect((await target({ manifest: 2 ** 26 })).bytes()).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
    });
  });

  it('a manifest of other bytes than were signed is refused, however large (ATTACKS 37, 52)', async () => {
    const manifest = await manifestOf([{ bytes: one }, { bytes: two }]);
    const at = await signedManifest(manifest);
    const copy = await at.client();
    at.lie(manifestIs(await manifestOf([{ bytes: two }, { bytes: one }]), ociManifestType));
    await expect((await copy.pullTarget('a')).bytes()).rejects.toMatchObject({
      code: 'TARGET_MISMATCH',
      target: 'a',
    });
    let sent = 0;
    at.lie(({ path }) => {
      if (!path.startsWith('manifests/')) return undefined;
      const body = new ReadableStream<Uint8Array>({
        pull(controller) {
          sent += 65_536;
          if (sent > 2 ** 30) controller.close();
          else controller.enqueue(new Uint8Array(65_536).fill(0x20));
        },
      });
      return new Response(body, { headers: { 'Content-Type': ociManifestType } });
    });
    await expect((await copy.pullTarget('a')).bytes()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(sent).toBeLessThan(6_000_000);
  });
});

describe('the signed media type', () => {
  it.each([
    ['another kind of image manifest', dockerManifestType],
    ['an image index', ociIndexType],
    ['a Docker manifest list', dockerListType],
  ])('that names %s than the manifest is, is refused (ATTACKS 93)', async (_, mediaType) => {
    const manifest = await manifestOf([{ bytes: one }, { bytes: two }]);
    const at = await signedManifest(manifest, { mediaType });
    at.lie(manifestIs(manifest, mediaType));
    await refused(at, 'TARGET_MISMATCH');
  });

  it.each(['application/zip', 'nonsense', 'a/b\r\nX-Evil: 1', '', 7, null, true, ['a/b'], { a: 1 }])(
    '%j is refused, and nothing is asked for (ATTACKS 93)',
    async (mediaType) => {
      const at = await signedManifest(await manifestOf([{ bytes: one }]), { mediaType });
      await refused(at, 'TARGET_MISMATCH');
      expect(at.seen).toEqual([]);
    },
  );

  it.each([ociManifestType, dockerManifestType, ociIndexType, dockerListType])(
    '%s on a plain file is refused (ATTACKS 93)',
    async (mediaType) => {
      for (const text of ['just a file', '{"a":1}', '[]', '{"layers":[]}', '{"manifests":7}']) {
        const file = utf8(text);
        const at = await signedManifest(file, { mediaType, parts: [file] });
        // An honest registry has no such manifest; a lying one presents the file as one.
        await refused(at, 'TARGET_MISSING');
        at.lie(manifestIs(file, mediaType));
        await refused(at, 'TARGET_MISMATCH');
      }
    },
  );

  it.each([ociManifestType, ociIndexType])(
    '%s is refused where it is both (ATTACKS 93)',
    async (mediaType) => {
      const manifest = await manifestOf([{ bytes: one }], { mediaType, manifests: [] });
      const at = await signedManifest(manifest, { mediaType });
      at.lie(manifestIs(manifest, mediaType));
      await refused(at, 'TARGET_MISMATCH');
    },
  );

  it.each([ociManifestType, dockerManifestType])(
    '%s on an image index is refused, whatever the registry calls it (ATTACKS 93)',
    async (mediaType) => {
      const index = writeManifest({ schemaVersion: 2, mediaType: ociIndexType, manifests: [] });
      const at = await signedManifest(index, { mediaType });
      at.lie(manifestIs(index, mediaType));
      await refused(at, 'TARGET_MISMATCH');
    },
  );

  it.each([
    [ociIndexType, { mediaType: ociIndexType }],
    [ociIndexType, {}],
    [dockerListType, { mediaType: dockerListType }],
  ])(
    '%s on an index yields its own bytes, and nothing of what it lists (ATTACKS 92, 93)',
    async (mediaType, own) => {
      const child = await manifestOf([{ bytes: one }]);
      const index = writeManifest({
        schemaVersion: 2,
        ...own,
        manifests: [await descriptorOf(ociManifestType, child)],
      });
      const at = await signedManifest(index, { mediaType, parts: [one] });
      await pushManifest(at.repository.manifests, await digestOf(child), child, ociManifestType);
      await pushManifest(at.repository.manifests, 'an-index', index, mediaType);
      const copy = await at.client();
      expect(await (await copy.pullTarget('a')).bytes()).toEqual(index);
      expect(await copy.blobSizes('a')).toEqual([index.length]);
      expect(new Set(at.seen)).toEqual(new Set([`manifests/${await digestOf(index)}`]));
    },
  );
});

describe('a plain file', () => {
  it.each([
    ['an image manifest', () => manifestOf([{ bytes: one }, { bytes: two }])],
    ['a list of blobs of python-dtuf', () => manifestOf([{ bytes: one }], { mediaType: dockerManifestType })],
    [
      'an image index',
      async () => writeManifest({ schemaVersion: 2, mediaType: ociIndexType, manifests: [] }),
    ],
  ])('that is itself %s is the bytes that were signed (ATTACKS 92)', async (_, make) => {
    const bytes = await make();
    const at = await signed({ a: await fileOf(bytes) });
    await pushBlob(at.repository.blobs, { digest: await digestOf(bytes), size: bytes.length }, bytes);
    const copy = await at.client();
    expect(await (await copy.pullTarget('a')).bytes()).toEqual(bytes);
    expect(await copy.blobSizes('a')).toEqual([bytes.length]);
    expect(at.seen.every((path) => path.startsWith('blobs/'))).toBe(true);
  });

  it('custom data of other kinds changes nothing (ATTACKS 92)', async () => {
    for (const custom of [
      { dtuf: null },
      { dtuf: 'x' },
      { dtuf: [] },
      { dtuf: {} },
      { mediaType: ociManifestType },
    ]) {
      const at = await signed({ a: await fileOf(one, custom) });
      await pushBlob(at.repository.blobs, { digest: await digestOf(one), size: one.length }, one);
      expect(await (await (await at.client()).pullTarget('a')).bytes()).toEqual(one);
    }
  });
});
