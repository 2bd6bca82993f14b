import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Credentials } from '../../src/registry/credentials.ts';
import { hasBlob } from '../../src/registry/has-blob.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Registry } from '../../src/registry/registry.ts';
import { authenticate, checkLogin } from '../../src/registry/sign-in.ts';
import { blobOf, contentOf, expectSame, noise } from './content.ts';
import { type DockerRegistry, describeWithDockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { answer, cutAfter, type Fault, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { everythingIn } from './secrets.ts';
import { startTokenServer, type TokenServer, usualBehaviour } from './token-server.ts';

interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly authorization: string | null;
  readonly form: URLSearchParams | undefined;
}

/** A registry of which all manifests are missing, and its token server, which answers as it is told. */
function pretend(
  tokens: (asked: Asked) => Response,
  challenge = 'Bearer realm="https://auth.example.org/t",service="a b"',
) {
  const asked: Asked[] = [];
  const fetch: typeof globalThis.fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    const authorization = new Headers(init.headers).get('authorization');
    if (url.host !== 'auth.example.org') {
      if (authorization?.startsWith('Bearer ')) return new Response('', { status: 404 });
      return new Response('', { status: 401, headers: { 'WWW-Authenticate': challenge } });
    }
    const form =
      init.method === 'POST' ? new URLSearchParams(await new Response(init.body).text()) : undefined;
    const one = { method: init.method ?? 'GET', url, authorization, form };
    asked.push(one);
    return tokens(one);
  };
  const open = (credentials: Credentials) =>
    new Registry({ place: 'registry.example.com', fetch, credentials });
  return { asked, open };
}

const granted = (more = {}) => Response.json({ access_token: 'opaque', ...more });
const identityToken = 'id+ent/ity token&1';
const basicOf = (username: string, password: string) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

describe('an identity token', () => {
  it('is sent by POST to the token server, with a blank in the service, and nowhere else (ATTACKS 84)', async () => {
    const { asked, open } = pretend(() => granted());
    await open({ identityToken }).repository('a').manifests.fetch('b');
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({ method: 'POST', authorization: null });
    expect(asked[0]?.url.search).toBe('');
    expect(Object.fromEntries(asked[0]?.form ?? [])).toEqual({
      grant_type: 'refresh_token',
      client_id: 'dtuf',
      service: 'a b',
      scope: 'repository:a:pull',
      refresh_token: identityToken,
    });
  });

  it.each([400, 401, 404, 405])(
    'goes by GET in the place of a password where a POST is answered by %d (ATTACKS 84)',
    async (status) => {
      const { asked, open } = pretend(({ method }) =>
        method === 'POST' ? new Response('', { status }) : granted(),
      );
      await open({ identityToken, username: 'fred' }).repository('a').manifests.fetch('b');
      expect(asked.map(({ method, authorization }) => [method, authorization])).toEqual([
        ['POST', null],
        ['GET', basicOf('fred', identityToken)],
      ]);
    },
  );

  it('without a user name has the name that keychains give it', async () => {
    const { asked, open } = pretend(({ method }) =>
      method === 'POST' ? new Response('', { status: 405 }) : granted(),
    );
    await open({ identityToken }).repository('a').manifests.fetch('b');
    expect(asked[1]?.authorization).toBe(basicOf('<token>', identityToken));
  });

  it('that was taken back is ACCESS_DENIED, says what to do, and is in no error, however it is echoed (ATTACKS 69)', async () => {
    const { open } = pretend(({ form, authorization }) =>
      Response.json(
        { errors: [{ code: 'DENIED', message: `${form} ${authorization} ${identityToken}` }] },
        { status: 401 },
      ),
    );
    const error = await open({ identityToken })
      .repository('a')
      .manifests.fetch('b')
      .catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'ACCESS_DENIED', message: expect.stringContaining('Log in anew') });
    for (const form of [identityToken, 'id%2Bent', basicOf('<token>', identityToken).slice(6)]) {
      expect(everythingIn(error)).not.toContain(form);
    }
  });

  it('that the server replaces is not used again', async () => {
    let next = 0;
    const { asked, open } = pretend(() => granted({ refresh_token: `next ${next++}` }));
    const registry = open({ identityToken });
    for (const name of ['a', 'b', 'c']) await registry.repository(name).manifests.fetch('x');
    expect(asked.map(({ form }) => form?.get('refresh_token'))).toEqual([identityToken, 'next 0', 'next 1']);
  });

  it('is not sent by GET after a failure that says nothing of POST', async () => {
    const { asked, open } = pretend(() => new Response('', { status: 403 }));
    await expect(open({ identityToken }).repository('a').manifests.fetch('b')).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    });
    expect(asked.map(({ method }) => method)).toEqual(['POST']);
  });
});

