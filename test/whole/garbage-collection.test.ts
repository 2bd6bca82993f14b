// What is published survives a real registry's garbage collection; what was lost all the same is told and sent again.
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DTufCopy,
  DTufMaster,
  memoryLock,
  memoryStore,
  type Place,
  type Source,
  type Store,
} from '../../src/index.ts';
import { type Digest, digestOf } from '../../src/registry/digest.ts';
import { Registry } from '../../src/registry/registry.ts';
import { bytesOf, client, type Publisher, publisher, publisherWithKeyFiles } from '../core/people.ts';
import { noise } from '../registry/content.ts';
import {
  type DockerRegistry,
  type DockerRegistryOptions,
  describeWithDockerRegistry,
  startDockerRegistry,
} from '../registry/docker-registry.ts';

const long = `${'long/'.repeat(60)}name.bin`;
const foreign = 'ümlaut/日本語 𝒳.txt';
const large = noise(3_000_000);

/** What is published, by version. */
const versions: readonly (readonly (readonly [name: string, source: Source | Source[]])[])[] = [
  [
    ['file', bytesOf('file, first')],
    ['parts', [bytesOf('one,'), bytesOf('two')]],
    ['empty', new Uint8Array()],
    [long, bytesOf('under a long name')],
    [foreign, large],
  ],
  [
    ['file', bytesOf('file, second')],
    ['both', ['@parts', '@file', bytesOf('!')]],
    ['same', '@file'],
  ],
  [
    ['file', bytesOf('file, third')],
    ['parts', [bytesOf('other parts,'), bytesOf('of others')]],
  ],
];

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** What a client of each version finds. */
const expected: readonly Readonly<Record<string, string>>[] = [
  {
    file: 'file, first',
    parts: 'one,two',
    empty: '',
    [long]: 'under a long name',
    [foreign]: text(large),
  },
  {
    file: 'file, second',
    parts: 'one,two',
    empty: '',
    [long]: 'under a long name',
    [foreign]: text(large),
    both: 'one,twofile, second!',
    same: 'file, second',
  },
  {
    file: 'file, third',
    parts: 'other parts,of others',
    empty: '',
    [long]: 'under a long name',
    [foreign]: text(large),
    both: 'one,twofile, second!',
    same: 'file, second',
  },
];

async function contentsOf(copy: DTufCopy): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const { name } of copy.listTargets()) {
    contents[name] = text(await (await copy.pullTarget(name)).bytes());
  }
  return contents;
}

function masterOf({ repository, store, keys }: Publisher, host: Place): DTufMaster {
  return new DTufMaster({
    host,
    repository,
    store,
    keys,
    lock: memoryLock(),
    passwords: () => 'secret',
  });
}

describeWithDockerRegistry('docker-registry’s garbage collection', () => {
  let storage: string;
  let made: Publisher;
  /** The states of clients that refreshed after each version, and have pulled nothing yet. */
  const stores: Store[] = [];
  const registries: DockerRegistry[] = [];

  const start = async (options: DockerRegistryOptions = {}) => {
    const registry = await startDockerRegistry({ storage, ...options });
    registries.push(registry);
    return registry;
  };
  const stopAll = () => Promise.all(registries.splice(0).map((registry) => registry.stop()));

  beforeAll(async () => {
    storage = await mkdtemp(join(tmpdir(), 'dtuf-storage-'));
    const registry = await start();
    made = await publisherWithKeyFiles(registry.host);
    for (const [i, targets] of versions.entries()) {
      if (i === 2) {
        // The last is signed by other keys.
        await made.master.createRootKey();
        await made.master.createMetadataKeys();
        await made.master.resetKeys();
      }
      for (const [name, source] of targets) await made.master.pushTarget(name, source);
      await made.master.pushMetadata();
      const store = memoryStore();
      await client(registry.host, made.repository, { trust: made.rootKey, store }).pullMetadata();
      stores.push(store);
    }
    await stopAll();
  });
  afterAll(async () => {
    await stopAll();
    await rm(storage, { recursive: true, force: true });
  });

  it.each([
    ['with its untagged manifests', { deleteUntagged: true }],
    ['of blobs alone', { deleteUntagged: false }],
  ])('%s loses nothing that was published, now or before (ATTACKS 61)', async (_, options) => {
    await (await start()).garbageCollect(options);
    await stopAll();
    const { host } = await start();
    for (const [i, store] of stores.entries()) {
      expect(await contentsOf(client(host, made.repository, { store }))).toEqual(expected[i]);
    }
    const late = client(host, made.repository, { trust: made.rootKey });
    expect((await late.pullMetadata()).rootVersion).toBe(2);
    expect(await contentsOf(late)).toEqual(expected[2]);
    // The state of each version is whole under its tag, for clients that are on their way.
    const repository = new Registry({ place: host }).repository(made.repository);
    for (const version of [2, 3, 4]) {
      const bundle = await repository.manifests.fetch(`${version}.timestamp.json`);
      if (bundle === undefined || bundle === 'unchanged') throw new Error(`there is no version ${version}`);
      const { layers }: { layers: { digest: Digest; size: number }[] } = JSON.parse(text(bundle.bytes));
      for (const layer of layers) expect((await repository.blobs.fetch(layer)).length).toBe(layer.size);
    }
  });

  it('while deletes are switched off changes nothing for clients and publishers (ATTACKS 61)', async () => {
    const registry = await start({ delete: false });
    await registry.garbageCollect({ deleteUntagged: true });
    const master = masterOf(made, registry.host);
    await master.delTarget('same');
    await master.pushMetadata();
    const copy = client(registry.host, made.repository, { trust: made.rootKey });
    await copy.pullMetadata();
    const { same: _, ...rest } = expected[2] ?? {};
    expect(await contentsOf(copy)).toEqual(rest);
    await stopAll();
  });
});

