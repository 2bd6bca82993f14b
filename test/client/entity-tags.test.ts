// What a registry said once, in the headers of a good answer, must not keep a client from what is published later.
import { describe, expect, it } from 'vitest';
import { DTufCopy, memoryStore, type Store } from '../../src/index.ts';
import { NOW, repository, text } from '../tuf/repository.ts';
import { CURRENT, Place, REPOSITORY, stateOf, tamper } from './place.ts';

const plain = repository().withTargets({ 'demo.txt': 'Hello' });
const five = await plain.release(5).build();
const six = await plain.release(6).build();
const BUNDLE = /\/manifests\/timestamp\.json$/;

/** Changes the answers to requests for the bundle. */
type Between = (init: RequestInit, honest: () => Promise<Response>) => Promise<Response>;

function client(place: Place, store: Store, between: Between, now = NOW): DTufCopy {
  const fetch = (input: Request | string | URL, init: RequestInit = {}) => {
    const honest = () => place.fetch(input, init);
    return BUNDLE.test(String(input)) ? between(init, honest) : honest();
  };
  return new DTufCopy({
    host: { fetch: fetch as typeof globalThis.fetch },
    repository: REPOSITORY,
    store,
    clock: () => now,
    conditional: true,
    trust: five.root,
  });
}

/** An honest registry behind a proxy that takes headers of 8 KiB, as many do. */
const honest: Between = (init, ask) =>
  (new Headers(init.headers).get('if-none-match') ?? '').length > 8192
    ? Promise.resolve(new Response(null, { status: 400 }))
    : ask();

const tagged =
  (etag: string): Between =>
  async (_, ask) => {
    const answer = await ask();
    const headers = new Headers(answer.headers);
    headers.set('ETag', etag);
    return new Response(answer.body, { status: answer.status, headers });
  };

/** The ETag of the bundle that will be published next. */
async function nextTag(): Promise<string> {
  const place = new Place();
  await place.publish(six, [six.root]);
  const answer = await place.fetch(`http://localhost/v2/${REPOSITORY}/manifests/timestamp.json`);
  return answer.headers.get('ETag') ?? '';
}

describe('an ETag that is', () => {
  it.each<[string, () => string | Promise<string>]>([
    ['a star, which names every content', () => '*'],
    ['that of the bundle to come', nextTag],
    ['a list with that of the bundle to come', async () => `"x", ${await nextTag()}`],
    ['longer than other servers take', () => `"${'a'.repeat(12_000)}"`],
  ])(
    '%s does not freeze or lock out a client once the registry is honest again (ATTACKS 34)',
    async (_, etag) => {
      const place = new Place();
      const store = memoryStore();
      await place.publish(five, [five.root], ['Hello']);
      await client(place, store, tagged(await etag())).pullMetadata();
      await place.publish(six, [six.root], ['Hello']);
      await client(place, store, honest).pullMetadata();
      expect((await stateOf(store))[`${CURRENT}timestamp.json`]).toBe(text(six.timestamp));
    },
  );

  it('kept by an earlier version in another form is not sent', async () => {
    const place = new Place();
    const store = memoryStore();
    await place.publish(five, [five.root], ['Hello']);
    await client(place, store, honest).pullMetadata();
    await tamper(store, {
      'repository/dtuf.json': new TextEncoder().encode('{"layout":"native","etag":"*"}'),
    });
    await place.publish(six, [six.root], ['Hello']);
    await client(place, store, honest).pullMetadata();
    expect((await stateOf(store))[`${CURRENT}timestamp.json`]).toBe(text(six.timestamp));
  });

  it('that of the very bundle, marked as weak by a proxy that compresses, still saves the next answer', async () => {
    const place = new Place();
    const store = memoryStore();
    await place.publish(five, [five.root], ['Hello']);
    const weak: Between = async (init, ask) => {
      const answer = await ask();
      return tagged(`W/${answer.headers.get('ETag')}`)(init, async () => answer);
    };
    await client(place, store, weak).pullMetadata();
    const statuses: number[] = [];
    await client(place, store, async (_, ask) => {
      const answer = await ask();
      statuses.push(answer.status);
      return answer;
    }).pullMetadata();
    expect(statuses).toEqual([304]);
  });
});

describe('a cache that answers 304 to whatever', () => {
  const always304: Between = (init, ask) =>
    new Headers(init.headers).has('if-none-match')
      ? Promise.resolve(new Response(null, { status: 304 }))
      : ask();

  it('does not lock out a client whose metadata has expired (ATTACKS 34)', async () => {
    const place = new Place();
    const store = memoryStore();
    const short = await plain.release(5).with('timestamp', { expires: '2026-02-01T00:00:00Z' }).build();
    await place.publish(short, [five.root], ['Hello']);
    await client(place, store, honest).pullMetadata();
    await place.publish(six, [six.root], ['Hello']);
    await client(place, store, always304, new Date('2026-03-01T00:00:00Z')).pullMetadata();
    expect((await stateOf(store))[`${CURRENT}timestamp.json`]).toBe(text(six.timestamp));
  });

  it('without having been asked whether anything changed, is told of as what it is', async () => {
    const unasked: Between = () => Promise.resolve(new Response(null, { status: 304 }));
    await expect(client(new Place(), memoryStore(), unasked).pullMetadata()).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
      got: '304',
    });
  });
});
