// Headers with which a registry could keep a client busy for ever, or have it show what it was sent.

import { describe, expect, it } from 'vitest';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Registry } from '../../src/registry/registry.ts';
import { blobOf, noise } from './content.ts';

const MiB = 1024 * 1024;
const LOCATION = { Location: '/v2/a/blobs/uploads/1' };

/** A registry that takes nothing: it opens uploads with `headers`, and answers PATCH with `patch` and PUT with 413. */
function refusing(headers: Record<string, string>, patch: () => number): Registry {
  const statuses: Record<string, () => number> = { GET: () => 404, PATCH: patch };
  return new Registry({
    limits: { retryAfter: 1 },
    place: {
      fetch: async (_, init) => {
        const { method = 'GET', body } = init ?? {};
        if (body instanceof ReadableStream) await body.cancel();
        if (method === 'POST')
          return new Response(null, { status: 202, headers: { ...LOCATION, ...headers } });
        return new Response(null, { status: statuses[method]?.() ?? 413 });
      },
    },
  });
}

const push = (registry: Registry, blob: Awaited<ReturnType<typeof blobOf>>, signal?: AbortSignal) =>
  pushBlob(registry.repository('a').blobs, blob, blob.bytes, signal ? { signal } : {});

describe('a minimum of chunks', () => {
  it('that the registry itself refuses as too large ends the upload (ATTACKS 58)', async () => {
    let patches = 0;
    const control = new AbortController();
    const registry = refusing({ 'OCI-Chunk-Min-Length': `${8 * MiB}` }, () => {
      if (++patches >= 30) control.abort();
      return 413;
    });
    const pushed = push(registry, await blobOf(noise(9 * MiB)), control.signal);
    await expect(pushed).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
    expect(patches).toBeLessThan(30);
  });

  it.each(['4194304.5', '0x800000', '1e7', 'Infinity', '-1', ''])(
    'of "%s" is none (ATTACKS 58)',
    async (minimum) => {
      const registry = refusing({ 'OCI-Chunk-Min-Length': minimum }, () => 403);
      await expect(push(registry, await blobOf(noise(9 * MiB)))).rejects.toMatchObject({
        code: 'ACCESS_DENIED',
      });
    },
  );
});

it('a chunk on a slow line is not ended by the time for small answers', async () => {
  const registry = new Registry({
    limits: { total: 100, upload: 0, attempts: 1 },
    place: {
      fetch: async (_, init) => {
        if (init?.method === 'PATCH') await new Promise((resolve) => setTimeout(resolve, 300));
        const status = { POST: 202, PATCH: 202, PUT: 201 }[init?.method ?? ''] ?? 404;
        return new Response(null, { status, headers: LOCATION });
      },
    },
  });
  await push(registry, await blobOf(noise(100_000)));
});

it('what a registry echoes of a login in Warning and rate limits is not shown (ATTACKS 69)', async () => {
  const shown: string[] = [];
  const registry = new Registry({
    credentials: { username: 'fred', password: 'correct horse' },
    onWarning: (text) => shown.push(text),
    place: {
      fetch: async (_, init) => {
        const login = new Headers(init?.headers).get('authorization');
        if (login === null) {
          return new Response(null, { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } });
        }
        const headers = {
          Warning: `299 - "you sent ${login}"`,
          'RateLimit-Limit': '100',
          'RateLimit-Remaining': '1',
          'Docker-RateLimit-Source': login,
        };
        return new Response('{}', { status: 429, headers });
      },
    },
  });
  const failed = registry.repository('a').manifests.fetch('latest');
  const error = await failed.then(
    () => 'no error',
    (one: Error) => `${one.message} ${one.cause}`,
  );
  expect(shown.length).toBeGreaterThan(0);
  for (const text of [...shown, error]) expect(text).not.toContain(btoa('fred:correct horse'));
});
