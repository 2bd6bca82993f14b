// Files of the local state are verified like those from outside: damaged or swapped, they are fetched anew.
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { DTufError, type Store } from '../../src/index.ts';
import { ROLES } from '../../src/tuf/metadata.ts';
import { repository, text } from '../tuf/repository.ts';
import { CURRENT, client, refreshed, stateOf, tamper } from './place.ts';

const plain = repository().withTargets({ 'demo.txt': 'Hello' });
const five = await plain.release(5).build();
const four = await plain.release(4).build();
const root = five.root;
const FIRST = 'repository/metadata/first_root.json';

const damages: Record<string, (bytes: Uint8Array) => Uint8Array | undefined> = {
  empty: () => new Uint8Array(),
  'cut off': (bytes) => bytes.subarray(0, bytes.length >> 1),
  'of zeros': (bytes) => new Uint8Array(bytes.length),
  'of brackets': () => utf8('['.repeat(200_000)),
  'with one bit changed': (bytes) => bytes.map((byte, i) => (i === bytes.length >> 1 ? byte ^ 1 : byte)),
  'another JSON': () => utf8('{"signed":{},"signatures":[]}'),
  missing: () => undefined,
};

describe.each([false, true])('with If-None-Match: %s', (conditional) => {
  describe.each(ROLES)('a stored %s', (role) => {
    it.each(Object.keys(damages))(
      'that is %s is not trusted, and fetched anew (ATTACKS 40)',
      async (damage) => {
        const { store, copy, before } = await refreshed(five, { conditional });
        const file = new TextEncoder().encode(before[`${CURRENT}${role}.json`]);
        await tamper(store, { [`${CURRENT}${role}.json`]: damages[damage]?.(file) });
        // What is damaged is not used meanwhile.
        await expect(copy.pullTarget('demo.txt')).rejects.toBeInstanceOf(DTufError);
        await copy.pullMetadata();
        const after = await stateOf(store);
        for (const one of ROLES) expect(after[`${CURRENT}${one}.json`]).toBe(before[`${CURRENT}${one}.json`]);
        expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
      },
    );

    it.each(ROLES.filter((other) => other !== role))(
      'replaced by the %s is fetched anew (ATTACKS 40)',
      async (other) => {
        const { store, copy, before } = await refreshed(five, { conditional });
        await tamper(store, { [`${CURRENT}${role}.json`]: five[other] });
        await expect(copy.pullTarget('demo.txt')).rejects.toBeInstanceOf(DTufError);
        await copy.pullMetadata();
        expect((await stateOf(store))[`${CURRENT}${role}.json`]).toBe(before[`${CURRENT}${role}.json`]);
        expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
      },
    );
  });

  it.each(['timestamp', 'snapshot', 'targets'] as const)(
    'a stored %s of an older release is valid and not the newest: fetched anew (ATTACKS 40)',
    async (role) => {
      const { store, copy, before } = await refreshed(five, { conditional });
      await tamper(store, { [`${CURRENT}${role}.json`]: four[role] });
      await copy.pullMetadata();
      expect((await stateOf(store))[`${CURRENT}${role}.json`]).toBe(before[`${CURRENT}${role}.json`]);
      expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
    },
  );

  it('stored targets that were signed as the same version, and are not those that the snapshot names, are fetched anew (ATTACKS 40)', async () => {
    const { store, copy, before } = await refreshed(five, { conditional });
    const other = await plain.withTargets({ 'demo.txt': 'Jello' }).release(5).build();
    await tamper(store, { [`${CURRENT}targets.json`]: other.targets });
    await copy.pullMetadata();
    expect((await stateOf(store))[`${CURRENT}targets.json`]).toBe(before[`${CURRENT}targets.json`]);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
  });

  it('all four damaged at once are fetched anew, from the first root on (ATTACKS 40)', async () => {
    const { store, copy, before } = await refreshed(five, { conditional });
    await tamper(store, Object.fromEntries(ROLES.map((role) => [`${CURRENT}${role}.json`, utf8('damaged')])));
    await copy.pullMetadata();
    const after = await stateOf(store);
    for (const role of ROLES) expect(after[`${CURRENT}${role}.json`]).toBe(before[`${CURRENT}${role}.json`]);
  });
});

