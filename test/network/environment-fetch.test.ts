// Proxies and certificate authorities, as the environment names them.
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { environmentFetch } from '../../adapters/node/environment-fetch.ts';
import { Registry } from '../../src/registry/registry.ts';
import { Authority, ForwardProxy, NAME, secureRegistry } from './machines.ts';

let authority: Authority;
let registry: Awaited<ReturnType<typeof secureRegistry>>;
beforeAll(async () => {
  authority = await Authority.make();
  registry = await secureRegistry(authority);
});
afterAll(async () => {
  await registry.stop();
  await authority.remove();
});

/** What a client in this environment gets for a tag that is not there: undefined, or an error where the way is barred. */
async function ask(place: string, variables: Record<string, string>): Promise<unknown> {
  const send = environmentFetch(variables);
  const client = new Registry({ place, ...(send && { fetch: send }), limits: { attempts: 1 } });
  return client.repository('fred/demo').manifests.fetch('none');
}

const trusting = () => ({ DTUF_CA_FILE: authority.file });
const through = (proxy: ForwardProxy, login = '') => `http://${login}127.0.0.1:${proxy.port}`;

describe('DTUF_CA_FILE', () => {
  it('lets a registry be reached whose authority nobody knows', async () => {
    const place = `https://localhost:${registry.port}`;
    expect(await ask(place, trusting())).toBeUndefined();
    await expect(ask(place, {})).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });

  it('trusts what NODE_EXTRA_CA_CERTS names as well', async () => {
    const other = await Authority.make();
    try {
      const both = { DTUF_CA_FILE: other.file, NODE_EXTRA_CA_CERTS: authority.file };
      expect(await ask(`https://localhost:${registry.port}`, both)).toBeUndefined();
      const one = { DTUF_CA_FILE: other.file };
      await expect(ask(`https://localhost:${registry.port}`, one)).rejects.toMatchObject({
        code: 'UNREACHABLE',
      });
    } finally {
      await other.remove();
    }
  });

  it.each([
    ['is not there', 'none.pem', undefined],
    ['holds no certificate', 'empty.pem', 'hello'],
  ])('that %s is refused, with the name of the file', async (_, name, content) => {
    const file = join(authority.folder, name);
    if (content !== undefined) await writeFile(file, content);
    const refused = ask(`https://localhost:${registry.port}`, { DTUF_CA_FILE: file });
    await expect(refused).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringMatching(new RegExp(`DTUF_CA_FILE.*${name}|${name}.*DTUF_CA_FILE`)),
    });
  });
});

describe('a proxy', () => {
  it.each(['HTTPS_PROXY', 'https_proxy'])(
    'is used for https where %s names it (ATTACKS 91)',
    async (variable) => {
      const proxy = await ForwardProxy.start({ https: registry.port });
      try {
        expect(await ask(`https://${NAME}`, { ...trusting(), [variable]: through(proxy) })).toBeUndefined();
        expect(new Set(proxy.asked)).toEqual(new Set([`CONNECT ${NAME}:443`]));
      } finally {
        await proxy.stop();
      }
    },
  );

  it.each(['HTTP_PROXY', 'http_proxy'])(
    'is used for http where %s names it, and not for https (ATTACKS 91)',
    async (variable) => {
      const proxy = await ForwardProxy.start({ https: registry.port, http: registry.plain });
      try {
        const variables = { ...trusting(), [variable]: through(proxy) };
        expect(await ask(`http://${NAME}`, variables)).toBeUndefined();
        expect(new Set(proxy.asked.map((one) => one.split('/v2/')[0]))).toEqual(
          new Set([`GET http://${NAME}`]),
        );
        await expect(ask(`https://${NAME}`, variables)).rejects.toMatchObject({ code: 'UNREACHABLE' });
        expect(proxy.asked.filter((one) => one.startsWith('CONNECT'))).toEqual([]);
      } finally {
        await proxy.stop();
      }
    },
  );

  it.each(['NO_PROXY', 'no_proxy'])(
    'is not used for hosts that %s excepts (ATTACKS 91)',
    async (variable) => {
      const proxy = await ForwardProxy.start({ https: registry.port });
      try {
        const variables = {
          ...trusting(),
          HTTPS_PROXY: through(proxy),
          [variable]: `other.invalid,.invalid`,
        };
        await expect(ask(`https://${NAME}`, variables)).rejects.toMatchObject({ code: 'UNREACHABLE' });
        expect(proxy.asked).toEqual([]);
      } finally {
        await proxy.stop();
      }
    },
  );

  it('is not used for loopback addresses', async () => {
    const proxy = await ForwardProxy.start({ https: registry.port });
    try {
      const variables = { ...trusting(), HTTPS_PROXY: through(proxy) };
      expect(await ask(`https://localhost:${registry.port}`, variables)).toBeUndefined();
      expect(proxy.asked).toEqual([]);
    } finally {
      await proxy.stop();
    }
  });

  it('gets the login that its address holds; a wrong one is told without the password (ATTACKS 69, 91)', async () => {
    const proxy = await ForwardProxy.start({ https: registry.port }, 'fred:a:b%c');
    try {
      const variables = (login: string) => ({ ...trusting(), HTTPS_PROXY: through(proxy, login) });
      expect(await ask(`https://${NAME}`, variables('fred:a%3Ab%25c@'))).toBeUndefined();
      const refused = ask(`https://${NAME}`, variables('fred:wrongpass@'));
      await expect(refused).rejects.toMatchObject({
        code: 'UNREACHABLE',
        message: expect.stringContaining('login'),
      });
      const told = await refused.catch((error: Error) => `${error.message} ${error.cause}`);
      expect(told).not.toContain('wrongpass');
    } finally {
      await proxy.stop();
    }
  });

  it('that is dead is told, with what to look at (ATTACKS 91)', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
    );
    await new Promise((resolve) => server.close(resolve));
    const dead = ask(`https://${NAME}`, { HTTPS_PROXY: `127.0.0.1:${port}` });
    await expect(dead).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(`proxy 127.0.0.1:${port}.*HTTPS_PROXY`),
    });
  });

  it('whose address is none is refused, without its text (ATTACKS 69)', () => {
    const make = () => environmentFetch({ HTTPS_PROXY: 'socks5://fred:secret@proxy' });
    expect(make).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
    expect(make).not.toThrow(/secret/);
  });
});

it('an environment that names neither leaves the fetch of the runtime as it is', () => {
  expect(environmentFetch({ NO_PROXY: '*', HTTPS_PROXY: '' })).toBeUndefined();
});
