// A registry that lies about metadata: what a client asks for is bounded, and what it keeps is verified.

import { describe, expect, it } from 'vitest';
import { DTufCopy, memoryStore } from '../../src/index.ts';
import type { Bytes } from '../../src/ports.ts';
import { describe as descriptorOf } from '../../src/registry/describe.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { dockerManifestType, ociIndexType, ociManifestType } from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { emptyBytes, emptyDescriptor, writeManifest } from '../../src/registry/write-manifest.ts';
import { toBase64 } from '../../src/to-base64.ts';
import { fileOf, type Lie, type Signed, signed, utf8 } from './signed.ts';

const data = utf8('data');

async function published(): Promise<Signed> {
  const at = await signed({ a: await fileOf(data) });
  await pushBlob(at.repository.blobs, { digest: await digestOf(data), size: data.length }, data);
  return at;
}

interface Layer {
  digest: string;
  size: number;
  data?: string;
  annotations: Record<string, string>;
}
interface Manifest {
  layers: Layer[];
}

/** Changes the bundle on its way. */
function bundleIs(change: (bundle: Manifest) => void): Lie {
  return async ({ path, honest }) => {
    const answer = await honest();
    if (path !== 'manifests/timestamp.json') return answer;
    const bundle: Manifest = JSON.parse(await answer.text());
    change(bundle);
    return new Response(writeManifest(bundle), { headers: { 'Content-Type': ociManifestType } });
  };
}

function layerOf({ layers }: Manifest, name: string): Layer {
  const layer = layers.find(({ annotations }) => annotations['tuf.io/filename'] === name);
  if (layer === undefined) throw new Error(`there is no ${name}`);
  return layer;
}

const files = ['timestamp.json', '1.snapshot.json', '1.targets.json'];

/** The refusal, after which nothing is trusted and an honest registry is believed. */
async function refused(at: Signed, expected: object, limits = {}): Promise<void> {
  const store = memoryStore();
  const copy = at.newClient({ store, limits });
  await expect(copy.pullMetadata()).rejects.toMatchObject(expected);
  await expect(copy.pullTarget('a')).rejects.toMatchObject({ code: 'METADATA_MISSING' });
  at.lie(undefined);
  await copy.pullMetadata();
  expect(await (await copy.pullTarget('a')).text()).toBe('data');
}

describe('inline data that is not what its descriptor says', () => {
  it.each(files)('is passed over for %s: the blob is fetched (ATTACKS 54)', async (name) => {
    const lies = [toBase64(utf8('something else')), 'not base64', '', 'A'.repeat(1_000_000)];
    for (const lie of lies) {
      const at = await published();
      at.lie(
        bundleIs((bundle) => {
          layerOf(bundle, name).data = lie;
        }),
      );
      const copy = at.newClient();
      await copy.pullMetadata();
      const honest = await at.repository.manifests.fetch('timestamp.json');
      if (honest === undefined || honest === 'unchanged') throw new Error('there is a bundle');
      const { digest } = layerOf(JSON.parse(new TextDecoder().decode(honest.bytes)), name);
      expect(at.seen).toContain(`blobs/${digest}`);
      expect(await (await copy.pullTarget('a')).text()).toBe('data');
    }
  });

  it.each(files)('of the right length and other bytes is never used for %s (ATTACKS 54)', async (name) => {
    const at = await published();
    at.lie(
      bundleIs((bundle) => {
        const layer = layerOf(bundle, name);
        layer.data = toBase64(new Uint8Array(layer.size).fill(0x20));
      }),
    );
    await at.newClient().pullMetadata();
    expect(at.seen.some((path) => path.startsWith('blobs/'))).toBe(true);
  });
});

