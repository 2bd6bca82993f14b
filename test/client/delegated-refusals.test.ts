// Attacks by way of delegated roles on a client that has state: each is refused, and what was good before stays good.
import { describe, expect, it } from 'vitest';
import { DTufError, memoryStore, type Store } from '../../src/index.ts';
import { type Members, type Repository, repository } from '../tuf/repository.ts';
import { CURRENT, client, Place, stateOf } from './place.ts';

const STORED = 'repository/metadata/delegated/dev.json';
const plain = repository()
  .withRole('dev', { version: 5, targets: { 'a.txt': 'Hello' } })
  .delegating('targets', 'dev');

async function publish(place: Place, of: Repository): Promise<void> {
  const files = await of.build();
  await place.publish(files, [files.root], ['Hello', 'Evil']);
  await place.publishRoles(await of.delegated());
}

/** A client that has pulled a target of release 3, in which the delegated role has version 5. */
async function pulled() {
  const place = new Place();
  const store = memoryStore();
  await publish(place, plain.release(3));
  const copy = client(place, { trust: await plain.root(), store });
  await copy.pullMetadata();
  expect(await (await copy.pullTarget('a.txt')).text()).toBe('Hello');
  return { place, store, copy, before: await stateOf(store) };
}

describe('a snapshot', () => {
  it.each<[string, Repository]>([
    [
      'with an older version of a delegated role (ATTACKS 30)',
      plain.release(4).withRole('dev', { version: 4, targets: { 'a.txt': 'Evil' } }),
    ],
    ['without a delegated role that it listed (ATTACKS 32)', repository().release(4)],
  ])('%s is refused, and the one of before is kept', async (_, evil) => {
    const { place, store, copy, before } = await pulled();
    await publish(place, evil);
    await expect(copy.pullMetadata()).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'dev',
      clause: '5.5.5',
    });
    const after = await stateOf(store);
    for (const name of [STORED, `${CURRENT}snapshot.json`, `${CURRENT}targets.json`]) {
      expect(after[name]).toBe(before[name]);
    }
    const good = plain.release(6).withRole('dev', { version: 6, targets: { 'a.txt': 'Hello' } });
    await publish(place, good);
    await copy.pullMetadata();
    expect(await (await copy.pullTarget('a.txt')).text()).toBe('Hello');
  });
});

describe('a file of a delegated role', () => {
  const next = plain.release(4).withRole('dev', { version: 6, targets: { 'a.txt': 'Hello' } });

  it.each<[string, () => Repository, string]>([
    [
      'of brackets (ATTACKS 8)',
      () => next.withRole('dev', { file: () => '['.repeat(100_000) }),
      'METADATA_INVALID',
    ],
    ['that is empty (ATTACKS 1)', () => next.withRole('dev', { file: () => '' }), 'METADATA_INVALID'],
    ['that is null (ATTACKS 1)', () => next.withRole('dev', { file: () => 'null' }), 'METADATA_INVALID'],
    [
      'with a byte order mark (ATTACKS 2)',
      () => next.withRole('dev', { file: (json) => `\ufeff${json}` }),
      'METADATA_INVALID',
    ],
    [
      'of the older version, under the name of the new one (ATTACKS 30)',
      () => next.withRole('dev', { version: 5 }),
      'METADATA_MISMATCH',
    ],
    [
      'of a newer version than the snapshot names (ATTACKS 35)',
      () => next.withRole('dev', { version: 7 }),
      'METADATA_MISMATCH',
    ],
    [
      'by the key of its delegator (ATTACKS 19)',
      () => next.withRole('dev', { signedBy: ['targets'] }),
      'METADATA_UNSIGNED',
    ],
  ])('%s is refused, is not stored, and keeps nobody from the right one', async (_, evil, code) => {
    const { place, store, copy, before } = await pulled();
    const files = await next.build();
    await place.publish(files, [files.root], ['Hello', 'Evil']);
    await copy.pullMetadata();
    // Under the tag that the snapshot names, whatever version is written in the file.
    const [file] = [...(await evil().delegated()).values()];
    if (file === undefined) throw new Error('there is a role');
    await place.publishRoles(new Map([['dev', file]]), undefined, 6);
    await expect(copy.pullTarget('a.txt')).rejects.toMatchObject({ code, role: 'dev' });
    expect((await stateOf(store))[STORED]).toBe(before[STORED]);
    await place.publishRoles(await next.delegated());
    expect(await (await copy.pullTarget('a.txt')).text()).toBe('Hello');
  });
});

