import { afterEach, describe, expect, it, vi } from 'vitest';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Registry } from '../../src/registry/registry.ts';
import { canStreamUploads } from '../../src/registry/upload-abilities.ts';
import { blobOf, contentOf, expectSame, noise } from './content.ts';

/** The runtimes that a test in Node does not meet, by what their fetch does. */

afterEach(() => vi.unstubAllGlobals());

/** What a page gets for `redirect: 'manual'`. */
function opaqueRedirect(): Response {
  return Object.defineProperties(new Response(), {
    type: { value: 'opaqueredirect' },
    status: { value: 0 },
    ok: { value: false },
  });
}

function reachedAt(url: string, response: Response): Response {
  return Object.defineProperties(response, { url: { value: url }, redirected: { value: true } });
}

describe('where redirects are hidden, as in a page', () => {
  const readThrough = async (end: string, bytes: Uint8Array<ArrayBuffer>) => {
    const modes: (string | undefined)[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      modes.push(init?.redirect);
      return init?.redirect === 'follow' ? reachedAt(end, new Response(bytes)) : opaqueRedirect();
    };
    const { blobs } = new Registry({ place: 'registry.example.com', fetch }).repository('a');
    const blob = await blobOf(bytes);
    expectSame(await blobs.fetch(blob), bytes);
    await blobs.fetch(blob);
    return modes;
  };

  it('the runtime follows them, and is not asked to show them again', async () => {
    expect(await readThrough('https://storage.example.org/x', noise(100))).toEqual([
      'manual',
      'follow',
      'follow',
    ]);
  });

  it('one from https to http is refused all the same (ATTACKS 56)', async () => {
    await expect(readThrough('http://storage.example.org/x', noise(100))).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
    });
  });
});

describe('an upload', () => {
  /** A registry that takes what it gets. @returns the bodies of the PUTs. */
  const upload = async (length: number): Promise<{ bodies: unknown[]; redirects: unknown[] }> => {
    const [bodies, redirects]: [unknown[], unknown[]] = [[], []];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      if (init?.method === 'POST') return new Response('', { status: 202, headers: { Location: '/up' } });
      bodies.push(init?.body);
      redirects.push(init?.redirect);
      if (init?.body instanceof ReadableStream) await new Response(init.body).arrayBuffer();
      return new Response('', { status: 201 });
    };
    const blob = await blobOf(noise(length));
    await pushBlob(
      new Registry({ place: 'localhost', fetch }).repository('a').blobs,
      blob,
      contentOf(blob.bytes),
    );
    return { bodies, redirects };
  };

  it('of a large file is a stream that is not kept for a redirect (ATTACKS 90)', async () => {
    expect(canStreamUploads()).toBe(true);
    const { bodies, redirects } = await upload(5_000_000);
    expect(bodies[0]).toBeInstanceOf(ReadableStream);
    expect(redirects).toEqual(['error']);
  });

  it('of a small file is no stream', async () => {
    expect((await upload(4_000_000)).bodies[0]).toBeInstanceOf(Blob);
  });

  const runtimes: readonly [string, () => Headers][] = [
    ['turns streams into text', () => new Headers({ 'Content-Type': 'text/plain', 'Content-Length': '1' })],
    ['keeps Content-Length to itself', () => new Headers()],
  ];
  for (const [what, headersOf] of runtimes) {
    it(`is no stream where the runtime ${what}`, async () => {
      vi.stubGlobal(
        'Request',
        class extends Request {
          override readonly headers: Headers;
          constructor(input: RequestInfo | URL, init?: RequestInit) {
            super(input, init);
            this.headers = init?.body instanceof ReadableStream ? headersOf() : new Headers(init?.headers);
          }
        },
      );
      const { bodies } = await upload(5_000_000);
      expect(bodies[0]).toBeInstanceOf(Blob);
      expect(bodies[0]).toHaveProperty('size', 5_000_000);
    });
  }

  it('has its redirects refused by us where the runtime cannot refuse them', async () => {
    stubRequest('redirect', 'error');
    expect((await upload(5_000_000)).redirects).toEqual(['manual']);
  });
});

describe('where requests have no cache mode', () => {
  it('none is sent', async () => {
    stubRequest('cache', 'no-cache');
    const sent: boolean[] = [];
    const fetch: typeof globalThis.fetch = async (_, init) => {
      sent.push(init !== undefined && 'cache' in init);
      return new Response('', { status: 404 });
    };
    expect(
      await new Registry({ place: 'localhost', fetch }).repository('a').manifests.fetch('b'),
    ).toBeUndefined();
    expect(sent).toEqual([false, false]);
  });
});

/** A runtime whose Request throws at one value of an option. */
function stubRequest(option: 'cache' | 'redirect', value: string): void {
  vi.stubGlobal(
    'Request',
    class extends Request {
      constructor(input: RequestInfo | URL, init?: RequestInit) {
        if (init?.[option] === value) throw new TypeError(`${option} is not implemented`);
        super(input, init);
      }
    },
  );
}
