// Parts that are loaded when they are needed, where that fails: a verdict is put off, and is never another one. Only Vitest
// itself can make it fail, so that this does not run in other runtimes (test/runtimes).
import { afterEach, describe, expect, it, vi } from 'vitest';
import { tellingCors } from '../../adapters/browser/cross-origin.ts';
import { indexedDbStore } from '../../adapters/browser/indexed-db-store.ts';
import { memoryStore } from '../../src/index.ts';
import { Registry } from '../../src/registry/registry.ts';
import { verifyEd25519 } from '../../src/tuf/ed25519.ts';
import { importKey } from '../../src/tuf/keys.ts';
import { client, Place, refreshed, stateOf } from '../client/place.ts';
import { keyNamed, repository } from '../tuf/repository.ts';

const mocked = new Set<string>();
/** End what is held back: of a module that was never loaded Vitest makes no other mock. */
const releases = new Set<() => void>();

afterEach(() => {
  for (const release of releases) release();
  releases.clear();
  for (const part of mocked) vi.doUnmock(part);
  mocked.clear();
  vi.restoreAllMocks();
});

/** @param part a module, as in `src/registry/auth`. @param load what becomes of it. */
function mock(part: string, load: () => Promise<never>): void {
  const path = `../../${part}.ts`;
  mocked.add(path);
  vi.doMock(path, load);
}

function lose(part: string): void {
  mock(part, async () => {
    throw new TypeError('Failed to fetch dynamically imported module');
  });
}

/** @returns what is called when somebody begins to wait for it. There can be one who waits. */
function holdBack(part: string) {
  const load = vi.fn(
    () =>
      new Promise<never>((_, reject) => {
        releases.add(() => reject(new Error('not held back any more')));
      }),
  );
  mock(part, load);
  return load;
}

const plain = repository().withTargets({ 'demo.txt': 'Hello' });
const EXPIRES = '2026-02-01T00:00:00Z';
const expired = { code: 'METADATA_EXPIRED', role: 'timestamp', clause: '5.4.4' };
/** Words of advice about what has expired. */
const ADVICE = 'has to sign it anew';

/** A client of a repository that has expired since its last refresh. */
async function atExpired({ idle = 30_000 } = {}) {
  const store = memoryStore();
  const { place } = await refreshed(await plain.with('timestamp', { expires: EXPIRES }).build(), { store });
  return client(place, { store, now: new Date(EXPIRES), limits: { idle } });
}

function warningRegistry(notices: string[], idle = 30_000) {
  const fetch = async () => new Response('', { status: 404, headers: { Warning: '299 - "moving"' } });
  const onWarning = (text: string) => notices.push(text);
  return new Registry({ place: 'registry.example.com', fetch, onWarning, limits: { idle } }).repository('a');
}

const lost = { name: 'DTufError', code: 'UNREACHABLE', message: expect.stringContaining('reload the page') };

/** A registry in which whoever is signed in finds nothing. */
function registryFor(credentials: () => Promise<{ username: string; password: string }>) {
  const fetch: typeof globalThis.fetch = async (_, init) =>
    new Headers(init?.headers).has('authorization')
      ? new Response('', { status: 404 })
      : new Response('', { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } });
  return new Registry({ place: 'registry.example.com', fetch, credentials, limits: { attempts: 1 } });
}