describe('a layer whose size lies', () => {
  it.each(files)('is refused for %s, smaller or larger (ATTACKS 53)', async (name) => {
    for (const by of [-1, 1]) {
      const at = await published();
      at.lie(
        bundleIs((bundle) => {
          const layer = layerOf(bundle, name);
          layer.size += by;
        }),
      );
      // What a parent signed of its length is known already.
      await refused(at, { code: expect.stringMatching(/DIGEST_MISMATCH|LIMIT_EXCEEDED/) });
    }
  });

  it.each([
    ['timestamp.json', 16 * 1024],
    ['1.root.json', 512 * 1024],
  ])('is refused for %s above its bound, before it is asked for (ATTACKS 37, 53)', async (name, bound) => {
    const at = await published();
    at.lie(
      bundleIs((bundle) => {
        const layer = layerOf(bundle, name);
        // As the next root, which a client asks for.
        if (name === '1.root.json') layer.annotations['tuf.io/filename'] = '2.root.json';
        layer.size = bound + 1;
      }),
    );
    await expect(at.newClient().pullMetadata()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(at.seen).toEqual(['manifests/timestamp.json']);
  });

  it('is bound for snapshot and targets by what their parent signed (ATTACKS 36, 37)', async () => {
    for (const name of ['1.snapshot.json', '1.targets.json']) {
      const at = await published();
      at.lie(
        bundleIs((bundle) => {
          const layer = layerOf(bundle, name);
          layer.size += 1;
          delete layer.data;
        }),
      );
      await expect(at.newClient().pullMetadata()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
      expect(at.seen).toEqual(['manifests/timestamp.json']);
    }
  });
});

it('a Docker-Content-Digest that is not that of the bundle is refused (ATTACKS 52)', async () => {
  const at = await published();
  at.lie(async ({ path, honest }) => {
    const answer = await honest();
    if (path !== 'manifests/timestamp.json') return answer;
    const headers = { 'Content-Type': ociManifestType, 'Docker-Content-Digest': `sha256:${'0'.repeat(64)}` };
    return new Response(answer.body, { headers });
  });
  await refused(at, { code: 'DIGEST_MISMATCH' });
});

it.each([
  '',
  '/',
  'a//b',
  'Upper/Case',
  '../escape',
  'a/..',
  '-a',
  'a b',
  'a?b',
  'a#b',
  'a%2fb',
  'a'.repeat(300),
])('the repository name %j is refused before any request (ATTACKS 60)', (repository) => {
  let asked = 0;
  const host = {
    fetch: () => {
      asked += 1;
      return Promise.resolve(new Response());
    },
  };
  expect(() => new DTufCopy({ host, repository, store: memoryStore() })).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
  );
  expect(asked).toBe(0);
});

describe('metadata without end', () => {
  it.each(files)('stops at the length that is known for %s (ATTACKS 37)', async (name) => {
    const at = await published();
    const endless = endlessly();
    const inBundle = bundleIs((bundle) => {
      delete layerOf(bundle, name).data;
    });
    at.lie((asked) => (asked.path.startsWith('blobs/') ? new Response(endless.body()) : inBundle(asked)));
    await refused(at, { code: 'DIGEST_MISMATCH' });
    expect(endless.sent()).toBeLessThan(1_000_000);
  });

  it('stops at the bound for the bundle itself (ATTACKS 37)', async () => {
    const at = await published();
    const endless = endlessly();
    at.lie(() => new Response(endless.body(), { headers: { 'Content-Type': ociManifestType } }));
    await refused(at, { code: 'LIMIT_EXCEEDED' });
    expect(endless.sent()).toBeLessThan(6_000_000);
  });

  it('a bundle that says of itself that it has 1 GB is not read on (ATTACKS 37)', async () => {
    const at = await published();
    const endless = endlessly();
    const headers = { 'Content-Type': ociManifestType, 'Content-Length': String(2 ** 30) };
    at.lie(() => new Response(endless.body(), { headers }));
    await refused(at, { code: 'LIMIT_EXCEEDED' });
    expect(endless.sent()).toBeLessThan(6_000_000);
  });

  it('100,000 layers are refused at the bound (ATTACKS 37, 76)', async () => {
    const at = await published();
    at.lie(
      bundleIs((bundle) => {
        const [layer] = bundle.layers;
        while (layer && bundle.layers.length < 100_000) bundle.layers.push({ ...layer, data: '' });
      }),
    );
    await refused(at, { code: 'LIMIT_EXCEEDED' }, { manifest: 2 ** 26 });
  });

  it.each([100, 100_000])('%d levels of brackets are no manifest (ATTACKS 8, 37)', async (depth) => {
    const at = await published();
    at.lie(() => new Response('['.repeat(depth), { headers: { 'Content-Type': ociManifestType } }));
    await refused(at, { code: 'NOT_A_REPOSITORY' });
  });
});

/** A body without end, which tells how much of it was read. */
function endlessly(): { body: () => ReadableStream<Uint8Array>; sent: () => number } {
  let sent = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>): void => {
    sent += 65_536;
    if (sent > 2 ** 30) controller.close();
    else controller.enqueue(new Uint8Array(65_536).fill(0x20));
  };
  return { body: () => new ReadableStream({ pull }), sent: () => sent };
}

