// Publish, refresh, verify and refuse: the same in Node and in a page, over memory and over a real registry.
import { describe, expect, it } from 'vitest';
import type { Progress } from '../../src/index.ts';
import { bytesOf, client, namesOf, publisher, publisherWithKeyFiles } from './people.ts';
import { everyPlace } from './places.ts';

everyPlace((place) => {
  it('a target that was published is pulled and verified with the root key alone', async () => {
    const { master, repository, rootKey } = await publisher(place());
    await master.pushTarget('demo.txt', bytesOf('Hello World!\n'));
    await master.pushMetadata();

    const copy = client(place(), repository, { trust: rootKey });
    const refreshed = await copy.pullMetadata();
    expect(refreshed.changed).toEqual(['demo.txt']);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello World!\n');
  });

  it('only what changed since the last download is reported', async () => {
    const { master, repository, rootKey } = await publisher(place());
    await master.pushTarget('a', bytesOf('a1'));
    await master.pushTarget('b', bytesOf('b1'));
    await master.pushMetadata();
    const copy = client(place(), repository, { trust: rootKey });
    expect((await copy.pullMetadata()).changed).toEqual(['a', 'b']);
    await (await copy.pullTarget('a')).bytes();
    expect((await copy.pullMetadata()).changed).toEqual(['b']);
    await (await copy.pullTarget('b')).bytes();

    await master.pushTarget('a', bytesOf('a2'));
    await master.delTarget('b');
    await master.pushMetadata();
    const { changed, removed } = await copy.pullMetadata();
    expect(changed).toEqual(['a']);
    expect(removed).toEqual(['b']);
    expect(await namesOf(copy.listTargets())).toEqual(['a']);
    expect(await (await copy.pullTarget('a')).text()).toBe('a2');
  });

  it('a refresh, a push and a pull tell how far they are', async () => {
    const { master, repository, rootKey } = await publisher(place());
    const told: string[] = [];
    const onProgress = ({ target, received, total, phase }: Progress) =>
      told.push(`${phase} ${target} ${received}/${total}`);
    await master.pushTarget('demo.txt', bytesOf('data'), { onProgress });
    await master.pushMetadata({ onProgress });
    const copy = client(place(), repository, { trust: rootKey });
    await copy.pullMetadata({ onProgress });
    await (await copy.pullTarget('demo.txt')).bytes({ onProgress });
    for (const line of ['verify demo.txt 4/4', 'write demo.txt 4/4', 'fetch demo.txt 4/4'])
      expect(told).toContain(line);
    for (const file of ['timestamp', 'snapshot', 'targets']) {
      expect(told.some((line) => line.startsWith(`fetch ${file}.json `))).toBe(true);
    }
    expect(told.some((line) => line.startsWith('write timestamp.json '))).toBe(true);
  });

  it('a target of several parts yields its parts in order', async () => {
    const { master, repository, rootKey } = await publisher(place());
    await master.pushTarget('one', bytesOf('first,'));
    await master.pushTarget('both', ['@one', bytesOf('second')]);
    await master.pushMetadata();
    const copy = client(place(), repository, { trust: rootKey });
    await copy.pullMetadata();
    expect(await copy.blobSizes('both')).toEqual([6, 6]);
    expect(await (await copy.pullTarget('both')).text()).toBe('first,second');
    expect(await copy.checkTarget('both', [bytesOf('first,'), bytesOf('second')])).toBe(true);
    expect(await copy.checkTarget('both', [bytesOf('second'), bytesOf('first,')])).toBe(false);
  });

  it('an empty target is a target', async () => {
    const { master, repository, rootKey } = await publisher(place());
    await master.pushTarget('empty', new Uint8Array());
    await master.pushMetadata();
    const copy = client(place(), repository, { trust: rootKey });
    await copy.pullMetadata();
    expect((await (await copy.pullTarget('empty')).bytes()).length).toBe(0);
  });

  it('clients follow a change of all keys by themselves', async () => {
    const { master, repository, rootKey, notices } = await publisherWithKeyFiles(place());
    await master.pushTarget('demo.txt', bytesOf('before'));
    await master.pushMetadata();
    const copy = client(place(), repository, { trust: rootKey });
    await copy.pullMetadata();

    const { publicKey: newKey } = await master.createRootKey();
    await master.createMetadataKeys();
    await master.resetKeys();
    await master.pushTarget('demo.txt', bytesOf('after'));
    await master.pushMetadata();
    expect(notices.some((text) => text.includes('not at hand'))).toBe(false);

    const refreshed = await copy.pullMetadata();
    expect(refreshed.rootVersion).toBe(2);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('after');
    for (const trust of [rootKey, newKey]) {
      const late = client(place(), repository, { trust });
      expect((await late.pullMetadata()).changed).toEqual(['demo.txt']);
    }
  });

  it('another root key than the publisher’s is refused, and nothing is kept', async () => {
    const { master, repository, rootKey } = await publisher(place());
    await master.pushTarget('demo.txt', bytesOf('data'));
    await master.pushMetadata();
    const stranger = await publisher(place());
    const copy = client(place(), repository, { trust: stranger.rootKey });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'TRUST_BROKEN' });
    await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject({ code: 'METADATA_MISSING' });
    expect(rootKey).not.toBe(stranger.rootKey);
  });

  it('a target that is not there is said to be missing', async () => {
    const { master, repository, rootKey } = await publisher(place());
    await master.pushMetadata();
    const copy = client(place(), repository, { trust: rootKey });
    await copy.pullMetadata();
    await expect(copy.pullTarget('nothing')).rejects.toMatchObject({
      code: 'TARGET_NOT_FOUND',
      target: 'nothing',
    });
  });

  it('expired metadata is refused, with the advice to refresh (ATTACKS 96)', async () => {
    const { master, repository, rootKey } = await publisher(place());
    await master.pushTarget('demo.txt', bytesOf('data'));
    await master.pushMetadata();
    let now = new Date();
    const copy = client(place(), repository, { trust: rootKey, clock: () => now });
    await copy.pullMetadata();
    now = new Date(now.getTime() + 30 * 24 * 3600 * 1000);
    await expect(copy.pullTarget('demo.txt')).rejects.toThrow(/pull-metadata/);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_EXPIRED', role: 'timestamp' });
    expect((await copy.getExpirations()).timestamp.getTime()).toBeLessThan(now.getTime());
  });

  describe.each(['ed25519', 'ecdsa', 'rsa'] as const)('with %s keys', (keyType) => {
    it('a repository is published and verified', async () => {
      const { master, repository, rootKey } = await publisherWithKeyFiles(place(), { keyType });
      await master.pushTarget('demo.txt', bytesOf(keyType));
      await master.pushMetadata();
      const copy = client(place(), repository, { trust: rootKey });
      await copy.pullMetadata();
      expect(await (await copy.pullTarget('demo.txt')).text()).toBe(keyType);
    });
  });
});
