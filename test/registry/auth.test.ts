import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasBlob } from '../../src/registry/has-blob.ts';
import { listTags } from '../../src/registry/listing.ts';
import { ociManifestType } from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { Registry, type RegistryOptions } from '../../src/registry/registry.ts';
import { authenticate } from '../../src/registry/sign-in.ts';
import { blobOf, contentOf, noise } from './content.ts';
import { type DockerRegistry, describeWithDockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { answer, type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { everythingIn } from './secrets.ts';
import { all, pushImage } from './suite.ts';
import { startTokenServer, type TokenServer, usualBehaviour } from './token-server.ts';

const login = { username: 'fred', password: 'pass: wörd%#1' };
const wrong = { username: 'fred', password: 'not the password' };

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.unreachable('it was to be refused'),
    (error: unknown) => error,
  );
}

const basic = ({ username, password }: typeof login): string =>
  Buffer.from(`${username}:${password}`).toString('base64');

describeWithDockerRegistry('Basic authentication against htpasswd', () => {
  let docker: DockerRegistry;
  let proxy: FaultProxy;
  beforeAll(async () => {
    docker = await startDockerRegistry({ login });
    proxy = await startFaultProxy(docker.url);
  });
  afterAll(async () => {
    await proxy?.stop();
    await docker?.stop();
  });
  beforeEach(() => proxy.reset());

  it('a user with the right password pushes and pulls', async () => {
    const repository = new Registry({ place: docker.host, credentials: login }).repository('basic/right');
    const { bytes } = await pushImage(repository, noise(100));
    await pushManifest(repository.manifests, 'latest', bytes, ociManifestType);
    expect(await all(listTags(repository))).toEqual(['latest']);
  });

  it('a login is asked for once, and sent with each request after that', async () => {
    const { blobs } = new Registry({ place: proxy.host, credentials: login }).repository('basic/once');
    const blob = await blobOf(noise(100));
    await pushBlob(blobs, blob, blob.bytes);
    await blobs.fetch(blob);
    expect(proxy.seen.map(({ headers }) => headers.authorization !== undefined)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  });

  it('a wrong password is ACCESS_DENIED, asked once, and not in the error (ATTACKS 69)', async () => {
    const { manifests } = new Registry({ place: proxy.host, credentials: wrong }).repository('basic/wrong');
    const error = await errorOf(manifests.fetch('latest'));
    expect(error).toMatchObject({ code: 'ACCESS_DENIED' });
    expect(everythingIn(error)).not.toContain(wrong.password);
    expect(everythingIn(error)).not.toContain(basic(wrong));
    expect(proxy.seen).toHaveLength(2);
  });

  it('no login where one is wanted is ACCESS_DENIED', async () => {
    const { manifests } = new Registry({ place: docker.host }).repository('basic/none');
    await expect(manifests.fetch('latest')).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('wants a login'),
    });
  });

  it('authenticate checks the login and has no token', async () => {
    expect(
      await authenticate(new Registry({ place: docker.host, credentials: login }), 'a', ['pull']),
    ).toBeUndefined();
    const registry = new Registry({ place: docker.host, credentials: wrong });
    await expect(authenticate(registry, 'a', ['pull'])).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });
});