/** A snapshot that also signs the length of the delegated role. */
const naming = (length: number) => (signed: Members) => ({
  ...signed,
  meta: { ...(signed['meta'] as Members), 'dev.json': { version: 5, length } },
});

describe('the length of a delegated role that the snapshot signs', () => {
  it.each([
    ['below that of the file', 100, {}, 'LIMIT_EXCEEDED'],
    ['above it', 5_000, {}, 'METADATA_MISMATCH'],
    ['above the bound', 1_000_000, { limits: { targets: 700 } }, 'LIMIT_EXCEEDED'],
  ] as const)('%s, is refused (ATTACKS 36, 37)', async (_, length, options, code) => {
    const place = new Place();
    const store = memoryStore();
    const padded = plain.withRole('dev', { signed: (signed) => ({ ...signed, pad: 'x'.repeat(800) }) });
    await publish(place, padded.with('snapshot', { signed: naming(length) }));
    await client(place, { trust: await plain.root(), store }).pullMetadata();
    place.asked.length = 0;
    const copy = client(place, { store, ...options });
    await expect(copy.pullTarget('a.txt')).rejects.toMatchObject({ code, role: 'dev' });
    expect(Object.keys(await stateOf(store))).not.toContain(STORED);
  });
});

describe('the report of a refresh', () => {
  it('goes through stored roles that delegate to nobody, and have no delegations at all', async () => {
    const place = new Place();
    const bare = ({ delegations: _, ...signed }: Members): Members => signed;
    await publish(place, plain.withRole('dev', { signed: bare }));
    const copy = client(place, { trust: await plain.root() });
    await copy.pullMetadata();
    await copy.pullTarget('a.txt');
    expect(await copy.pullMetadata()).toMatchObject({ changed: ['a.txt'], removed: [] });
  });

  it('leaves open what a stored role says that has expired since, and does not fail for it', async () => {
    const place = new Place();
    const store = memoryStore();
    const short = plain.release(3).withRole('dev', { expires: '2026-02-01T00:00:00Z' });
    await publish(place, short);
    const copy = client(place, { trust: await plain.root(), store });
    await copy.pullMetadata();
    await (await copy.pullTarget('a.txt')).text();
    const later = client(place, { store, now: new Date('2026-03-01T00:00:00Z') });
    expect(await later.pullMetadata()).toMatchObject({ changed: [], removed: [] });
    await expect(later.pullTarget('a.txt')).rejects.toMatchObject({ code: 'METADATA_EXPIRED', role: 'dev' });
  });

  it('leaves open what would be found beyond the bound of the search, and does not fail for it', async () => {
    const { place, store } = await pulled();
    const bounded = client(place, { store, limits: { rolesVisited: 1 } });
    expect(await bounded.pullMetadata()).toMatchObject({ changed: [], removed: [] });
    await expect(bounded.pullTarget('a.txt')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('fails where the store cannot be read: that is no missing role', async () => {
    const { place, store } = await pulled();
    const broken: Store = {
      ...store,
      read: (names) =>
        names.includes(STORED)
          ? Promise.reject(new DTufError('STORAGE_FAILED', 'the disk is broken'))
          : store.read(names),
    };
    await expect(client(place, { store: broken }).pullMetadata()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
    });
  });
});
