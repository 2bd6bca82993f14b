// Parts that are loaded when they are needed, where that fails: a verdict is put off, and is never another one. Only Vitest
// itself can make it fail, so that this does not run in other runtimes (test/runtimes).
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Registry } from '../../src/registry/registry.ts';
import { importKey } from '../../src/tuf/keys.ts';

const parts = ['registry/auth', 'registry/refusal', 'registry/repeat', 'tuf/spki-keys'] as const;

afterEach(() => {
  for (const part of parts) vi.doUnmock(`../../src/${part}.ts`);
});

function lose(part: (typeof parts)[number]): void {
  vi.doMock(`../../src/${part}.ts`, () => {
    throw new TypeError('Failed to fetch dynamically imported module');
  });
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
    lose('tuf/spki-keys');
    const key = { keytype: 'rsa', scheme: 'rsassa-pss-sha256', keyval: { public: 'PEM' } };
    await expect(importKey(key)).rejects.toMatchObject(lost);
    expect(await importKey({ ...key, keytype: 'unknown' })).toBeUndefined();
  });

  it('a refusal is not taken for an absence', async () => {
    lose('registry/refusal');
    const fetch = async () => new Response('', { status: 403 });
    const { manifests } = new Registry({ place: 'registry.example.com', fetch }).repository('a');
    await expect(manifests.fetch('b')).rejects.toMatchObject(lost);
  });

  it('signing in fails, and goes on where it can be loaded again', async () => {
    const credentials = vi.fn(async () => ({ username: 'fred', password: 'x' }));
    const { manifests } = registryFor(credentials).repository('a');
    lose('registry/auth');
    await expect(manifests.fetch('b')).rejects.toMatchObject(lost);
    expect(credentials).not.toHaveBeenCalled();
    vi.doUnmock('../../src/registry/auth.ts');
    expect(await Promise.all([manifests.fetch('b'), manifests.fetch('c')])).toEqual([undefined, undefined]);
    expect(credentials).toHaveBeenCalledOnce();
  });
});

it('an abort ends the wait for a part that never comes', async () => {
  const load = vi.fn(() => new Promise<never>(() => undefined));
  vi.doMock('../../src/registry/repeat.ts', load);
  const fetch = async () => new Response('', { status: 503 });
  const { manifests } = new Registry({ place: 'registry.example.com', fetch }).repository('a');
  const control = new AbortController();
  const fetched = manifests.fetch('b', { signal: control.signal });
  await vi.waitFor(() => expect(load).toHaveBeenCalled());
  control.abort();
  await expect(fetched).rejects.toMatchObject({ code: 'ABORTED' });
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