describe('what is under timestamp.json, where it is', () => {
  const image = async (more: object): Promise<Bytes> =>
    writeManifest({
      schemaVersion: 2,
      mediaType: ociManifestType,
      config: { ...(await descriptorOf('application/vnd.oci.image.config.v1+json', emptyBytes)) },
      layers: [await descriptorOf('application/vnd.oci.image.layer.v1.tar+gzip', data)],
      ...more,
    });
  const others: Readonly<Record<string, () => Promise<readonly [Bytes, string]>>> = {
    'an OCI image': async () => [await image({}), ociManifestType],
    'a Docker image': async () => [
      await image({
        mediaType: dockerManifestType,
        layers: [await descriptorOf('application/vnd.docker.image.rootfs.diff.tar.gzip', data)],
      }),
      dockerManifestType,
    ],
    'an artifact of another kind': async () => [
      await image({
        artifactType: 'application/vnd.cncf.helm.config.v1+json',
        config: emptyDescriptor,
        layers: [await descriptorOf('application/vnd.cncf.helm.chart.content.v1.tar+gzip', data)],
      }),
      ociManifestType,
    ],
    'an artifact without a layer': async () => [await image({ layers: [] }), ociManifestType],
    'an image index': async () => [
      writeManifest({
        schemaVersion: 2,
        mediaType: ociIndexType,
        manifests: [await descriptorOf(ociManifestType, await image({}))],
      }),
      ociIndexType,
    ],
  };

  describe.each(Object.entries(others))('%s', (_, make) => {
    it.each([undefined, 'native', 'legacy'] as const)(
      'is told to be no TUF repository (layout %s) (ATTACKS 86)',
      async (layout) => {
        const at = await published();
        const [bytes, mediaType] = await make();
        for (const blob of [emptyBytes, data]) {
          await pushBlob(at.repository.blobs, { digest: await digestOf(blob), size: blob.length }, blob);
        }
        if (mediaType === ociIndexType) {
          const child = await image({});
          await pushManifest(at.repository.manifests, await digestOf(child), child, ociManifestType);
        }
        for (const tag of ['timestamp.json', 'root.json']) {
          await pushManifest(at.repository.manifests, tag, bytes, mediaType);
        }
        const copy = at.newClient(layout === undefined ? {} : { layout });
        await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
      },
    );

    it('is refused by a client with state, whose state stays (ATTACKS 86)', async () => {
      const at = await published();
      const copy = await at.client();
      const [bytes, mediaType] = await make();
      at.lie(({ path }) =>
        path === 'manifests/timestamp.json'
          ? new Response(bytes, { headers: { 'Content-Type': mediaType } })
          : undefined,
      );
      await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
      expect(await (await copy.pullTarget('a')).text()).toBe('data');
    });
  });

  it.each(['', 'nonsense', 'null', '[]', '"text"', '{}', '{"schemaVersion":2}', '{"layers":7}'])(
    '%j is refused with an error of ours, never a crash (ATTACKS 1, 86)',
    async (text) => {
      const at = await published();
      at.lie(({ path }) =>
        path === 'manifests/timestamp.json'
          ? new Response(text, { headers: { 'Content-Type': ociManifestType } })
          : undefined,
      );
      await refused(at, {
        name: 'DTufError',
        code: expect.stringMatching(/NOT_A_REPOSITORY|REGISTRY_FAILED/),
      });
    },
  );
});

describe('the layout', () => {
  /** The files of the repository under python-dtuf's tags and manifest types. */
  async function asLegacy(at: Signed): Promise<void> {
    const bundle = await at.repository.manifests.fetch('timestamp.json');
    if (bundle === undefined || bundle === 'unchanged') throw new Error('there is a bundle');
    const { layers }: Manifest = JSON.parse(new TextDecoder().decode(bundle.bytes));
    for (const { digest, size, annotations } of layers) {
      const descriptor = { mediaType: 'application/octet-stream', digest, size };
      const alias = writeManifest({
        schemaVersion: 2,
        mediaType: dockerManifestType,
        config: descriptor,
        layers: [descriptor],
      });
      const name = annotations['tuf.io/filename'] ?? '';
      for (const tag of name === '1.root.json' ? [name, 'root.json'] : [name]) {
        await pushManifest(at.repository.manifests, tag, alias, dockerManifestType);
      }
    }
  }

  it.each([undefined, 'native', 'legacy'] as const)(
    'of a root that is marked native is never python-dtuf’s (layout %s) (ATTACKS 92)',
    async (layout) => {
      const at = await published();
      await asLegacy(at);
      const copy = at.newClient(layout === undefined ? {} : { layout });
      await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
      await expect(copy.pullTarget('a')).rejects.toMatchObject({ code: 'METADATA_MISSING' });
    },
  );

  it('of a state that was once native stays native (ATTACKS 92)', async () => {
    const at = await signed({ a: await fileOf(data) }, { mark: {} });
    const store = memoryStore();
    await at.client({ store, layout: 'native' });
    await asLegacy(at);
    await expect(at.newClient({ store }).pullMetadata()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    await expect(at.newClient({ store, layout: 'legacy' }).pullMetadata()).rejects.toMatchObject({
      code: 'NOT_A_REPOSITORY',
    });
  });

  it('of a root without a mark is not native because a bundle is offered (ATTACKS 92)', async () => {
    const at = await signed({ a: await fileOf(data) }, { mark: {} });
    await expect(at.newClient().pullMetadata()).rejects.toMatchObject({ code: 'NOT_A_REPOSITORY' });
    await at.client({ layout: 'native' });
  });

  it('that this version does not know is refused (ATTACKS 92)', async () => {
    const at = await signed({ a: await fileOf(data) }, { mark: { 'x-dtuf': { layout: 'later' } } });
    await expect(at.newClient().pullMetadata()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  });
});