describeWithDockerRegistry('data that a garbage collection took', () => {
  describe.each([
    ['a registry that remembers it, as in Debian’s configuration', true],
    ['a registry that knows', false],
  ])('in %s', (_, cache) => {
    let registry: DockerRegistry;
    beforeAll(async () => {
      registry = await startDockerRegistry({ cache });
    });
    afterAll(() => registry?.stop());

    const lose = (digest: string) => {
      const hex = digest.slice('sha256:'.length);
      rmSync(join(registry.folder, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex), {
        recursive: true,
      });
    };

    /** A target that was published and pulled, so that it is remembered, and is gone. */
    async function lost(source: Source | Source[], ...gone: string[]) {
      const made = await publisher(registry.host);
      await made.master.pushTarget('a', source);
      await made.master.pushMetadata();
      const copy = client(registry.host, made.repository, { trust: made.rootKey });
      await copy.pullMetadata();
      await (await copy.pullTarget('a')).bytes();
      for (const one of gone) lose(await digestOf(bytesOf(one)));
      await registry.garbageCollect({ deleteUntagged: true });
      return { made, copy };
    }

    it('a target is told to be missing, and never comes out as other bytes (ATTACKS 94)', async () => {
      const { copy, made } = await lost(bytesOf(`lost ${cache}`), `lost ${cache}`);
      const url = `${registry.url}/v2/${made.repository}/blobs/${await digestOf(bytesOf(`lost ${cache}`))}`;
      expect((await fetch(url, { method: 'HEAD' })).status).toBe(cache ? 200 : 404);
      const target = await copy.pullTarget('a');
      await expect(target.bytes()).rejects.toMatchObject({ code: 'TARGET_MISSING', target: 'a' });
      await expect(target.stream()).rejects.toMatchObject({ code: 'TARGET_MISSING', target: 'a' });
      const stream = await target.stream({ unverified: true });
      await expect(new Response(stream).text()).rejects.toMatchObject({ code: 'TARGET_MISSING' });
    });

    it('a target is sent again when it is pushed again, and clients have it back (ATTACKS 94)', async () => {
      const { copy, made } = await lost(bytesOf(`again ${cache}`), `again ${cache}`);
      await made.master.pushTarget('a', bytesOf(`again ${cache}`));
      // What is signed has not changed: it is there again before anything is published.
      expect(await (await copy.pullTarget('a')).text()).toBe(`again ${cache}`);
      await made.master.pushMetadata();
      await copy.pullMetadata();
      expect(await (await copy.pullTarget('a')).text()).toBe(`again ${cache}`);
    });

    it('parts, and the manifest itself, are sent again (ATTACKS 94)', async () => {
      const parts = [`part one ${cache}`, `part two ${cache}`];
      const { copy, made } = await lost(parts.map(bytesOf), `part one ${cache}`);
      await expect((await copy.pullTarget('a')).bytes()).rejects.toMatchObject({ code: 'TARGET_MISSING' });
      await made.master.pushTarget('a', parts.map(bytesOf));
      expect(await (await copy.pullTarget('a')).text()).toBe(parts.join(''));
      const [target] = await targetsOf(copy);
      lose(`sha256:${target?.hashes['sha256']}`);
      await registry.garbageCollect();
      await expect((await copy.pullTarget('a')).bytes()).rejects.toMatchObject({ target: 'a' });
      await made.master.pushTarget('a', parts.map(bytesOf));
      expect(await (await copy.pullTarget('a')).text()).toBe(parts.join(''));
    });

    it('a target that is to be made of it is refused, with what to do (ATTACKS 94)', async () => {
      const { made } = await lost(bytesOf(`source ${cache}`), `source ${cache}`);
      await expect(made.master.pushTarget('b', ['@a', bytesOf('!')])).rejects.toMatchObject({
        code: 'TARGET_MISSING',
        target: 'b',
      });
    });

    it('metadata that is not in the bundle itself is told, and published anew (ATTACKS 94)', async () => {
      const made = await publisher(registry.host);
      // Too much to be inlined.
      await made.master.pushTarget('a', bytesOf('a'), { custom: { much: 'x'.repeat(100_000) } });
      await made.master.pushMetadata();
      const first = client(registry.host, made.repository, { trust: made.rootKey });
      await first.pullMetadata();
      const targets = await stagedTargets(made.store);
      lose(await digestOf(targets));
      await registry.garbageCollect({ deleteUntagged: true });

      const late = client(registry.host, made.repository, { trust: made.rootKey });
      await expect(late.pullMetadata()).rejects.toMatchObject({
        code: expect.stringMatching(/^(?:NOT_FOUND|DIGEST_MISMATCH|METADATA_MISSING)$/),
      });
      await made.master.pushMetadata();
      await late.pullMetadata();
      expect(await (await late.pullTarget('a')).text()).toBe('a');
      await first.pullMetadata();
      expect(await (await first.pullTarget('a')).text()).toBe('a');
    });
  });
});

async function targetsOf(copy: DTufCopy) {
  const targets = [];
  for await (const target of copy.listTargets()) targets.push(target);
  return targets;
}

async function stagedTargets(store: Store) {
  const name = 'repository/metadata.staged/targets.json';
  const file = (await store.read([name])).get(name);
  if (file === undefined) throw new Error('there is targets metadata');
  return file.bytes;
}
