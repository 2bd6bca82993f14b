// A target is handed out only where its length and every known hash are those that were signed.
import { describe, expect, it } from 'vitest';
import { toHex, utf8 } from '../../src/encoding.ts';
import { DTufCopy, DTufError, type Store } from '../../src/index.ts';
import type { Files } from '../../src/ports.ts';
import type { Members } from '../tuf/repository.ts';
import { NOW, repository } from '../tuf/repository.ts';
import { client, Place, REPOSITORY, refreshed } from './place.ts';

const hash = async (algorithm: string) =>
  toHex(new Uint8Array(await crypto.subtle.digest(algorithm, utf8('Hello'))));
const sha256 = await hash('SHA-256');
const sha512 = await hash('SHA-512');

const published = async (entry: Members, others: Members = {}) =>
  refreshed(
    await repository()
      .withTargets({ 'demo.txt': entry, ...others })
      .build(),
  );

describe('a target', () => {
  it.each([
    { length: 5, hashes: { sha256 } },
    { length: 5, hashes: { sha256, sha512 } },
    { length: 5, hashes: { sha256, 'blake2b-256': 'unknown' } },
  ])('whose length and known hashes match is handed out: %j (ATTACKS 50)', async (entry) => {
    const { copy } = await published(entry);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
    expect(await copy.checkTarget('demo.txt', utf8('Hello'))).toBe(true);
    expect(await copy.checkTarget('demo.txt', utf8('Jello'))).toBe(false);
  });

  it.each([
    ['a length that is too long', { length: 6, hashes: { sha256 } }],
    ['a length that is too short', { length: 4, hashes: { sha256 } }],
    ['a length of 0', { length: 0, hashes: { sha256 } }],
    ['a wrong sha512 beside the right sha256', { length: 5, hashes: { sha256, sha512: 'a'.repeat(128) } }],
  ])('with %s is refused in every way of reading it (ATTACKS 50, 51)', async (_, entry) => {
    const { copy } = await published(entry);
    const target = await copy.pullTarget('demo.txt');
    const refused = { code: 'TARGET_MISMATCH', target: 'demo.txt' };
    await expect(target.bytes()).rejects.toMatchObject(refused);
    await expect(target.text()).rejects.toMatchObject(refused);
    await expect(target.blob()).rejects.toMatchObject(refused);
    await expect(target.response()).rejects.toMatchObject(refused);
    expect(await copy.checkTarget('demo.txt', utf8('Hello'))).toBe(false);
    // What was refused does not count as downloaded.
    expect((await copy.pullMetadata()).changed).toEqual(['demo.txt']);
  });

  it('whose bytes are others of the same length is refused (ATTACKS 51)', async () => {
    const { place, copy } = await published({ length: 5, hashes: { sha256 } });
    place.answer = async ({ path }, honest) =>
      path.startsWith('blobs/') ? new Response('Jello', { headers: { 'Content-Length': '5' } }) : honest();
    await expect((await copy.pullTarget('demo.txt')).bytes()).rejects.toMatchObject({
      code: 'TARGET_MISMATCH',
      target: 'demo.txt',
    });
  });

  it('with no hashes makes the targets file invalid (ATTACKS 50)', async () => {
    const files = await repository()
      .withTargets({ 'demo.txt': { length: 5, hashes: {} } })
      .build();
    const place = new Place();
    await place.publish(files, [files.root], ['Hello']);
    const copy = client(place, { trust: files.root });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_INVALID', role: 'targets' });
    await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject({ code: 'METADATA_MISSING' });
  });

  it('with hashes of which none is known is listed, never handed out, and keeps nobody from the others (ATTACKS 50)', async () => {
    const { copy } = await published(
      { length: 5, hashes: { md5: '0'.repeat(32), constructor: 'ab' } },
      {
        'other.txt': 'Hello',
      },
    );
    expect((await copy.pullMetadata()).changed).toContain('demo.txt');
    const refusal = { code: 'TARGET_MISMATCH', target: 'demo.txt', clause: '5.7.2' };
    await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject(refusal);
    await expect(copy.checkTarget('demo.txt', utf8('Hello'))).rejects.toMatchObject(refusal);
    expect(await (await copy.pullTarget('other.txt')).text()).toBe('Hello');
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'called %s is one like others, and none where none is (ATTACKS 4)',
    async (name) => {
      const files = await repository()
        .withTargets(JSON.parse(`{"${name}":"Hello"}`) as Members)
        .build();
      const { copy } = await refreshed(files);
      expect(await (await copy.pullTarget(name)).text()).toBe('Hello');
      expect((await copy.pullMetadata()).changed).toEqual([]);
      const { copy: empty } = await refreshed(await repository().build());
      await expect(empty.pullTarget(name)).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND', target: name });
    },
  );
});

it('targets above their bound are refused before they are fetched (ATTACKS 8)', async () => {
  const brackets = utf8('['.repeat(100_000));
  const files = await repository()
    .with('targets', { file: () => brackets })
    .build();
  const place = new Place();
  await place.publish(files, [files.root]);
  const fetchOf = async (limit: number) => {
    place.asked.length = 0;
    return client(place, { trust: files.root, limits: { targets: limit } }).pullMetadata();
  };
  await expect(fetchOf(99_999)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  expect(place.asked).toEqual(['GET manifests/timestamp.json']);
  await expect(fetchOf(100_000)).rejects.toMatchObject({ code: 'METADATA_INVALID', role: 'targets' });
});

it('a spool is discarded where the download cannot be noted, and nothing is handed out (ATTACKS 64)', async () => {
  const { place, store } = await published({ length: 5, hashes: { sha256 } });
  const full: Store = {
    ...store,
    commit: () => Promise.reject(new DTufError('STORAGE_FAILED', 'the disk is full')),
  };
  const discarded: string[] = [];
  const files: Files = {
    spool: async () => ({
      write: async () => undefined,
      read: async () => new ReadableStream<Uint8Array>({ cancel: () => void discarded.push('stream') }),
      discard: async () => void discarded.push('spool'),
    }),
    sink: () => Promise.reject(new Error('not asked for')),
    content: () => Promise.reject(new Error('not asked for')),
    readSmall: () => Promise.reject(new Error('not asked for')),
  };
  const copy = new DTufCopy({
    host: place,
    repository: REPOSITORY,
    store: full,
    files,
    clock: () => NOW,
    limits: { unspooled: 0 },
  });
  await expect((await copy.pullTarget('demo.txt')).stream()).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
  });
  expect(discarded).toEqual(['spool']);
});