describe('where a part cannot be loaded', () => {
  it('a key that it would read is not taken for one that does not count', async () => {
    lose('src/tuf/spki-keys');
    const key = { keytype: 'rsa', scheme: 'rsassa-pss-sha256', keyval: { public: 'PEM' } };
    await expect(importKey(key)).rejects.toMatchObject(lost);
    expect(await importKey({ ...key, keytype: 'unknown' })).toBeUndefined();
  });

  it('a refusal is not taken for an absence', async () => {
    lose('src/registry/refusal');
    const fetch = async () => new Response('', { status: 403 });
    const { manifests } = new Registry({ place: 'registry.example.com', fetch }).repository('a');
    await expect(manifests.fetch('b')).rejects.toMatchObject(lost);
  });

  it('signing in fails, and goes on where it can be loaded again', async () => {
    const credentials = vi.fn(async () => ({ username: 'fred', password: 'x' }));
    const { manifests } = registryFor(credentials).repository('a');
    lose('src/registry/auth');
    await expect(manifests.fetch('b')).rejects.toMatchObject(lost);
    expect(credentials).not.toHaveBeenCalled();
    vi.doUnmock('../../src/registry/auth.ts');
    expect(await Promise.all([manifests.fetch('b'), manifests.fetch('c')])).toEqual([undefined, undefined]);
    expect(credentials).toHaveBeenCalledOnce();
  });

  it('targets that delegate are not read as if they did not', async () => {
    const delegating = plain.withRole('dev').delegating('targets', 'dev', { paths: ['dev/*'] });
    const files = await delegating.build();
    const [place, store] = [new Place(), memoryStore()];
    await place.publish(files, [files.root], ['Hello']);
    const copy = client(place, { trust: files.root, store });
    lose('src/tuf/delegations');
    await expect(copy.pullMetadata()).rejects.toMatchObject(lost);
    expect(Object.keys(await stateOf(store)).filter((name) => name.includes('targets'))).toEqual([]);
    await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject({ code: 'METADATA_MISSING' });
    vi.doUnmock('../../src/tuf/delegations.ts');
    expect((await copy.pullMetadata()).changed).toEqual(['demo.txt']);
  });

  it('a signature that it would verify is neither good nor bad', async () => {
    const { signer } = await keyNamed('root');
    const message = new TextEncoder().encode('Hello');
    const signature = Uint8Array.from(await signer.sign(message));
    const point = Uint8Array.from(Buffer.from(signer.key.keyval['public'] ?? '', 'hex'));
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('no', 'NotSupportedError'));
    expect(await verifyEd25519(point, message, signature)).toBe(true);
    lose('src/tuf/ed25519-noble');
    await expect(verifyEd25519(point, message, signature)).rejects.toMatchObject(lost);
    await expect(verifyEd25519(point, signature, signature)).rejects.toMatchObject(lost);
  });

  it('a refusal is told without its words of advice', async () => {
    const advised = (await atExpired()).pullMetadata();
    await expect(advised).rejects.toMatchObject({ ...expired, message: expect.stringContaining(ADVICE) });
    lose('src/client/refresh-advice');
    const plainly = (await atExpired()).pullMetadata();
    await expect(plainly).rejects.toMatchObject({ ...expired, message: expect.not.stringContaining(ADVICE) });
  });

  it('a layout that is not known stays refused', async () => {
    const later = { signed: (signed: object) => ({ ...signed, 'x-dtuf': { layout: 'later' } }) };
    const files = await plain.with('root', later).build();
    const place = new Place();
    await place.publish(files, [files.root], ['Hello']);
    lose('src/layout/layout-errors');
    await expect(client(place, { trust: files.root }).pullMetadata()).rejects.toMatchObject(lost);
  });

  it('a refresh does without what reads targets, and nothing is read', async () => {
    lose('src/client/reader');
    const { copy, place, before } = await refreshed(await plain.build());
    expect(Object.keys(before)).toContain('repository/metadata/current/targets.json');
    await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject(lost);
    await expect(copy.checkTarget('demo.txt', new Uint8Array())).rejects.toMatchObject(lost);
    expect(place.asked).toEqual([]);
    vi.doUnmock('../../src/client/reader.ts');
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
  });

  it('a large target is not asked for that nothing could verify', async () => {
    const length = 16 * 1024 * 1024 + 1;
    const entry = { length, hashes: { sha256: 'a'.repeat(64) } };
    const { copy, place } = await refreshed(await repository().withTargets({ 'large.bin': entry }).build());
    lose('src/content/verify-stream');
    const target = await copy.pullTarget('large.bin');
    await expect(target.bytes()).rejects.toMatchObject(lost);
    expect(place.asked).toEqual([]);
  });

  it('what a registry warns of is not shown, and fails nothing', async () => {
    lose('src/registry/notices');
    const notices: string[] = [];
    expect(await warningRegistry(notices).manifests.fetch('b')).toBeUndefined();
    expect(notices).toEqual([]);
  });

  it('a store that fails has failed', async () => {
    // Node has no IndexedDB.
    const read = () => indexedDbStore('demo').read(['root.json']);
    await expect(read()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
    lose('adapters/browser/indexed-db-error');
    await expect(read()).rejects.toMatchObject({ name: 'DTufError', code: 'STORAGE_FAILED' });
  });

  it('a request of a page fails as it failed', async () => {
    lose('adapters/browser/kept-back');
    const failure = new TypeError('Failed to fetch');
    const fetch = tellingCors(() => Promise.reject(failure));
    await expect(fetch('https://registry.example.com/v2/')).rejects.toBe(failure);
  });
});

describe('where a part never comes', () => {
  it('a refusal waits for its words of advice no longer than for a registry', async () => {
    const load = holdBack('src/client/refresh-advice');
    await expect((await atExpired({ idle: 50 })).pullMetadata()).rejects.toMatchObject(expired);
    expect(load).toHaveBeenCalledOnce();
  });

  it('a refusal is not taken for an abort', async () => {
    const load = holdBack('src/client/refresh-advice');
    const control = new AbortController();
    const copy = await atExpired();
    const refused = copy.pullMetadata({ signal: control.signal });
    await vi.waitFor(() => expect(load).toHaveBeenCalled());
    control.abort();
    await expect(refused).rejects.toMatchObject(expired);
  });

  it('a warning of a registry is not waited for longer than for a registry', async () => {
    const load = holdBack('src/registry/notices');
    const notices: string[] = [];
    expect(await warningRegistry(notices, 50).manifests.fetch('b')).toBeUndefined();
    expect(load).toHaveBeenCalledOnce();
    expect(notices).toEqual([]);
  });

  it('an abort ends the wait for what a registry warns of', async () => {
    const load = holdBack('src/registry/notices');
    const control = new AbortController();
    const fetched = warningRegistry([]).manifests.fetch('b', { signal: control.signal });
    await vi.waitFor(() => expect(load).toHaveBeenCalled());
    control.abort();
    await expect(fetched).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('an abort ends the wait for another attempt', async () => {
    const load = holdBack('src/registry/repeat');
    const fetch = async () => new Response('', { status: 503 });
    const { manifests } = new Registry({ place: 'registry.example.com', fetch }).repository('a');
    const control = new AbortController();
    const fetched = manifests.fetch('b', { signal: control.signal });
    await vi.waitFor(() => expect(load).toHaveBeenCalled());
    control.abort();
    await expect(fetched).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

it('a token that is set while the part that uses it is loaded is the one that is sent', async () => {
  const sent: (string | null)[] = [];
  const fetch: typeof globalThis.fetch = async (_, init) => {
    sent.push(new Headers(init?.headers).get('authorization'));
    return new Response('', { status: 404 });
  };
  const registry = new Registry({ place: 'registry.example.com', fetch, credentials: { token: 'old' } });
  const fetched = registry.repository('a').manifests.fetch('b');
  registry.token = 'new';
  expect(registry.token).toBe('new');
  await fetched;
  expect(new Set(sent)).toEqual(new Set(['Bearer new']));
});
