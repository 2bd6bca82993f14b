// The metadata of a plain TUF repository, over a real web server.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DTufCopy, DTufMaster, memoryLock, memoryStore } from '../../src/index.ts';
import { Place, client as registryClient, stateOf, tamper } from '../client/place.ts';
import { type Files, NOW, repository } from '../tuf/repository.ts';
import { at, client, status, Web } from './web.ts';

let web: Web;
beforeEach(async () => {
  web = await Web.start();
});
afterEach(() => web.stop());

const plain = () => repository().withTargets({ 'demo.txt': 'Hello' });
/** The next root of a repository in which names have no versions. */
const inconsistent = { signed: (signed: object) => ({ ...signed, consistent_snapshot: false }) };

async function published(): Promise<Files> {
  const files = await plain().build();
  await web.publish(files, [files.root], { 'demo.txt': 'Hello' });
  return files;
}

describe('a refresh over http', () => {
  it('asks for one file after the other, versions in their names, and for JSON', async () => {
    const { root } = await published();
    const { changed, rootVersion } = await client(web, { trust: root }).pullMetadata();
    expect([changed, rootVersion]).toEqual([['demo.txt'], 1]);
    const names = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json'];
    expect(web.asked).toEqual(names.map((name) => `/metadata/${name}`));
    expect(new Set(web.accepted)).toEqual(new Set(['application/json']));
  });

  it('asks for plain names where the root has no consistent snapshots', async () => {
    const files = await plain().with('root', inconsistent).build();
    await web.publish(files);
    await client(web, { trust: files.root }).pullMetadata();
    expect(web.asked.slice(2)).toEqual(['/metadata/snapshot.json', '/metadata/targets.json']);
  });

  it('goes by the last root, also where the one that is trusted says otherwise', async () => {
    const first = plain().with('root', inconsistent);
    const files = await plain().nextRoot().build();
    await web.publish(files, [await first.root(), files.root]);
    const progress: string[] = [];
    const { rootVersion } = await client(web, { trust: await first.root() }).pullMetadata({
      onProgress: ({ target }) => progress.push(target),
    });
    expect(rootVersion).toBe(2);
    expect(web.asked).toContain('/metadata/1.snapshot.json');
    expect(progress).toEqual(['2.root.json', 'timestamp.json', 'snapshot.json', 'targets.json']);
  });

  it('fetches nothing again that is stored and still current', async () => {
    const { root } = await published();
    const store = memoryStore();
    await client(web, { trust: root, store }).pullMetadata();
    web.asked.length = 0;
    await client(web, { store }).pullMetadata();
    expect(web.asked).toEqual(['/metadata/2.root.json', '/metadata/timestamp.json']);
  });

  it('takes an address without a slash at its end', async () => {
    const { root } = await published();
    const host = new URL(web.metadata.slice(0, -1));
    await client(web, { trust: root, host }).pullMetadata();
    expect(web.asked[0]).toBe('/metadata/2.root.json');
  });

  it('sends no login, and cannot be told one by the server', async () => {
    const { root } = await published();
    const seen: unknown[] = [];
    web.fault = (request) => seen.push(request.headers.authorization) === 0;
    await client(web, { trust: root }).pullMetadata();
    expect(new Set(seen)).toEqual(new Set([undefined]));
  });
});

describe('the next root', () => {
  it.each([404, 403])('is not there where its name answers %i (ATTACKS 81)', async (code) => {
    const { root } = await published();
    web.fault = at('/2.root.json', status(code));
    expect((await client(web, { trust: root }).pullMetadata()).rootVersion).toBe(1);
  });

  it.each([
    ['401', status(401), 'ACCESS_DENIED'],
    ['410', status(410), 'REGISTRY_FAILED'],
    ['500', status(500), 'REGISTRY_FAILED'],
    ['503', status(503), 'REGISTRY_FAILED'],
    ['204', status(204), 'REGISTRY_FAILED'],
    ['200 with HTML', status(200, '<!doctype html><h1>Welcome</h1>'), 'METADATA_INVALID'],
    ['200 with nothing', status(200), 'METADATA_INVALID'],
    ['with a reset', (response: { destroy(): void }) => response.destroy(), 'UNREACHABLE'],
    ['with silence', () => undefined, 'TIMED_OUT'],
  ] as const)('fails the refresh where its name answers %s (ATTACKS 81)', async (_, fail, code) => {
    const { root } = await published();
    web.fault = at('/2.root.json', fail);
    const store = memoryStore();
    const copy = client(web, { trust: root, store, limits: { idle: 200 } });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code });
    expect(await stateOf(store)).toEqual({});
  });

  it('is asked for no more often than the bound says', async () => {
    let now = plain();
    const roots = [await now.root()];
    for (let i = 0; i < 3; i++) {
      now = now.nextRoot();
      roots.push(await now.root());
    }
    const [first] = roots;
    await web.publish(await now.build(), roots);
    const copy = client(web, { trust: first ?? '', limits: { rootRotations: 2 } });
    expect((await copy.pullMetadata()).rootVersion).toBe(3);
    expect(web.asked.filter((path) => path.endsWith('root.json'))).toHaveLength(2);
  });
});