describe('roots', () => {
  it('a damaged root is walked to again from the first one, without a new trust (ATTACKS 40)', async () => {
    const next = plain.release(6).nextRoot({ keys: ['new root'] });
    const files = await next.build();
    const { place, store, copy } = await refreshed(five);
    await place.publish(files, [root, files.root], ['Hello']);
    await copy.pullMetadata();
    await tamper(store, { [`${CURRENT}root.json`]: utf8('damaged') });
    const bare = client(place, { store });
    expect((await bare.pullMetadata()).rootVersion).toBe(2);
    expect((await stateOf(store))[`${CURRENT}root.json`]).toBe(text(files.root));
  });

  it('where the first root is damaged as well, trust has to be given again (ATTACKS 40)', async () => {
    const { place, store, copy } = await refreshed(five);
    await tamper(store, { [`${CURRENT}root.json`]: utf8('damaged'), [FIRST]: utf8('damaged') });
    await expect(client(place, { store }).pullMetadata()).rejects.toMatchObject({ code: 'TRUST_MISSING' });
    await copy.pullMetadata();
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
  });

  it('a damaged first root is no harm while the present one is whole', async () => {
    const { store, copy } = await refreshed(five);
    await tamper(store, { [FIRST]: utf8('damaged') });
    await copy.pullMetadata();
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
  });

  it('the root of another repository leads to no file of that repository (ATTACKS 40)', async () => {
    const strangers = repository().withTargets({ 'demo.txt': 'Evil' });
    const other = strangers
      .with('root', { keys: ['other root'] })
      .with('timestamp', { keys: ['other timestamp'] });
    const { store, copy } = await refreshed(five);
    await tamper(store, { [`${CURRENT}root.json`]: await other.root() });
    const before = await stateOf(store);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role: 'timestamp' });
    await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject({ code: 'METADATA_UNSIGNED' });
    expect(await stateOf(store)).toEqual(before);
  });

  it('an older root of the chain is followed to the newest again (ATTACKS 40)', async () => {
    const next = plain.release(6).nextRoot({ keys: ['new root'] });
    const files = await next.build();
    const { place, store, copy } = await refreshed(five);
    await place.publish(files, [root, files.root], ['Hello']);
    await copy.pullMetadata();
    await tamper(store, { [`${CURRENT}root.json`]: root });
    expect((await copy.pullMetadata()).rootVersion).toBe(2);
  });
});

describe('our own notes', () => {
  it.each([
    '',
    'damaged',
    '[]',
    '"text"',
    'null',
    '{"layout":"other","etag":5}',
    '{"__proto__":{"layout":"legacy"}}',
    '{"layout":1e3}',
  ])('%j in the place of dtuf.json is as good as none (ATTACKS 40)', async (notes) => {
    const { store, copy, before } = await refreshed(five, { conditional: true });
    await tamper(store, { 'repository/dtuf.json': utf8(notes) });
    await copy.pullMetadata();
    expect(await stateOf(store)).toEqual(before);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
  });

  it.each(['', 'damaged', '[]', '{"demo.txt":5}', '{"__proto__":"x"}'])(
    '%j in the place of pulled.json only makes targets count as changed (ATTACKS 40)',
    async (notes) => {
      const { store, copy } = await refreshed(five);
      await (await copy.pullTarget('demo.txt')).bytes();
      expect((await copy.pullMetadata()).changed).toEqual([]);
      await tamper(store, { 'repository/pulled.json': utf8(notes) });
      expect((await copy.pullMetadata()).changed).toEqual(['demo.txt']);
      await (await copy.pullTarget('demo.txt')).bytes();
      expect((await copy.pullMetadata()).changed).toEqual([]);
    },
  );

  it('a layout that was pinned is not changed by what the registry offers', async () => {
    const { store } = await refreshed(five);
    expect((await stateOf(store))['repository/dtuf.json']).toContain('"layout":"native"');
  });
});

it('a store that cannot be read is a clear error, and nothing is handed out (ATTACKS 40)', async () => {
  const { place, store, before } = await refreshed(five);
  const unreadable: Store = {
    ...store,
    read: () =>
      Promise.reject(new DTufError('STORAGE_FAILED', 'root.json cannot be read: permission denied')),
  };
  const copy = client(place, { store: unreadable, trust: root });
  for (const work of [copy.pullMetadata(), copy.pullTarget('demo.txt')]) {
    await expect(work).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
  }
  expect(await stateOf(store)).toEqual(before);
});

it('where others commit at the same moment, what they stored is verified anew', async () => {
  const { place, store } = await refreshed(five);
  const six = await plain.release(6).build();
  await place.publish(six, [root], ['Hello']);
  let raced = false;
  const racing: Store = {
    ...store,
    async commit(expected, writes, deletes) {
      if (!raced) {
        raced = true;
        await tamper(store, { [`${CURRENT}timestamp.json`]: utf8('damaged by another') });
      }
      return store.commit(expected, writes, deletes);
    },
  };
  await client(place, { store: racing }).pullMetadata();
  expect((await stateOf(store))[`${CURRENT}timestamp.json`]).toBe(text(six.timestamp));
});

it('where others commit something newer at the same moment, that is no rollback of ours (ATTACKS 65)', async () => {
  const { place, store } = await refreshed(five);
  await place.publish(await plain.release(6).build(), [root], ['Hello']);
  const seven = await plain.release(7).build();
  let raced = false;
  const racing: Store = {
    ...store,
    async commit(expected, writes, deletes) {
      if (!raced) {
        raced = true;
        await place.publish(seven, [root], ['Hello']);
        await client(place, { store }).pullMetadata();
      }
      return store.commit(expected, writes, deletes);
    },
  };
  await client(place, { store: racing }).pullMetadata();
  expect((await stateOf(store))[`${CURRENT}timestamp.json`]).toBe(text(seven.timestamp));
});
