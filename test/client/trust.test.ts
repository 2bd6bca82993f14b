// What is kept of a trust, and of what was decided with it.
import { expect, it } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { utf8 } from '../../src/encoding.ts';
import { DTufCopy, memoryStore } from '../../src/index.ts';
import { client as clientOf, publisher, publisherWithKeyFiles } from '../core/people.ts';
import { repository, text } from '../tuf/repository.ts';
import { CURRENT, client, Place, refreshed, stateOf } from './place.ts';

const registry = embeddedRegistry();
const plain = repository().withTargets({ 'demo.txt': 'Hello' });

it('the root.json of another repository is not kept, so that the right one can be given next', async () => {
  const files = await plain.build();
  const place = new Place();
  await place.publish(files, [files.root], ['Hello']);
  const store = memoryStore();
  const strangers = await plain
    .with('root', { keys: ['other'] })
    .with('timestamp', { keys: ['other'] })
    .root();
  const copy = client(place, { trust: strangers, store });
  await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role: 'timestamp' });
  expect(await stateOf(store)).toEqual({});
  await client(place, { trust: files.root, store }).pullMetadata();
  expect((await stateOf(store))[`${CURRENT}root.json`]).toBe(text(files.root));
});

it('a root that led to a verified timestamp is kept, though the rest was refused', async () => {
  const files = await plain.build();
  const place = new Place();
  const { targets } = await plain.with('targets', { expires: '2027-02-02T00:00:00Z' }).build();
  await place.publish({ ...files, targets }, [files.root]);
  const store = memoryStore();
  const copy = client(place, { trust: files.root, store });
  await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_MISMATCH', role: 'targets' });
  expect(Object.keys(await stateOf(store))).toEqual([
    `${CURRENT}root.json`,
    `${CURRENT}snapshot.json`,
    `${CURRENT}timestamp.json`,
    'repository/metadata/first_root.json',
  ]);
  await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject({ code: 'METADATA_MISSING' });
});

it('without any trust there is a clear error, and nothing is kept', async () => {
  const files = await plain.build();
  const place = new Place();
  await place.publish(files, [files.root]);
  const store = memoryStore();
  await expect(client(place, { store }).pullMetadata()).rejects.toMatchObject({ code: 'TRUST_MISSING' });
  expect(await stateOf(store)).toEqual({});
});

it('a reset with the wrong trust changes nothing, and with the right one replaces the state', async () => {
  const { place, store, copy, before } = await refreshed(await plain.release(5).build());
  const theirs = plain.with('root', { keys: ['other'] }).with('timestamp', { keys: ['other'] });
  const wrong = client(place, { trust: await theirs.root(), store });
  await wrong.resetTrust();
  await expect(wrong.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role: 'timestamp' });
  expect(await stateOf(store)).toEqual(before);
  expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');

  // The repository was made anew, with other keys and lower versions.
  const files = await theirs.build();
  await place.publish(files, [files.root], ['Hello']);
  await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_UNSIGNED' });
  const right = client(place, { trust: files.root, store });
  await right.resetTrust();
  expect((await right.pullMetadata()).rootVersion).toBe(1);
  const after = await stateOf(store);
  expect(after[`${CURRENT}root.json`]).toBe(text(files.root));
  expect(after['repository/metadata/first_root.json']).toBe(text(files.root));
  expect(await (await right.pullTarget('demo.txt')).text()).toBe('Hello');
});

it('a layout that was chosen for an unmarked repository stays chosen; without the choice it is not read', async () => {
  const unmarked = plain.with('root', { signed: ({ 'x-dtuf': _, ...signed }) => signed });
  const files = await unmarked.build();
  const place = new Place();
  await place.publish(files, [files.root], ['Hello']);
  await expect(client(place, { trust: files.root }).pullMetadata()).rejects.toMatchObject({
    code: 'NOT_A_REPOSITORY',
  });
  const store = memoryStore();
  await client(place, { trust: files.root, store, layout: 'native' }).pullMetadata();
  const again = client(place, { store });
  await again.pullMetadata();
  expect(await (await again.pullTarget('demo.txt')).text()).toBe('Hello');
});

it('what is given as trust beside a good state is never fetched, never an error, and told of where it is no present key (ATTACKS 95)', async () => {
  const { place, store } = await refreshed(await plain.build());
  for (const [trust, told] of [
    ['garbage', true],
    [await plain.with('root', { keys: ['other'] }).root(), true],
    [await plain.root(), false],
    [new URL('http://127.0.0.1:1/root.json'), false],
  ] as const) {
    const notices: string[] = [];
    await client(place, { trust, store, notices }).pullMetadata();
    expect(notices.join().includes('ignored'), String(trust)).toBe(told);
  }
});

it('where the chain of roots is broken the error says how to begin anew (ATTACKS 26)', async () => {
  const { place, copy } = await refreshed(await plain.build());
  const files = await plain.build();
  const foreign = await plain.with('root', { keys: ['other'], version: 2 }).root();
  await place.publish(files, [files.root, foreign]);
  await expect(copy.pullMetadata()).rejects.toThrow(/--reset-trust/);
});

it.each(['ecdsa', 'rsa'] as const)(
  'a root.json whose %s keys are PEM is taken for a root, not for a key in PEM',
  async (keyType) => {
    const host = embeddedRegistry();
    const { master, repository: name, rootKey } = await publisher(host, { keyType });
    await master.pushMetadata();
    const store = memoryStore();
    const options = { host, repository: name };
    await new DTufCopy({ ...options, store, trust: rootKey }).pullMetadata();
    const json = (await stateOf(store))[`${CURRENT}root.json`] ?? '';
    for (const trust of [json, utf8(json), utf8(JSON.stringify(JSON.parse(json), undefined, 2))]) {
      const copy = new DTufCopy({ ...options, store: memoryStore(), trust });
      expect((await copy.pullMetadata()).rootVersion).toBe(1);
    }
  },
);

it('the root key that a first refresh begins with is never told to be ignored, also where it was replaced since', async () => {
  const { master, repository: name, rootKey } = await publisherWithKeyFiles(registry);
  await master.pushMetadata();
  await master.createRootKey();
  await master.resetKeys();
  await master.pushMetadata();
  const notices: string[] = [];
  await clientOf(registry, name, { trust: rootKey, notices }).pullMetadata();
  expect(notices).toEqual([]);
});
