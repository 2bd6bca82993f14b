// The next root in the layouts of a registry: only "not found" under its name means that there is none.
import { describe, expect, it } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { DTufCopy, memoryStore } from '../../src/index.ts';
import { bytesOf, publisher } from '../core/people.ts';
import { type Members, repository } from '../tuf/repository.ts';
import { client, refreshed, stateOf } from './place.ts';

type Fail = (signal: AbortSignal | undefined) => Promise<Response>;

/** A server that never answers, until the one who asked goes away. */
const silent: Fail = (signal) =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));

/** What is told of a page in the place of a manifest. */
const HTML = expect.stringMatching(/^(?:METADATA_INVALID|NOT_A_REPOSITORY)$/);

const FAILURES: readonly (readonly [string, Fail, unknown])[] = [
  ['403', async () => new Response('{}', { status: 403 }), 'ACCESS_DENIED'],
  ['401', async () => new Response('{}', { status: 401 }), 'ACCESS_DENIED'],
  ['500', async () => new Response('', { status: 500 }), 'REGISTRY_FAILED'],
  ['503', async () => new Response('', { status: 503 }), 'REGISTRY_FAILED'],
  ['200 with HTML', async () => new Response('<!doctype html><h1>Welcome</h1>'), HTML],
  ['a reset', () => Promise.reject(new TypeError('fetch failed')), 'UNREACHABLE'],
  ['silence', silent, 'TIMED_OUT'],
];
const LIMITS = { idle: 100, retryAfter: 5 };

describe('in the legacy layout, the tag of the next root', () => {
  /** A client that has refreshed once, and whose next request for the next root is answered by `fail`. */
  async function refreshedOnce(fail: Fail) {
    const registry = embeddedRegistry();
    const { master, repository: name, rootKey } = await publisher(registry, { layout: 'legacy' });
    await master.pushTarget('demo', bytesOf('Hello'));
    await master.pushMetadata();
    const store = memoryStore();
    const fetch: typeof globalThis.fetch = (input, init) => {
      const request = new Request(input, init);
      return request.url.endsWith('/manifests/2.root.json') && request.method === 'GET'
        ? fail(request.signal)
        : registry.fetch(input, init);
    };
    const options = { repository: name, store, limits: LIMITS };
    await new DTufCopy({ ...options, host: registry, trust: rootKey }).pullMetadata();
    return { copy: new DTufCopy({ ...options, host: { fetch } }), store };
  }

  it('that is not there is no newer root (ATTACKS 81)', async () => {
    const { copy } = await refreshedOnce(async () => new Response('{}', { status: 404 }));
    expect((await copy.pullMetadata()).rootVersion).toBe(1);
  });

  it.each(FAILURES)('fails the refresh where it answers %s (ATTACKS 81)', async (_, fail, code) => {
    const { copy, store } = await refreshedOnce(fail);
    const before = await stateOf(store);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ name: 'DTufError', code });
    expect(await stateOf(store)).toEqual(before);
  });
});

describe('in the native layout', () => {
  const pad = (signed: Members): Members => ({ ...signed, pad: 'x'.repeat(60_000) });
  const plain = repository().withTargets({ 'demo.txt': 'Hello' });

  it.each(FAILURES)('the bundle that answers %s fails the refresh (ATTACKS 81)', async (_, fail, code) => {
    const { place, store, before } = await refreshed(await plain.build());
    place.answer = ({ signal }) => fail(signal);
    const copy = client(place, { store, limits: LIMITS });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ name: 'DTufError', code });
    expect(await stateOf(store)).toEqual(before);
  });

  it.each([
    ...FAILURES.filter(([what]) => !what.startsWith('200')),
    ['200 with HTML', async () => new Response('<!doctype html>'), 'DIGEST_MISMATCH'],
    ['404', async () => new Response('{}', { status: 404 }), 'NOT_FOUND'],
  ] as const)(
    'a next root that the bundle names, and whose blob answers %s, fails the refresh (ATTACKS 81)',
    async (_, fail, code) => {
      const { place, store, before } = await refreshed(await plain.build());
      const next = plain.nextRoot({ signed: pad });
      const files = await next.release(2).build();
      await place.publish(files, [await plain.root(), files.root]);
      place.answer = ({ path, signal }, honest) => (path.startsWith('blobs/') ? fail(signal) : honest());
      const copy = client(place, { store, limits: LIMITS });
      await expect(copy.pullMetadata()).rejects.toMatchObject({ name: 'DTufError', code });
      expect(await stateOf(store)).toEqual(before);
      place.answer = (_, honest) => honest();
      expect((await copy.pullMetadata()).rootVersion).toBe(2);
    },
  );
});
