import { describe, expect, test } from 'vitest';
import type { RegistryStorage } from '../../adapters/registry/index.ts';
import { errorCode, Repository, repository, sha256, storages } from './places.ts';

/** Fails the test where anything is asked of the storage. */
function untouched(storage: RegistryStorage): RegistryStorage {
  return new Proxy(storage, {
    get: (_target, name) => () => {
      throw new Error(`the storage was asked for ${String(name)}`);
    },
  });
}

const wrongNames = [
  '..%2f..%2fetc',
  'a%2f..%2fb',
  'a/%252e%252e/b',
  'Fred/demo',
  'fred//demo',
  'fred/demo/',
  '-a',
  'a-',
  'a..b',
  'a___b',
  '_uploads',
  'a%00b',
  'a%5c..%5cb',
  'a%20b',
  'caf%C3%A9',
  'a'.repeat(256),
  `${'a/'.repeat(130)}a`,
  'a:b',
];

describe.each(storages)('names for %s', (_name, storage) => {
  test.each(wrongNames)(
    'the repository name %s is refused before the storage is touched (ATTACKS 60)',
    async (name) => {
      const demo = new Repository(repository(untouched(storage())).registry, name);
      for (const path of ['tags/list', 'manifests/v1', `blobs/${sha256('x')}`]) {
        const response = await demo.ask(path);
        expect([response.status, await errorCode(response)]).toEqual([400, 'NAME_INVALID']);
      }
      expect((await demo.begin()).status).toBe(400);
    },
  );

  test.each(['blobs', 'a/blobs', 'a/blobs/sha256', 'a/index.json', 'oci-layout'])(
    'the repository name %s is refused: a layout needs it for itself (ATTACKS 60)',
    async (name) => {
      const response = await new Repository(repository(untouched(storage())).registry, name).begin();
      expect([response.status, await errorCode(response)]).toEqual([400, 'NAME_INVALID']);
    },
  );

  test('a name may hold the words of the addresses', async () => {
    const demo = new Repository(repository(storage()).registry, 'a/manifests/tags/list/uploads');
    const text = await demo.pushImage('list', 'layer');
    expect(await (await demo.ask('manifests/list')).text()).toBe(text);
    expect(await (await demo.ask('tags/list')).json()).toMatchObject({ tags: ['list'] });
  });

  test.each(['a'.repeat(129), '.a', '-a', 'a%20b', 'a+b', '%C3%A9', '..%00', 'a:b', 'sha256:x'])(
    'the tag %s is refused before the storage is touched (ATTACKS 60)',
    async (tag) => {
      const response = await repository(untouched(storage())).ask(`manifests/${tag}`);
      expect(response.status).toBe(400);
    },
  );

  test('tags of 128 characters, in both cases, that are names of object members, are ordinary (ATTACKS 4)', async () => {
    const demo = repository(storage());
    for (const tag of ['a'.repeat(128), 'V1', 'v1', '__proto__', 'constructor']) {
      const text = await demo.pushImage(tag, `layer of ${tag}`);
      expect(await (await demo.ask(`manifests/${tag}`)).text()).toBe(text);
    }
    expect((await demo.ask('manifests/prototype')).status).toBe(404);
  });

  test('an address that is not percent-encoded UTF-8 is refused', async () => {
    const demo = repository(untouched(storage()));
    expect((await demo.registry.fetch('/v2/%ff/tags/list')).status).toBe(400);
  });

  test('/v2/ says that this is a registry; other addresses are 404, other methods 405', async () => {
    const { registry } = repository(storage());
    const root = await registry.fetch('http://localhost/v2/');
    expect([root.status, root.headers.get('docker-distribution-api-version')]).toEqual([200, 'registry/2.0']);
    for (const path of ['/', '/v1/', '/v2/x', '/v2/a/referrer/b', '/v2']) {
      expect((await registry.fetch(path)).status).toBe(path === '/v2' ? 200 : 404);
    }
    for (const path of [
      '/v2/',
      '/v2/_catalog',
      '/v2/a/tags/list',
      '/v2/a/manifests/b',
      `/v2/a/blobs/${sha256('')}`,
    ]) {
      const response = await registry.fetch(path, { method: 'POST' });
      expect([response.status, response.headers.get('allow')]).toEqual([405, expect.stringContaining('GET')]);
    }
  });

  test('pages of another origin may read where allowOrigin says so, and read only (ATTACKS 98)', async () => {
    const kept = storage();
    const shared = repository(kept, { allowOrigin: 'https://a.example' });
    const asked = { method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'GET' } };
    const preflight = await shared.ask('manifests/v1', asked);
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, HEAD',
    ]);
    const read = await shared.ask('manifests/v1');
    expect(read.headers.get('access-control-allow-origin')).toBe('https://a.example');
    expect(read.headers.get('vary')).toContain('Origin');
    expect(read.headers.get('access-control-expose-headers')).toContain('Docker-Content-Digest');
    expect((await shared.begin()).headers.has('access-control-allow-origin')).toBe(false);
    const closed = repository(kept);
    expect((await closed.ask('manifests/v1')).headers.has('access-control-allow-origin')).toBe(false);
    expect((await closed.ask('manifests/v1', asked)).status).toBe(405);
  });
});