describe('credentials that are a function', () => {
  it('are told the host and the repository, once for each', async () => {
    const wanted: unknown[] = [];
    const { asked, open } = pretend(() => granted());
    const registry = open(async (one) => {
      wanted.push(one);
      return { username: one.repository ?? '', password: 'x' };
    });
    for (const name of ['a', 'b/c', 'a']) await registry.repository(name).manifests.fetch('x');
    const host = 'registry.example.com';
    expect(wanted).toEqual([
      { host, repository: 'a' },
      { host, repository: 'b/c' },
    ]);
    expect(asked.map(({ authorization }) => authorization)).toEqual([basicOf('a', 'x'), basicOf('b/c', 'x')]);
  });

  it('are not asked where the registry asks for no login', async () => {
    const credentials = vi.fn(async () => undefined);
    const fetch: typeof globalThis.fetch = async () => new Response('', { status: 404 });
    await new Registry({ place: 'localhost', fetch, credentials }).repository('a').manifests.fetch('b');
    expect(credentials).not.toHaveBeenCalled();
  });

  it('are asked once where a token ends early, since that says nothing against the login', async () => {
    const credentials = vi.fn(async () => ({ username: 'fred', password: 'x' }));
    const [ended, challenge] = [new Set<string>(), 'Bearer realm="https://auth.example.org/t"'];
    let made = 0;
    const fetch: typeof globalThis.fetch = async (input, init) => {
      if (String(input).startsWith('https://auth.')) return Response.json({ token: `t${made++}` });
      const used = new Headers(init?.headers).get('authorization');
      if (used && !ended.has(used)) {
        ended.add(used);
        return new Response('', { status: 404 });
      }
      return new Response('', { status: 401, headers: { 'WWW-Authenticate': challenge } });
    };
    const { blobs } = new Registry({ place: 'registry.example.com', fetch, credentials }).repository('a');
    const blob = await blobOf(noise(10));
    for (let i = 0; i < 3; i++) expect(await hasBlob(blobs, blob)).toBe(false);
    expect(made).toBe(3);
    expect(credentials).toHaveBeenCalledTimes(1);
  });

  it('that know nobody leave the request to anonymous tokens', async () => {
    const { asked, open } = pretend(() => granted());
    await open(async () => undefined)
      .repository('a')
      .manifests.fetch('b');
    expect(asked.map(({ method, authorization }) => [method, authorization])).toEqual([['GET', null]]);
  });

  it('that know nobody where there are no anonymous tokens are told that a login is wanted', async () => {
    const { open } = pretend(() => new Response('', { status: 401 }));
    await expect(
      open(async () => undefined)
        .repository('a')
        .manifests.fetch('b'),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED', message: expect.stringContaining('wants a login') });
  });

  it('that fail are asked again by the next request', async () => {
    let asked = 0;
    const { open } = pretend(() => granted());
    const { manifests } = open(async () => {
      if (asked++ === 0) throw new Error('locked');
      return { username: 'fred', password: 'x' };
    }).repository('a');
    await expect(manifests.fetch('b')).rejects.toThrow('locked');
    expect(await manifests.fetch('b')).toBeUndefined();
  });
});

describe('a check of the login', () => {
  const registryWith = (respond: (authorization: string | null) => Response) => {
    const fetch: typeof globalThis.fetch = async (_, init) =>
      respond(new Headers(init?.headers).get('authorization'));
    return new Registry({ place: 'localhost', fetch, credentials: { username: 'fred', password: 'right' } });
  };
  const challenge = { 'WWW-Authenticate': 'Basic realm="x"' };

  it('is made also where the registry answers 200, and names a way to sign in (ATTACKS 84)', async () => {
    const zot = (right: string) => (authorization: string | null) =>
      authorization === null || authorization === basicOf('fred', right)
        ? new Response('', { headers: challenge })
        : new Response('', { status: 401, headers: challenge });
    expect(await checkLogin(registryWith(zot('right')))).toBe(true);
    await expect(checkLogin(registryWith(zot('other')))).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    expect(await authenticate(registryWith(zot('right')), 'a', ['pull'])).toBeUndefined();
    await expect(authenticate(registryWith(zot('other')), 'a', ['pull'])).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    });
  });

  it('without a login leaves it there, where the registry answers 200', async () => {
    const fetch: typeof globalThis.fetch = async () => new Response('', { headers: challenge });
    expect(await authenticate(new Registry({ place: 'localhost', fetch }), 'a', ['pull'])).toBeUndefined();
  });

  it('says so where the registry asks for no login', async () => {
    expect(await checkLogin(registryWith(() => new Response('')))).toBe(false);
  });

  it('is refused by what is no registry', async () => {
    await expect(checkLogin(registryWith(() => new Response('', { status: 404 })))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
  });

  it.each([
    ['a check', (registry: Registry) => checkLogin(registry)],
    ['signing in', (registry: Registry) => authenticate(registry, 'a', ['pull'])],
  ])('what the registry knew before %s gets into no error and no warning (ATTACKS 69)', async (_, signIn) => {
    const said: string[] = [];
    const fetch: typeof globalThis.fetch = async () =>
      Response.json(
        { errors: [{ code: 'DENIED', message: 'I know hunter2' }] },
        { status: 400, headers: { Warning: '299 - "it is hunter2"' } },
      );
    const registry = new Registry({
      place: 'localhost',
      fetch,
      credentials: { username: 'fred', password: 'hunter2' },
      onWarning: (text) => said.push(text),
    });
    await signIn(registry).catch((error: unknown) => said.push(everythingIn(error)));
    expect(said).toHaveLength(2);
    expect(said.join()).toContain('***');
    expect(said.join()).not.toContain('hunter2');
  });

  it('asks a token server for no right', async () => {
    const { asked, open } = pretend(() => granted());
    // Who has a token here gets 404 for everything.
    await expect(checkLogin(open({ username: 'fred', password: 'x' }))).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    await expect(checkLogin(open({ identityToken }))).rejects.toMatchObject({ code: 'NOT_FOUND' });
    expect(asked.map(({ url, form }) => (form ?? url.searchParams).has('scope'))).toEqual([false, false]);
  });
});

