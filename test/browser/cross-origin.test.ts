// How a page tells a server that keeps its answers from it (CORS) from one that is not there.
import { afterEach, expect, it, vi } from 'vitest';
import { tellingCors } from '../../adapters/browser/cross-origin.ts';

const ADDRESS = 'https://registry.example.com/v2/';

/** Of what a server allows pages; the rest fails as browsers let it fail. It is there for whoever reads no answer. */
function serverThatAllows(allowed: (init: RequestInit) => boolean) {
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(new Response());
  return tellingCors(async (_, init = {}) => {
    if (!allowed(init)) throw new TypeError('Failed to fetch');
    return new Response();
  });
}

afterEach(() => vi.restoreAllMocks());

const keptBack = { code: 'UNREACHABLE', message: expect.stringContaining('CORS') };

it('a registry that pages may read, and not write to, says so', async () => {
  const fetch = serverThatAllows(({ method = 'GET' }) => method === 'GET');
  await fetch(ADDRESS);
  await expect(fetch(ADDRESS, { method: 'POST' })).rejects.toMatchObject(keptBack);
});

it('a registry that pages may read, and not sign in to, says so', async () => {
  const fetch = serverThatAllows(({ headers }) => !new Headers(headers).has('authorization'));
  await fetch(ADDRESS);
  await expect(fetch(ADDRESS, { headers: { Authorization: 'Bearer x' } })).rejects.toMatchObject(keptBack);
});

it('a connection that breaks off where the page was answered before is that, and no CORS', async () => {
  let isBroken = false;
  const fetch = serverThatAllows(() => !isBroken);
  for (const init of [{}, { method: 'PUT' }]) {
    isBroken = false;
    await fetch(ADDRESS, init);
    isBroken = true;
    await expect(fetch(ADDRESS, init)).rejects.toBeInstanceOf(TypeError);
  }
});
