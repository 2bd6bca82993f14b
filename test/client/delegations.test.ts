// Delegated targets as a client of a registry meets them: fetched when they are needed, kept, and verified at each use.
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { memoryStore, type Store } from '../../src/index.ts';
import { LegacyMetadata } from '../../src/layout/legacy.ts';
import { defaultLimits } from '../../src/limits.ts';
import { Registry } from '../../src/registry/registry.ts';
import { EXPIRED, type Members, type Repository, repository } from '../tuf/repository.ts';
import { type ClientOptions, client, Place, REPOSITORY, stateOf, tamper } from './place.ts';

const STORED = 'repository/metadata/delegated/';
const DATA = ['Hello', 'Jello'];
const plain = repository()
  .withRole('dev', { targets: { 'dev/a.txt': 'Hello' } })
  .delegating('targets', 'dev', { paths: ['dev/*'] });

async function publish(place: Place, of: Repository, roots = [of]): Promise<void> {
  const files = await of.build();
  await place.publish(files, await Promise.all(roots.map((root) => root.root())), DATA);
  await place.publishRoles(await of.delegated());
}

/** A client that has refreshed once. */
async function refreshedAt(of: Repository, options: ClientOptions = {}) {
  const place = new Place();
  const store: Store = options.store ?? memoryStore();
  await publish(place, of);
  const trust = await of.root();
  const copy = client(place, { trust, ...options, store });
  await copy.pullMetadata();
  place.asked.length = 0;
  const asked = () => place.asked.splice(0).filter((request) => request.includes('manifests/'));
  return { place, store, copy, asked };
}

const FETCHED = ['GET manifests/1.dev.json'];