it('a token server that answers without end is given up at the bound', async () => {
  const { open } = pretend(() => new Response('x'.repeat(2 * 1024 * 1024)));
  await expect(
    open({ username: 'fred', password: 'x' }).repository('a').manifests.fetch('b'),
  ).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  });
});

it('Docker Hub is reached where its registry is', async () => {
  const asked: string[] = [];
  const fetch: typeof globalThis.fetch = async (input) => {
    asked.push(new URL(String(input)).host);
    return new Response('', { status: 404 });
  };
  for (const place of ['docker.io', 'https://index.docker.io']) {
    await new Registry({ place, fetch }).repository('a').manifests.fetch('b');
  }
  expect(new Set(asked)).toEqual(new Set(['registry-1.docker.io']));
});

describeWithDockerRegistry('a token that lives 2 seconds', () => {
  const login = { username: 'fred', password: 'correct-horse' };
  const size = 6_000_000;
  let docker: DockerRegistry;
  let tokens: TokenServer;
  let proxy: FaultProxy;
  /** Milliseconds that the clock of this process is ahead: it is turned in the place of waiting. */
  let ahead = 0;
  beforeAll(async () => {
    tokens = await startTokenServer({ login, identityToken });
    docker = await startDockerRegistry({ token: tokens });
    proxy = await startFaultProxy(docker.url);
  });
  afterAll(async () => {
    await proxy?.stop();
    await docker?.stop();
    await tokens?.stop();
  });
  beforeEach(() => {
    ahead = 0;
    tokens.requests.length = 0;
    tokens.behaviour = { ...usualBehaviour, lifetime: 2 };
    proxy.reset();
    const [now, date] = [performance.now.bind(performance), Date.now];
    vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
    vi.spyOn(Date, 'now').mockImplementation(() => date() + ahead);
    // docker-registry gives tokens a minute more than they have; others do not.
    proxy.add({ fault: refuseEndedTokens(tokens) });
  });
  afterEach(() => void vi.restoreAllMocks());

  /** Takes long to be read, from when its upload has begun. */
  function slow(bytes: Uint8Array<ArrayBuffer>) {
    const begun = new Promise<void>((resolve) =>
      proxy.add({
        method: 'PUT',
        times: 1,
        fault: (exchange) => {
          resolve();
          refuseEndedTokens(tokens)(exchange);
        },
      }),
    );
    const { length, open } = contentOf(bytes, size / 4);
    // A request goes out with its first piece.
    const delay = (first = true) =>
      new TransformStream<Uint8Array, Uint8Array>({
        async transform(chunk, controller) {
          controller.enqueue(chunk);
          if (!first) ahead += 2000;
          first = false;
          await begun;
        },
      });
    return { length, open: async () => (await open()).pipeThrough(delay()) };
  }

  it.each([
    ['a password', login],
    ['an identity token', { identityToken }],
  ])('is renewed by %s through slow pushes (ATTACKS 84)', async (_, credentials) => {
    const { blobs } = new Registry({ place: proxy.host, credentials }).repository('slow/push');
    const begin: Fault = (exchange) => {
      refuseEndedTokens(tokens)(exchange);
      ahead += 3000;
    };
    proxy.add({ method: 'POST', fault: begin });
    for (const seed of [1, 2]) {
      const blob = await blobOf(noise(size, seed));
      await pushBlob(blobs, blob, slow(blob.bytes));
      expect(await hasBlob(blobs, blob)).toBe(true);
    }
    // One for each of: POST, PUT, the look whether it is there.
    expect(tokens.requests.length).toBeGreaterThanOrEqual(4);
  });

  it('is renewed through a slow pull that breaks off again and again (ATTACKS 84)', async () => {
    const { blobs } = new Registry({ place: proxy.host, credentials: login }).repository('slow/pull');
    const blob = await blobOf(noise(size, 3));
    await pushBlob(blobs, blob, blob.bytes);
    tokens.requests.length = 0;
    const cut = cutAfter(2_500_000);
    proxy.add({
      method: 'GET',
      path: /blobs/,
      times: 4,
      fault: (exchange) => {
        if (isEnded(exchange.request.headers.authorization)) return refuseEndedTokens(tokens)(exchange);
        ahead += 3000;
        cut(exchange);
      },
    });
    expectSame(await blobs.fetch(blob), blob.bytes);
    expect(tokens.requests.length).toBeGreaterThan(1);
  });
});

/** Whether the `exp` of a token has passed (RFC 7519, 4.1.4). */
function isEnded(authorization: string | undefined): boolean {
  const [, payload] = /^Bearer [^.]+\.([^.]+)\./.exec(authorization ?? '') ?? [];
  if (payload === undefined) return false;
  const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { exp: number };
  return Date.now() / 1000 > exp;
}

function refuseEndedTokens(tokens: TokenServer): Fault {
  const header = `Bearer realm="${tokens.realm}",service="${tokens.service}",error="invalid_token"`;
  const refuse = answer(401, '', { 'WWW-Authenticate': header });
  return (exchange) =>
    isEnded(exchange.request.headers.authorization) ? refuse(exchange) : exchange.forward();
}
