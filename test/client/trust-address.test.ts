// Trust that is fetched from an address: by the page's own server, most often. It is the one thing that nothing else vouches for.
import { describe, expect, it } from 'vitest';
import { DTufCopy, memoryStore } from '../../src/index.ts';
import { NOW, repository } from '../tuf/repository.ts';
import { Place, REPOSITORY } from './place.ts';

const files = await repository().withTargets({ 'demo.txt': 'Hello' }).build();
const place = new Place();
await place.publish(files, [files.root], ['Hello']);

/** A client whose trust is to be fetched by `fetch`. */
function trusting(address: string, fetch: typeof globalThis.fetch): DTufCopy {
  return new DTufCopy({
    host: place,
    repository: REPOSITORY,
    store: memoryStore(),
    clock: () => NOW,
    trust: new URL(address),
    fetch,
    limits: { idle: 50, attempts: 1 },
  });
}

const silent = (init: RequestInit | undefined) =>
  new Promise<never>((_, reject) =>
    init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
  );

describe('a root.json that is fetched', () => {
  it('is what trust begins with, also through a redirect', async () => {
    const asked: string[] = [];
    const copy = trusting('https://example.com/root.json', async (input) => {
      asked.push(String(input));
      return String(input) === 'https://example.com/root.json'
        ? new Response(null, { status: 302, headers: { Location: 'https://cdn.example.com/root.json' } })
        : new Response(files.root);
    });
    expect((await copy.pullMetadata()).rootVersion).toBe(1);
    expect(asked).toEqual(['https://example.com/root.json', 'https://cdn.example.com/root.json']);
  });

  it('is not followed from https to http, where anybody on the way could put theirs (ATTACKS 56)', async () => {
    const asked: string[] = [];
    const copy = trusting('https://example.com/root.json', async (_, init) => {
      // As fetch does it: led on by itself, or told where to.
      if (init?.redirect !== 'manual') asked.push('http://example.com/root.json');
      return init?.redirect === 'manual'
        ? new Response(null, { status: 302, headers: { Location: 'http://example.com/root.json' } })
        : new Response(files.root);
    });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
    expect(asked).toEqual([]);
  });

  it.each([404, 500])('that is answered with %i is a clear error', async (status) => {
    const copy = trusting('https://example.com/root.json', async () => new Response('no', { status }));
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'UNREACHABLE', got: String(status) });
  });

  it('without end is given up at the bound (ATTACKS 37)', async () => {
    const endless = () =>
      new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    const copy = trusting('https://example.com/root.json', async () => new Response(endless()));
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it.each<[string, typeof globalThis.fetch]>([
    ['before its headers', (_, init) => silent(init)],
    ['after its headers', async () => new Response(new ReadableStream<Uint8Array>())],
  ])('from a server that is silent %s is given up (ATTACKS 38)', async (_, fetch) => {
    const copy = trusting('https://example.com/root.json', fetch);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'TIMED_OUT' });
  });

  it('is given up at once when the caller aborts (ATTACKS 38)', async () => {
    const control = new AbortController();
    const copy = trusting('https://example.com/root.json', async () => {
      control.abort();
      return new Response(new ReadableStream<Uint8Array>());
    });
    await expect(copy.pullMetadata({ signal: control.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each(['https://fred:hunter2@example.com/root.json', 'https://example.com/root.json?token=hunter2'])(
    'from %s tells no secret in its errors (ATTACKS 69)',
    async (address) => {
      const copy = trusting(address, (input, init) => {
        new Request(input, init);
        return Promise.resolve(new Response('no', { status: 404 }));
      });
      const error: unknown = await copy.pullMetadata().catch((thrown: unknown) => thrown);
      const chain: string[] = [];
      for (let one = error; one instanceof Error; one = one.cause)
        chain.push(`${one.message} ${JSON.stringify(one)}`);
      expect(chain.length).toBeGreaterThan(0);
      expect(chain.join('\n')).not.toContain('hunter2');
    },
  );
});