describe('a web server that fails', () => {
  it.each([
    ['timestamp.json', 404, 'METADATA_MISSING', 'timestamp'],
    ['timestamp.json', 403, 'ACCESS_DENIED', undefined],
    ['1.snapshot.json', 404, 'METADATA_MISSING', 'snapshot'],
    ['1.targets.json', 404, 'METADATA_MISSING', 'targets'],
    ['1.targets.json', 500, 'REGISTRY_FAILED', undefined],
  ])('at %s with %i is told, and the next refresh goes on (ATTACKS 58)', async (name, code, error, role) => {
    const { root } = await published();
    const store = memoryStore();
    web.fault = at(name, status(code));
    await expect(client(web, { trust: root, store }).pullMetadata()).rejects.toMatchObject({
      code: error,
      role,
    });
    web.fault = () => false;
    expect((await client(web, { trust: root, store }).pullMetadata()).changed).toEqual(['demo.txt']);
  });

  it('once is asked again (ATTACKS 58)', async () => {
    const { root } = await published();
    for (const fail of [status(503), (response: { destroy(): void }) => response.destroy()]) {
      let failed = false;
      web.fault = (request, response) => {
        if (failed || request.url !== '/metadata/timestamp.json') return false;
        failed = true;
        fail(response);
        return true;
      };
      await client(web, { trust: root }).pullMetadata();
      expect(failed).toBe(true);
    }
  });

  it.each([
    ['timestamp.json', 16 * 1024],
    ['1.snapshot.json', 2000],
    ['3.root.json', 4000],
  ])('with an endless %s is left at the bound (ATTACKS 37)', async (name, limit) => {
    const files = await plain().nextRoot().build();
    const [first] = [await plain().root()];
    await web.publish(files, [first, files.root]);
    web.fault = at(name, (response) => {
      const more = () => {
        while (!response.destroyed && response.write(' '.repeat(1000)));
      };
      response.on('drain', more);
      more();
    });
    const copy = client(web, { trust: first, limits: { root: 4000, snapshot: 2000 } });
    // The length of snapshot is signed, and is the bound then.
    await expect(copy.pullMetadata()).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining(name),
      ...(name === '1.snapshot.json' ? {} : { expected: `at most ${limit} bytes` }),
    });
  });

  it('with silence in the middle of a file is given up, and an abort counts at once (ATTACKS 38)', async () => {
    const { root } = await published();
    web.fault = at('timestamp.json', (response) => void response.writeHead(200).write('{'));
    const slow = client(web, { trust: root, limits: { idle: 200 } });
    await expect(slow.pullMetadata()).rejects.toMatchObject({ code: 'TIMED_OUT' });
    const control = new AbortController();
    web.fault = at('timestamp.json', () => control.abort());
    const call = client(web, { trust: root }).pullMetadata({ signal: control.signal });
    await expect(call).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it('by redirecting without end is given up, and one redirect is followed (ATTACKS 56)', async () => {
    const { root } = await published();
    web.fault = ({ url = '' }, response) => {
      if (!url.startsWith('/metadata/t')) return false;
      response.writeHead(302, { Location: url === '/metadata/timestamp.json' ? '/metadata/t2' : url }).end();
      return true;
    };
    await expect(client(web, { trust: root }).pullMetadata()).rejects.toMatchObject({
      code: 'REGISTRY_FAILED',
    });
    web.fault = at('/metadata/timestamp.json', (response) =>
      response.writeHead(307, { Location: '../elsewhere.json' }).end(),
    );
    await web.write('elsewhere.json', (await plain().build()).timestamp);
    await client(web, { trust: root }).pullMetadata();
    expect(web.asked).toContain('/elsewhere.json');
  });

  it.each(['http://example.com/x', 'file:///etc/passwd'])(
    'by sending us from https to %s is refused (ATTACKS 56)',
    async (location) => {
      const { root } = await published();
      const asked: string[] = [];
      const fetch = async (input: Request | string | URL) => {
        asked.push(String(input));
        return new Response(null, { status: 302, headers: { Location: location } });
      };
      const copy = client(web, { trust: root, fetch, host: 'https://example.com/metadata/' });
      await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
      expect(asked).toEqual(['https://example.com/metadata/2.root.json']);
    },
  );
});