describeWithDockerRegistry('the token flow', () => {
  let docker: DockerRegistry;
  let tokens: TokenServer;
  let proxy: FaultProxy;
  beforeAll(async () => {
    tokens = await startTokenServer({ login, anonymousPull: true });
    docker = await startDockerRegistry({ token: tokens });
    proxy = await startFaultProxy(docker.url);
  });
  afterAll(async () => {
    await proxy?.stop();
    await docker?.stop();
    await tokens?.stop();
  });
  beforeEach(() => {
    tokens.requests.length = 0;
    tokens.behaviour = usualBehaviour;
    proxy.reset();
  });
  const registryWith = (options: Partial<RegistryOptions> = {}): Registry =>
    new Registry({ place: proxy.host, credentials: login, ...options });

  it('a user pushes and pulls, with one token for each scope', async () => {
    const repository = registryWith().repository('token/right');
    const { bytes } = await pushImage(repository, noise(100));
    await pushManifest(repository.manifests, 'latest', bytes, ociManifestType);
    await repository.manifests.fetch('latest');
    await all(listTags(repository));
    expect(tokens.requests.map(({ service, scopes }) => ({ service, scopes }))).toEqual([
      { service: tokens.service, scopes: ['repository:token/right:pull,push'] },
      { service: tokens.service, scopes: ['repository:token/right:pull'] },
    ]);
  });

  it('requests at the same time wait for one token', async () => {
    const repository = registryWith().repository('token/parallel');
    await Promise.all([1, 2, 3, 4, 5].map((tag) => repository.manifests.fetch(`v${tag}`)));
    expect(tokens.requests).toHaveLength(1);
  });

  it('without a login one may pull and not push', async () => {
    const pushing = registryWith().repository('token/anonymous');
    const blob = await blobOf(noise(100));
    await pushBlob(pushing.blobs, blob, blob.bytes);
    const anonymous = new Registry({ place: proxy.host }).repository('token/anonymous');
    expect(await hasBlob(anonymous.blobs, blob)).toBe(true);
    await expect(pushBlob(anonymous.blobs, blob, blob.bytes)).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    });
  });

  it('a wrong password is ACCESS_DENIED, also where the token server echoes it (ATTACKS 69)', async () => {
    const repository = registryWith({ credentials: wrong }).repository('token/wrong');
    const error = await errorOf(repository.manifests.fetch('latest'));
    expect(error).toMatchObject({ code: 'ACCESS_DENIED', message: expect.stringContaining('no such user') });
    expect(everythingIn(error)).not.toContain(wrong.password);
    expect(everythingIn(error)).not.toContain(basic(wrong));
    expect(tokens.requests).toHaveLength(1);
  });

  for (const fields of [['token'], ['access_token'], ['token', 'access_token']] as const) {
    it(`a token is read from ${fields.join(' and ')} (ATTACKS 84)`, async () => {
      tokens.behaviour = { ...usualBehaviour, fields, sayLifetime: false };
      const { manifests } = registryWith().repository('token/fields');
      expect(await manifests.fetch('latest')).toBeUndefined();
    });
  }

  it('a token server that sends no token is ACCESS_DENIED', async () => {
    tokens.behaviour = { ...usualBehaviour, fields: [] };
    const { manifests } = registryWith().repository('token/empty');
    await expect(manifests.fetch('latest')).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  it('a token that the registry no longer takes is replaced once (ATTACKS 84)', async () => {
    const registry = registryWith({ credentials: login });
    const { manifests } = registry.repository('token/expired');
    await manifests.fetch('latest');
    proxy.add({ path: /manifests/, times: 1, fault: challengeWith(tokens, 'error="invalid_token"') });
    expect(await manifests.fetch('latest')).toBeUndefined();
    expect(tokens.requests).toHaveLength(2);
  });

  it('a 401 in the middle of an upload gets a new token, and the source is opened again (ATTACKS 84, 90)', async () => {
    const { blobs } = registryWith().repository('token/short');
    const blob = await blobOf(noise(5_000_000));
    const content = contentOf(blob.bytes);
    proxy.add({ method: 'PUT', times: 1, fault: challengeWith(tokens, 'error="invalid_token"') });
    await pushBlob(blobs, blob, content);
    expect(content.opened).toBe(2);
    expect(tokens.requests).toHaveLength(2);
    expect(await hasBlob(blobs, blob)).toBe(true);
  });

  it('a token that has ended is replaced once, before it is sent (ATTACKS 84)', async () => {
    tokens.behaviour = { ...usualBehaviour, lifetime: 2 };
    const { manifests } = registryWith().repository('token/ended');
    await manifests.fetch('latest');
    proxy.reset();
    const now = performance.now();
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 5000);
    try {
      await Promise.all(['v1', 'v2', 'v3'].map((tag) => manifests.fetch(tag)));
    } finally {
      clock.mockRestore();
    }
    expect(tokens.requests).toHaveLength(2);
    expect(proxy.seen.every(({ headers }) => headers.authorization !== undefined)).toBe(true);
  });

  it('a registry that answers 401 for ever is ACCESS_DENIED after one more attempt (ATTACKS 58)', async () => {
    proxy.add({ path: /manifests/, fault: challengeWith(tokens, '') });
    const { manifests } = registryWith().repository('token/forever');
    await expect(manifests.fetch('latest')).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    expect(proxy.seen).toHaveLength(2);
  });

  it('two challenges in one header, the scheme in lower case, no service and no scope still work (ATTACKS 84)', async () => {
    const header = `Basic realm="a, b", bearer realm="${tokens.realm}"`;
    proxy.add({ path: /manifests/, times: 1, fault: answer(401, '', { 'WWW-Authenticate': header }) });
    const { manifests } = registryWith().repository('token/lenient');
    // Without its service the registry does not take the token: that it was asked for is what counts here.
    await manifests.fetch('latest').catch(() => undefined);
    expect(tokens.requests[0]).toMatchObject({ service: null, scopes: ['repository:token/lenient:pull'] });
  });

  it('a wider scope than needed is not asked for (ATTACKS 57)', async () => {
    proxy.add({
      path: /manifests/,
      times: 1,
      fault: challengeWith(tokens, 'scope="repository:other/secret:pull,push,delete registry:catalog:*"'),
    });
    const { manifests } = registryWith().repository('token/wide');
    await manifests.fetch('latest');
    expect(tokens.requests[0]?.scopes).toEqual(['repository:token/wide:pull']);
  });

  it('a token from outside is used as it is, and gone through authenticate', async () => {
    const token = await authenticate(registryWith(), 'token/given', ['pull', 'push']);
    expect(token).toBeDefined();
    if (token === undefined) return;
    tokens.requests.length = 0;
    const registry = registryWith({ credentials: { token } });
    const blob = await blobOf(noise(10));
    await pushBlob(registry.repository('token/given').blobs, blob, blob.bytes);
    expect(tokens.requests).toHaveLength(0);
    expect(registry.token).toBe(token);
  });

  it('a token from outside that the registry does not take is ACCESS_DENIED, and not in the error (ATTACKS 69)', async () => {
    const token = 'c2VjcmV0.c2VjcmV0.c2VjcmV0';
    const error = await errorOf(
      registryWith({ credentials: { token } }).repository('a').manifests.fetch('b'),
    );
    expect(error).toMatchObject({ code: 'ACCESS_DENIED' });
    expect(everythingIn(error)).not.toContain(token);
  });

  it('a function is asked for the login when one is wanted, and again when it was refused', async () => {
    const logins = [{ token: 'old' }, login];
    let asked = 0;
    const credentials = async () => logins[asked++];
    const { manifests } = registryWith({ credentials }).repository('token/function');
    expect(asked).toBe(0);
    await expect(manifests.fetch('latest')).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    expect(await manifests.fetch('latest')).toBeUndefined();
    expect(asked).toBe(2);
  });

  it('authHost takes the place of the host of the realm', async () => {
    const elsewhere = 'Bearer realm="http://127.0.0.1:1/token",service="test registry"';
    proxy.add({ path: /manifests/, times: 1, fault: answer(401, '', { 'WWW-Authenticate': elsewhere }) });
    const authHost = new URL(tokens.realm).host;
    expect(
      await registryWith({ authHost }).repository('token/host').manifests.fetch('latest'),
    ).toBeUndefined();
    expect(tokens.requests).toHaveLength(1);
  });
});

