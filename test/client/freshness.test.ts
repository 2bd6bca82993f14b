// What a client asks for again, and what time does to it.
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/index.ts';
import { repository, text } from '../tuf/repository.ts';
import { CURRENT, client, Place, refreshed, stateOf, tamper } from './place.ts';

const plain = repository().withTargets({ 'demo.txt': 'Hello' });
const root = await plain.root();
const BUNDLE = 'GET manifests/timestamp.json';

/** Targets that are too large to stand in the bundle itself. */
const large = plain.withTargets(
  Object.fromEntries(
    Array.from({ length: 600 }, (_, i) => [`file ${i}`, { length: i, hashes: { sha256: 'a'.repeat(64) } }]),
  ),
);

describe('a timestamp that is the one of the last refresh', () => {
  it('ends the refresh: nothing else is fetched (ATTACKS 39)', async () => {
    const { place, copy, store, before } = await refreshed(await large.build());
    await copy.pullMetadata();
    expect(place.asked).toEqual([BUNDLE]);
    expect(await stateOf(store)).toEqual(before);
  });

  it.each([
    ['targets of another release', 'targets', 'other'],
    ['no targets', 'targets', undefined],
    ['a snapshot of another release', 'snapshot', 'other'],
    ['no snapshot', 'snapshot', undefined],
  ] as const)(
    'does not end it where %s is stored, as after a kill in between (ATTACKS 39)',
    async (_, role, what) => {
      const files = await large.release(5).build();
      const { place, copy, store, before } = await refreshed(files);
      const older = await large.release(4).build();
      await tamper(store, { [`${CURRENT}${role}.json`]: what === undefined ? undefined : older[role] });
      await copy.pullMetadata();
      expect(place.asked.length).toBe(role === 'targets' ? 2 : 1);
      expect((await stateOf(store))[`${CURRENT}${role}.json`]).toBe(before[`${CURRENT}${role}.json`]);
    },
  );

  it('is a 304 where the client asks so: all checks are made anew (ATTACKS 39)', async () => {
    const files = await large.with('timestamp', { expires: '2026-02-01T00:00:00Z' }).build();
    const { place, copy, store } = await refreshed(files, { conditional: true });
    const statuses: number[] = [];
    place.answer = async (_, honest) => {
      const answer = await honest();
      statuses.push(answer.status);
      return answer;
    };
    const { explain } = await copy.pullMetadata();
    expect(statuses).toEqual([304]);
    expect(explain.map(({ clause }) => clause)).toEqual(
      expect.arrayContaining(['5.2', '5.4.2', '5.5.3', '5.6.3']),
    );
    const late = client(place, { store, conditional: true, now: new Date('2026-02-01T00:00:00Z') });
    await expect(late.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_EXPIRED', role: 'timestamp' });
  });
});

describe('a repository that stands still', () => {
  it('is accepted until it expires, then refused, and nothing of it is handed out (ATTACKS 34)', async () => {
    const files = await plain.with('timestamp', { expires: '2026-02-01T00:00:00Z' }).build();
    const { place, store, before } = await refreshed(files);
    await client(place, { store, now: new Date('2026-01-31T23:59:59.999Z') }).pullMetadata();
    const late = client(place, { store, now: new Date('2026-02-01T00:00:00Z') });
    await expect(late.pullMetadata()).rejects.toMatchObject({
      code: 'METADATA_EXPIRED',
      role: 'timestamp',
      clause: '5.4.4',
    });
    await expect(late.pullTarget('demo.txt')).rejects.toMatchObject({ code: 'METADATA_EXPIRED' });
    expect(await stateOf(store)).toEqual(before);
  });

  it.each(['snapshot', 'targets'] as const)('is refused where its %s expires (ATTACKS 34)', async (role) => {
    const files = await plain.with(role, { expires: '2026-02-01T00:00:00Z' }).build();
    const { place, store } = await refreshed(files);
    const late = client(place, { store, now: new Date('2026-02-01T00:00:00Z') });
    await expect(late.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_EXPIRED', role });
  });
});

describe('a clock that is set back', () => {
  it('loses no protection against a rollback (ATTACKS 41)', async () => {
    const place = new Place();
    const store = memoryStore();
    await place.publish(await plain.release(5).build(), [root], ['Hello']);
    await client(place, { trust: root, store, now: new Date('2026-06-01T00:00:00Z') }).pullMetadata();
    const before = await stateOf(store);

    const early = client(place, { store, now: new Date('2000-01-01T00:00:00Z') });
    await early.pullMetadata();
    expect(await stateOf(store)).toEqual(before);
    await place.publish(await plain.release(4).build(), [root]);
    await expect(early.pullMetadata()).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'timestamp',
    });
    expect(await stateOf(store)).toEqual(before);
  });

  it('lets stored files count that had expired before (ATTACKS 41)', async () => {
    const { place, store } = await refreshed(
      await plain.release(5).with('timestamp', { expires: '2026-02-01T00:00:00Z' }).build(),
    );
    await place.publish(await plain.release(4).build(), [root]);
    for (const now of ['2026-03-01T00:00:00Z', '2000-01-01T00:00:00Z']) {
      const copy = client(place, { store, now: new Date(now) });
      await expect(copy.pullMetadata()).rejects.toMatchObject({
        code: 'METADATA_ROLLBACK',
        role: 'timestamp',
      });
    }
  });
});

it('one time is used for the whole of a refresh', async () => {
  const place = new Place();
  const files = await plain.with('targets', { expires: '2026-02-01T00:00:00Z' }).build();
  await place.publish(files, [root], ['Hello']);
  const { explain, expires } = await client(place, {
    trust: root,
    now: new Date('2026-01-31T00:00:00Z'),
  }).pullMetadata();
  expect(explain.every(({ ok }) => ok)).toBe(true);
  expect(expires.toISOString()).toBe('2026-02-01T00:00:00.000Z');
});

it('the files of the release before are kept beside those of the present one', async () => {
  const five = await plain.release(5).build();
  const { place, copy, store } = await refreshed(five);
  const six = await plain.release(6).build();
  await place.publish(six, [root]);
  await copy.pullMetadata();
  const state = await stateOf(store);
  for (const role of ['timestamp', 'snapshot', 'targets'] as const) {
    expect(state[`${CURRENT}${role}.json`]).toBe(text(six[role]));
    expect(state[`repository/metadata/previous/${role}.json`]).toBe(text(five[role]));
  }
});