describe('a root public key', () => {
  const pem = async () => {
    const { keyNamed } = await import('../tuf/repository.ts');
    const { signer } = await keyNamed('root');
    const hex = `302a300506032b6570032100${signer.key.keyval.public}`;
    return `-----BEGIN PUBLIC KEY-----\n${Buffer.from(hex, 'hex').toString('base64')}\n-----END PUBLIC KEY-----\n`;
  };

  it('is enough: the chain is walked from its first root', async () => {
    const now = plain().nextRoot();
    await web.publish(await now.build(), [await plain().root(), await now.root()]);
    expect((await client(web, { trust: await pem() }).pullMetadata()).rootVersion).toBe(2);
  });

  it('is told to be too little where there is no first root', async () => {
    await expect(client(web, { trust: await pem() }).pullMetadata()).rejects.toMatchObject({
      code: 'NOT_A_REPOSITORY',
      message: expect.stringContaining('root.json'),
    });
  });

  it('does not make us hold roots without end (ATTACKS 37)', async () => {
    const root = await plain().root();
    web.fault = (_, response) => {
      response.end(root);
      return true;
    };
    const copy = client(web, { trust: await pem(), limits: { memory: 3 * root.length } });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(web.asked).toHaveLength(4);
  });
});

describe('the layout', () => {
  it('is kept with the state: what was read from a registry is not read from a web server, nor the other way round', async () => {
    const files = await plain().build();
    const place = new Place();
    await place.publish(files, [files.root], ['Hello']);
    await web.publish(files, [files.root], { 'demo.txt': 'Hello' });
    const trust = files.root;
    const [native, http] = [memoryStore(), memoryStore()];
    await registryClient(place, { trust, store: native }).pullMetadata();
    await client(web, { trust, store: http }).pullMetadata();

    for (const copy of [
      client(web, { trust, store: native }),
      registryClient(place, { trust, store: http }),
    ]) {
      await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await copy.resetTrust();
      await copy.pullMetadata();
      expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
    }
    await expect(client(web, { store: http }).pullMetadata()).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });

  it('of a state that says nothing is that of a registry: python-dtuf’s', async () => {
    const files = await published();
    const store = memoryStore();
    await client(web, { trust: files.root, store }).pullMetadata();
    await tamper(store, { 'repository/dtuf.json': undefined });
    const copy = client(web, { store });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', expected: 'legacy' });
    await expect(copy.pullTarget('demo.txt')).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('is kept also by a refresh that failed after a root was verified', async () => {
    const now = plain().nextRoot();
    const trust = await plain().root();
    await web.publish(await now.build(), [trust, await now.root()]);
    const store = memoryStore();
    web.fault = at('timestamp.json', status(404));
    await expect(client(web, { trust, store }).pullMetadata()).rejects.toMatchObject({
      code: 'METADATA_MISSING',
    });
    web.fault = () => false;
    expect((await client(web, { store }).pullMetadata()).rootVersion).toBe(2);
  });

  it('http is not for publishing, and offers nothing that only registries do', async () => {
    const options = { host: web.metadata, layout: 'http', store: memoryStore() } as const;
    expect(() => new DTufMaster({ ...options, repository: 'fred/demo', lock: memoryLock() })).toThrow(
      expect.objectContaining({ code: 'NOT_SUPPORTED' }),
    );
    const copy = new DTufCopy(options);
    await expect(copy.authenticate()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(() => copy.listRepos()).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED' }));
    expect(web.asked).toEqual([]);
  });

  it.each([
    'example.com/metadata',
    'ftp://example.com/',
    'https://fred:pw@example.com/',
    'https://example.com/?x',
    'x',
  ])('http takes no %s for an address', (host) => {
    expect(() => client(web, { host })).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('http is what an address was when the client was made', async () => {
    const { root } = await published();
    const host = new URL(web.metadata);
    const copy = client(web, { trust: root, host });
    host.pathname = '/another/';
    await copy.pullMetadata();
    expect(web.asked.filter((path) => !path.startsWith('/metadata/'))).toEqual([]);
  });

  it('http alone does without the name of a repository', () => {
    expect(() => new DTufCopy({ host: 'localhost:5000', store: memoryStore(), clock: () => NOW })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }),
    );
  });
});