function challengeWith(tokens: TokenServer, rest: string): ReturnType<typeof answer> {
  const header = [`Bearer realm="${tokens.realm}"`, `service="${tokens.service}"`, rest]
    .filter(Boolean)
    .join(',');
  return answer(401, '', { 'WWW-Authenticate': header });
}

describe('a realm', () => {
  const realmOf = async (
    realm: string,
    place: string,
    options: Partial<RegistryOptions> = {},
  ): Promise<string[]> => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const url = String(input);
      const authorization = new Headers(init?.headers).get('authorization');
      asked.push(`${new URL(url).origin}${authorization === null ? '' : ' with a login'}`);
      if (url.startsWith(realm.split('?')[0] ?? '')) return Response.json({ token: 'abc' });
      if (authorization === 'Bearer abc') return new Response('{}', { status: 200 });
      return new Response('', { status: 401, headers: { 'WWW-Authenticate': `Bearer realm="${realm}"` } });
    };
    const registry = new Registry({ place, fetch, credentials: login, ...options });
    await registry.repository('a').manifests.fetch('b');
    return asked;
  };

  it('on another host gets the login where it is https (ATTACKS 57)', async () => {
    expect(await realmOf('https://auth.example.org/token?x=1', 'registry.example.com')).toEqual([
      'https://registry.example.com',
      'https://auth.example.org with a login',
      'https://registry.example.com with a login',
    ]);
  });

  for (const realm of [
    'http://auth.example.org/token',
    'http://registry.example.com/token',
    'http://localhost/token',
    'https://localhost/token',
    'https://127.0.0.1/token',
    'https://2130706433/token',
    'https://10.1.2.3/token',
    'https://169.254.169.254/token',
    'https://[::1]/token',
    'https://[::ffff:10.0.0.1]/token',
    'https://[fd00::1]/token',
    'https://user:secret@auth.example.org/token',
    'file:///etc/passwd',
    'ftp://auth.example.org/token',
    '/token',
    '',
  ]) {
    it(`${realm || 'without an address'} is refused, and sees nothing (ATTACKS 57)`, async () => {
      const asked: string[] = [];
      const fetch: typeof globalThis.fetch = async (input) => {
        asked.push(String(input));
        const headers = { 'WWW-Authenticate': `Bearer realm="${realm}"` };
        return new Response('', { status: 401, headers });
      };
      const registry = new Registry({ place: 'registry.example.com', fetch, credentials: login });
      const error = await errorOf(registry.repository('a').manifests.fetch('b'));
      expect(error).toMatchObject({ code: 'ACCESS_DENIED' });
      expect(everythingIn(error)).not.toContain('secret@');
      expect(asked).toHaveLength(1);
    });
  }

  it('in a private network is right where it is the registry itself, or named by authHost', async () => {
    expect(await realmOf('https://10.1.2.3/token', '10.1.2.3')).toHaveLength(3);
    expect(
      await realmOf('https://10.1.2.3/token', 'registry.example.com', { authHost: '10.1.2.3' }),
    ).toHaveLength(3);
  });

  it('on http is right for a registry on http, on the same host', async () => {
    const insecure = { insecure: true };
    expect(await realmOf('http://registry.lan/token', 'registry.lan', insecure)).toHaveLength(3);
    await expect(realmOf('http://auth.lan/token', 'registry.lan', insecure)).rejects.toMatchObject({
      code: 'ACCESS_DENIED',
    });
  });
});