describe('a delegated target', () => {
  it('is found, and its role fetched once; each use verifies what is stored', async () => {
    const { copy, asked, store, place } = await refreshedAt(plain);
    const target = await copy.pullTarget('dev/a.txt');
    expect(target.role).toBe('dev');
    expect(asked()).toEqual(FETCHED);
    expect(await target.text()).toBe('Hello');
    expect(await copy.blobSizes('dev/a.txt')).toEqual([5]);
    expect(await copy.checkTarget('dev/a.txt', utf8('Hello'))).toBe(true);
    expect(await copy.checkTarget('dev/a.txt', utf8('Jello'))).toBe(false);
    expect(await client(place, { store }).blobSizes('dev/a.txt')).toEqual([5]);
    expect(asked()).toEqual([]);
    expect(Object.keys(await stateOf(store))).toContain(`${STORED}dev.json`);
  });

  it('two delegations down is found, fetched or stored, and a refresh tells of it', async () => {
    const { copy, asked } = await refreshedAt(
      plain
        .withRole('sub', { targets: { 'dev/b.txt': 'Hello' } })
        .delegating('dev', 'sub', { paths: ['dev/*'] }),
    );
    expect(await (await copy.pullTarget('dev/b.txt')).text()).toBe('Hello');
    expect(asked()).toEqual([...FETCHED, 'GET manifests/1.sub.json']);
    expect((await copy.pullTarget('dev/b.txt')).role).toBe('sub');
    expect(asked()).toEqual([]);
    expect(await copy.pullMetadata()).toMatchObject({ changed: ['dev/a.txt'], removed: [] });
  });

  it('of the top-level role costs no delegated one', async () => {
    const { copy, asked } = await refreshedAt(
      plain.withTargets({ 'top.txt': 'Hello', 'dev/a.txt': 'Jello' }),
    );
    expect((await copy.pullTarget('top.txt')).role).toBe('targets');
    expect(await (await copy.pullTarget('dev/a.txt')).text()).toBe('Jello');
    expect(asked()).toEqual([]);
  });

  it('outside the paths of its role is not found (ATTACKS 45)', async () => {
    const { copy, asked } = await refreshedAt(plain.withRole('dev', { targets: { 'a.txt': 'Hello' } }));
    for (const name of ['a.txt', 'dev/a.txt', 'dev/x/a.txt']) {
      await expect(copy.pullTarget(name)).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND', target: name });
    }
    expect(asked()).toEqual(FETCHED);
  });

  it.each([
    ['expired', { expires: EXPIRED }, 'METADATA_EXPIRED'],
    ['not signed', { signedBy: [] }, 'METADATA_UNSIGNED'],
    ['damaged', { file: () => '{}' }, 'METADATA_INVALID'],
  ])('whose role is %s is refused, and nothing of it stored', async (_, options, code) => {
    const { copy, store, place } = await refreshedAt(plain);
    // Under the tag that the snapshot names, whatever version is written in it.
    await place.publishRoles(await plain.withRole('dev', options).delegated());
    const before = await stateOf(store);
    await expect(copy.pullTarget('dev/a.txt')).rejects.toMatchObject({ code, role: 'dev' });
    expect(await stateOf(store)).toEqual(before);
  });

  it('whose role the repository has not got is an error that says so', async () => {
    const place = new Place();
    const files = await plain.build();
    await place.publish(files, [files.root], DATA);
    const copy = client(place, { trust: files.root });
    await copy.pullMetadata();
    await expect(copy.pullTarget('dev/a.txt')).rejects.toMatchObject({
      code: 'METADATA_MISSING',
      role: 'dev',
      expected: '1.dev.json',
    });
  });

  it('whose role is above its bound is refused before it is fetched (ATTACKS 37)', async () => {
    const padded = plain.withRole('dev', { signed: (signed) => ({ ...signed, pad: 'x'.repeat(5_000) }) });
    const { copy, place } = await refreshedAt(padded, { limits: { targets: 4_000 } });
    await expect(copy.pullTarget('dev/a.txt')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', role: 'dev' });
    expect(place.asked).toEqual(FETCHED);
  });
});

it('a delegated role of the legacy layout is read from its alias', async () => {
  const place = new Place();
  const roles = new Map([...(await plain.delegated()), ['../x', utf8('of ../x')]]);
  await place.publishRoles(roles, 'application/octet-stream');
  const legacy = new LegacyMetadata(new Registry({ place }).repository(REPOSITORY), defaultLimits);
  expect(await legacy.role('dev', 1, 10_000)).toEqual(roles.get('dev'));
  expect(await legacy.role('../x', 1, 10_000)).toEqual(utf8('of ../x'));
  await expect(legacy.role('dev', 1, 10)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  await expect(legacy.role('../y', 1, 10_000)).rejects.toMatchObject({
    code: 'METADATA_MISSING',
    role: '../y',
  });
});

describe('a stored delegated role', () => {
  it('is fetched anew where the snapshot names a newer version, and not before', async () => {
    const { copy, asked, place } = await refreshedAt(plain);
    expect(await (await copy.pullTarget('dev/a.txt')).text()).toBe('Hello');
    const next = plain.release(2).withRole('dev', { version: 2, targets: { 'dev/a.txt': 'Jello' } });
    await publish(place, next);
    asked();
    expect(await (await copy.pullTarget('dev/a.txt')).text()).toBe('Hello');
    expect(asked()).toEqual([]);
    await copy.pullMetadata();
    asked();
    expect(await (await copy.pullTarget('dev/a.txt')).text()).toBe('Jello');
    expect(asked()).toEqual(['GET manifests/2.dev.json']);
  });

  it('is refused once its delegator has dropped its key (ATTACKS 42)', async () => {
    const { copy, place } = await refreshedAt(plain);
    expect((await copy.pullTarget('dev/a.txt')).role).toBe('dev');
    const next = plain.release(2).delegating('targets', 'dev', { paths: ['dev/*'], keys: ['new key'] });
    await publish(place, next);
    await copy.pullMetadata();
    const refused = { code: 'METADATA_UNSIGNED', role: 'dev', clause: '5.6.3' };
    await expect(copy.pullTarget('dev/a.txt')).rejects.toMatchObject(refused);
    await expect(copy.checkTarget('dev/a.txt', utf8('Hello'))).rejects.toMatchObject(refused);
  });

  it('is used no more once nobody delegates to it (ATTACKS 42)', async () => {
    const { copy, place } = await refreshedAt(plain);
    await (await copy.pullTarget('dev/a.txt')).text();
    const next = repository()
      .release(2)
      .withRole('dev', { targets: { 'dev/a.txt': 'Hello' } });
    await publish(place, next);
    expect((await copy.pullMetadata()).removed).toEqual(['dev/a.txt']);
    await expect(copy.pullTarget('dev/a.txt')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
  });

  it.each([
    ['damaged', async () => utf8('{')],
    ['empty', async () => new Uint8Array()],
    ['signed by another key', async () => fileAt(plain.withRole('dev', { signedBy: ['stranger'] }))],
    ['of another version', async () => fileAt(plain.withRole('dev', { version: 7 }))],
  ])('that is %s is fetched anew, and never trusted (ATTACKS 40)', async (_, make) => {
    const { copy, asked, store } = await refreshedAt(plain);
    await copy.pullTarget('dev/a.txt');
    asked();
    const before = await stateOf(store);
    await tamper(store, { [`${STORED}dev.json`]: await make() });
    expect(await (await copy.pullTarget('dev/a.txt')).text()).toBe('Hello');
    expect(asked()).toEqual(FETCHED);
    expect((await stateOf(store))[`${STORED}dev.json`]).toBe(before[`${STORED}dev.json`]);
  });

  it('that has expired is refused with the advice to refresh (ATTACKS 96)', async () => {
    const short = plain.withRole('dev', { expires: '2026-02-01T00:00:00Z' });
    const { copy, store, place, asked } = await refreshedAt(short);
    await copy.pullTarget('dev/a.txt');
    asked();
    const later = client(place, { store, now: new Date('2026-02-01T00:00:00Z') });
    await expect(later.pullTarget('dev/a.txt')).rejects.toMatchObject({
      code: 'METADATA_EXPIRED',
      role: 'dev',
      message: expect.stringContaining('pull-metadata'),
    });
    expect(asked()).toEqual([]);
  });

  it('does not take the place of what another process stored meanwhile', async () => {
    const { copy, store, place } = await refreshedAt(plain);
    const others = utf8('of another process');
    place.answer = async ({ path }, honest) => {
      if (path === 'manifests/1.dev.json') await tamper(store, { [`${STORED}dev.json`]: others });
      return honest();
    };
    expect((await copy.pullTarget('dev/a.txt')).role).toBe('dev');
    expect((await stateOf(store))[`${STORED}dev.json`]).toBe('of another process');
  });
});

it('a role that was verified by a snapshot which another process replaced meanwhile is not stored', async () => {
  const { copy, store, place } = await refreshedAt(plain);
  const next = plain.release(2).withRole('dev', { version: 2, targets: {} });
  place.answer = async ({ path }, honest) => {
    const answer = await honest();
    if (path !== 'manifests/1.dev.json') return answer;
    await publish(place, next);
    await client(place, { store }).pullMetadata();
    return answer;
  };
  expect((await copy.pullTarget('dev/a.txt')).role).toBe('dev');
  expect(Object.keys(await stateOf(store))).not.toContain(`${STORED}dev.json`);
});

it('the search for a target ends when it is aborted', async () => {
  const { copy, place } = await refreshedAt(plain);
  const caller = new AbortController();
  place.answer = async (_, honest) => {
    caller.abort();
    return honest();
  };
  const { signal } = caller;
  await expect(copy.pullTarget('dev/a.txt', { signal })).rejects.toMatchObject({ code: 'ABORTED' });
  await expect(copy.blobSizes('dev/a.txt', { signal })).rejects.toMatchObject({ code: 'ABORTED' });
});

describe('a refresh', () => {
  it('tells what changed of the delegated roles that are stored', async () => {
    const { copy, place } = await refreshedAt(plain);
    expect((await copy.pullMetadata()).changed).toEqual([]);
    const target = await copy.pullTarget('dev/a.txt');
    expect((await copy.pullMetadata()).changed).toEqual(['dev/a.txt']);
    await target.text();
    expect(await copy.pullMetadata()).toMatchObject({ changed: [], removed: [] });
    await publish(place, plain.release(2).withRole('dev', { version: 2, targets: { 'dev/a.txt': 'Jello' } }));
    // Its role is not stored at this version: nothing can be said of it.
    expect(await copy.pullMetadata()).toMatchObject({ changed: [], removed: [] });
    await copy.blobSizes('dev/a.txt');
    expect(await copy.pullMetadata()).toMatchObject({ changed: ['dev/a.txt'], removed: [] });
    const without = plain.release(3).withRole('dev', { version: 3, targets: {} });
    await publish(place, without);
    await copy.pullMetadata();
    await expect(copy.pullTarget('dev/a.txt')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(await copy.pullMetadata()).toMatchObject({ changed: [], removed: ['dev/a.txt'] });
  });

  it('tells no more of delegated targets than its bound lets it compare, and takes none for removed (ATTACKS 43)', async () => {
    const of = plain.withRole('dev', { targets: { 'dev/a.txt': 'Hello', 'dev/b.txt': 'Jello' } });
    const { copy, place, store } = await refreshedAt(of);
    await (await copy.pullTarget('dev/a.txt')).text();
    expect((await copy.pullMetadata()).changed).toEqual(['dev/b.txt']);
    const bounded = (comparisons: number) => client(place, { store, limits: { comparisons } }).pullMetadata();
    // One pattern and one name, 5 characters and 9, each of which may be tried once.
    expect(await bounded(14)).toMatchObject({ changed: [], removed: [] });
    expect(await bounded(13)).toMatchObject({ changed: [], removed: [] });
    await publish(place, of.release(2).withRole('dev', { version: 2, targets: {} }));
    await client(place, { store }).pullMetadata();
    await copy.pullTarget('dev/none').catch(() => undefined);
    expect(await bounded(13)).toMatchObject({ removed: [] });
    expect(await bounded(14)).toMatchObject({ removed: ['dev/a.txt'] });
  });

  it('counts what stands behind a star as often as it is tried (ATTACKS 46)', async () => {
    const long = 'x'.repeat(8000);
    const of = plain
      .withRole('dev', { targets: { [`dev/${long}`]: 'Hello', 'dev/a.txt': 'Hello' } })
      .withRole('sub')
      .delegating('dev', 'sub', { paths: [`dev/*${'x'.repeat(7000)}y`] });
    const { copy } = await refreshedAt(of);
    await (await copy.pullTarget('dev/a.txt')).text();
    // 7,001 times 8,000 characters are above the bound: only what was downloaded is looked at.
    expect(await copy.pullMetadata()).toMatchObject({ changed: [], removed: [] });
  });

  it('does not tell of targets that a stored role may not sign for (ATTACKS 45)', async () => {
    const { copy } = await refreshedAt(
      plain.withRole('dev', { targets: { 'dev/a.txt': 'Hello', 'other/a.txt': 'Hello' } }),
    );
    await copy.pullTarget('dev/a.txt');
    expect((await copy.pullMetadata()).changed).toEqual(['dev/a.txt']);
  });
});

/** SHA-256 of `../x`, as sha256sum says. */
const HASH = 'd6b96a97d147daaae49eb87a5ca7bfbc280e7955';
const NAMES = [
  ...['../x', '/x', '..', '.', 'a/b', '?', '#', '%2e%2e', '\0', 'a\\b', 'C:\\x', 'con', ' ', '_x', '-x'],
  ...['x'.repeat(4_096), '役割', 'роль', '\u00e9', 'e\u0301', 'Dev', 'dev', 'DEV', '\u212a', 'K', 'k'],
  ...['__proto__', 'constructor', '1.root', 'targets.json', 'a'.repeat(64), `_${HASH}`],
];

describe('role names from outside', () => {
  it('are fetched and stored under safe, distinct names (ATTACKS 47)', async () => {
    let all = repository();
    for (const [i, name] of NAMES.entries()) {
      all = all
        .withRole(name, { keys: [`key ${i}`], targets: { [`${i}.txt`]: 'Hello' } })
        .delegating('targets', name, { paths: [`${i}.txt`] });
    }
    const { copy, asked, store } = await refreshedAt(all);
    for (const [i, name] of NAMES.entries()) {
      expect((await copy.pullTarget(`${i}.txt`)).role).toBe(name);
    }
    const tags = asked().map((request) => request.slice('GET manifests/'.length));
    expect(tags).toHaveLength(NAMES.length);
    expect(new Set(tags).size).toBe(NAMES.length);
    for (const tag of tags) expect(tag).toMatch(/^1\.[A-Za-z0-9._-]{1,121}\.json$/);
    expect(tags[NAMES.indexOf('Dev')]).toBe('1.Dev.json');
    expect(tags[0]).toBe(`1._${HASH}.json`);
    const stored = Object.keys(await stateOf(store)).filter((name) => name.startsWith(STORED));
    const folded = stored.map((name) => name.normalize('NFC').toLowerCase());
    expect(new Set(folded).size).toBe(NAMES.length);
    for (const name of stored) expect(name.slice(STORED.length)).toMatch(/^[%a-z0-9_-][a-z0-9._-]*\.json$/);
  });
});

describe('succinct hash bins', () => {
  const bins = (bit_length: number, name_prefix = 'bin') => ({
    signed: (signed: Members): Members => {
      const { keys, roles } = signed['delegations'] as { keys: Members; roles: Members[] };
      const { keyids = [], threshold = 1 } = roles[0] ?? {};
      const succinct_roles = { keyids, threshold, bit_length, name_prefix };
      return { ...signed, delegations: { keys, succinct_roles } };
    },
  });
  // SHA-256 of "abc" begins with ba7816bf: of 8 bits, bin ba.
  const one = repository()
    .withRole('bin-ba', { keys: ['bins'], targets: { abc: 'Hello' } })
    .delegating('targets', 'bin-ba');

  it('are found by the hash of the target, one role a lookup (ATTACKS 49)', async () => {
    const { copy, asked } = await refreshedAt(one.with('targets', bins(8)));
    expect(await (await copy.pullTarget('abc')).text()).toBe('Hello');
    expect(asked()).toEqual(['GET manifests/1.bin-ba.json']);
    expect(await copy.pullMetadata()).toMatchObject({ changed: [], removed: [] });
  });

  it('of which one is missing are an error for its targets only (ATTACKS 49)', async () => {
    const { copy } = await refreshedAt(one.with('targets', bins(8)));
    await expect(copy.pullTarget('other')).rejects.toMatchObject({ code: 'METADATA_MISSING' });
    expect((await copy.pullTarget('abc')).role).toBe('bin-ba');
  });

  it.each([0, 33])('with a bit_length of %i make the targets file invalid (ATTACKS 49)', async (bits) => {
    await expect(refreshedAt(one.with('targets', bins(bits)))).rejects.toMatchObject({
      code: 'METADATA_INVALID',
      role: 'targets',
      message: expect.stringContaining('bit_length'),
    });
  });
});

async function fileAt(of: Repository): Promise<Uint8Array> {
  const file = (await of.delegated()).get('dev');
  if (file === undefined) throw new Error('there is a role');
  return file;
}
