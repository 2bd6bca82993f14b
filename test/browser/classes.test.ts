// DTufCopy and DTufMaster of a page, with the state where a page keeps it.
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import * as page from '../../adapters/browser/index.ts';
import { mixedContent } from '../../adapters/browser/mixed-content.ts';
import * as worker from '../../adapters/browser/worker.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import type { Place } from '../../src/index.ts';
import * as core from '../../src/index.ts';
import { bytesOf, namesOf, publisher } from '../core/people.ts';
import { newRepository } from '../core/places.ts';
import { catchDownloads } from './downloads.ts';
import {
  cleanUp,
  clearSiteData,
  deleteDatabase,
  newDatabase,
  openDatabase,
  randomBytes,
  spoolNames,
  spoolsFolder,
} from './storage.ts';

const MiB = 1024 * 1024;

afterEach(async () => {
  await cleanUp();
  await clearSiteData();
});

const address = inject('dockerRegistry');

describe.skipIf(address === undefined)('a page and a real registry', () => {
  const host = address ?? '';

  it('trust and what was pulled are kept from one visit to the next', async () => {
    const { master, repository, rootKey } = await publisher(host);
    await master.pushTarget('demo.txt', bytesOf('Hello World!\n'));
    await master.pushMetadata();
    const first = new page.DTufCopy({ host, repository, trust: rootKey });
    expect(first.persistent).toBe(true);
    expect((await first.pullMetadata()).changed).toEqual(['demo.txt']);
    expect(await (await first.pullTarget('demo.txt')).text()).toBe('Hello World!\n');

    const second = new page.DTufCopy({ host, repository });
    expect(await (await second.pullTarget('demo.txt')).text()).toBe('Hello World!\n');
    expect((await second.pullMetadata()).changed).toEqual([]);
  });

  it('a page and a worker share the state', async () => {
    const { master, repository, rootKey } = await publisher(host);
    await master.pushTarget('demo.txt', bytesOf('data'));
    await master.pushMetadata();
    await new page.DTufCopy({ host, repository, trust: rootKey }).pullMetadata();
    expect(await namesOf(new worker.DTufCopy({ host, repository }).listTargets())).toEqual(['demo.txt']);
  });

  it('the same registry written in two ways has one state, another repository has its own', async () => {
    const { master, repository, rootKey } = await publisher(host);
    await master.pushMetadata();
    await new page.DTufCopy({ host, repository, trust: rootKey }).pullMetadata();
    const short = host.replace('http://', '');
    expect(await namesOf(new page.DTufCopy({ host: short, repository }).listTargets())).toEqual([]);
    const other = new page.DTufCopy({ host, repository: newRepository() });
    await expect(other.getExpirations()).rejects.toMatchObject({ code: 'METADATA_MISSING' });
  });

  it('static files beside the page are named by an address that is relative to it', async () => {
    const asked: string[] = [];
    const copy = new page.DTufCopy({
      host: './metadata/bundle.json',
      layout: 'http',
      trust: '{}',
      fetch: async (input) => {
        asked.push(String(input));
        return new Response('', { status: 404 });
      },
    });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_MISSING' });
    const base = globalThis.document?.baseURI ?? location.href;
    expect(asked).toEqual([new URL('metadata/bundle.json', base).href]);
    const bare = { host: 'example.com/metadata/', layout: 'http' } as const;
    expect(() => new page.DTufCopy(bare)).toThrow(/is named by the address/);
  });

  it.each([
    ['a page', page],
    ['a worker', worker],
  ])(
    'nothing that %s asks for is taken from the browser’s cache, where it may be a lie of yesterday (ATTACKS 34)',
    async (_, entry) => {
      const { master, repository, rootKey } = await publisher(host);
      await master.pushTarget('demo.txt', bytesOf('data'));
      await master.pushMetadata();
      const asked = vi.spyOn(globalThis, 'fetch');
      try {
        const copy = new entry.DTufCopy({ host, repository, trust: rootKey });
        await copy.pullMetadata();
        expect(await (await copy.pullTarget('demo.txt')).text()).toBe('data');
        expect(asked.mock.calls.length).toBeGreaterThan(1);
        for (const [, init] of asked.mock.calls) expect(init?.cache).toBe('no-store');
      } finally {
        asked.mockRestore();
      }
    },
  );

  it('two that pull at once both verify (ATTACKS 65)', async () => {
    const { master, repository, rootKey } = await publisher(host);
    await master.pushTarget('demo.txt', bytesOf('data'));
    await master.pushMetadata();
    const pull = async () => {
      const copy = new page.DTufCopy({ host, repository, trust: rootKey });
      await copy.pullMetadata();
      return (await copy.pullTarget('demo.txt')).text();
    };
    expect(await Promise.all([pull(), pull(), pull()])).toEqual(['data', 'data', 'data']);
  });

  it('a page publishes, and carries on at its next visit', async () => {
    const repository = newRepository();
    const visit = () => new page.DTufMaster({ host, repository, passwords: () => 'secret' });
    const { publicKey } = await visit().createRootKey({ store: true });
    await visit().createMetadataKeys();
    await visit().createMetadata();
    await visit().pushTarget('demo.txt', new Blob(['from a page']));
    await visit().pushMetadata();
    const copy = new page.DTufCopy({ host, repository, trust: publicKey });
    expect((await copy.pullMetadata()).changed).toEqual(['demo.txt']);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('from a page');
  });
});

describe('keys of a page', () => {
  const names = ['keys/root_key', 'keys/root_key.pub', 'keys/targets_key'];
  const password = 'correct horse';

  async function firstVisit(host: Place) {
    const repository = newRepository();
    const store = page.indexedDbStore(newDatabase());
    const visit = async () =>
      new page.DTufMaster({
        host,
        repository,
        store,
        keys: await page.pageKeys(repository),
        passwords: () => password,
      });
    const master = await visit();
    const root = await master.createRootKey();
    await master.createMetadataKeys({ roles: ['targets'] });
    await master.createMetadata();
    await master.pushTarget('demo.txt', bytesOf('one'));
    await master.pushMetadata();
    return { repository, store, visit, root };
  }

  it('the root key is returned in encrypted PEM, and stored only where that is said', async () => {
    const { root, store } = await firstVisit(embeddedRegistry());
    expect(root.privateKey).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----/);
    expect([...(await store.read(names)).keys()]).toEqual(['keys/root_key.pub', 'keys/targets_key']);
    const other = page.memoryStore();
    const told = new page.DTufMaster({
      host: embeddedRegistry(),
      repository: 'a/b',
      store: other,
      passwords: () => password,
    });
    await told.createRootKey({ store: true });
    expect([...(await other.read(names)).keys()]).toEqual(['keys/root_key', 'keys/root_key.pub']);
  });

  it('renew a repository at the next visit, without the root key', async () => {
    const host = embeddedRegistry();
    const { repository, visit, root } = await firstVisit(host);
    const master = await visit();
    await master.pushTarget('demo.txt', bytesOf('two'));
    await master.pushMetadata();
    const copy = new page.DTufCopy({ host, repository, trust: root.publicKey, store: page.memoryStore() });
    expect((await copy.pullMetadata()).rootVersion).toBe(1);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('two');
    await expect(master.resetKeys()).rejects.toMatchObject({ code: 'KEY_MISSING', role: 'root' });
  });

  it('that the browser lost are replaced with the root key, and clients follow', async () => {
    const host = embeddedRegistry();
    const { repository, visit, root } = await firstVisit(host);
    const copy = new page.DTufCopy({ host, repository, trust: root.publicKey, store: page.memoryStore() });
    await copy.pullMetadata();
    await deleteDatabase(`dtuf keys ${repository}`);
    const master = await visit();
    await expect(master.useKey('root', root.privateKey, 'wrong')).rejects.toMatchObject({
      code: 'KEY_PASSWORD',
    });
    await master.useKey('root', root.privateKey, password);
    const next = await master.createRootKey();
    expect(next.publicKey).not.toBe(root.publicKey);
    await master.resetKeys();
    await master.pushMetadata();
    expect((await copy.pullMetadata()).rootVersion).toBe(2);
  });

  it('are replaced where the browser lost the metadata with them, and what is published is carried on', async () => {
    const host = embeddedRegistry();
    const { repository, visit, root } = await firstVisit(host);
    const before = await visit();
    await before.useKey('root', root.privateKey, password);
    await before.resetKeys();
    await before.pushMetadata();
    const copy = new page.DTufCopy({ host, repository, trust: root.publicKey, store: page.memoryStore() });
    await copy.pullMetadata();
    await deleteDatabase(`dtuf keys ${repository}`);

    const seen = page.memoryStore();
    const reader = new page.DTufCopy({ host, repository, trust: root.publicKey, store: seen });
    const { rootVersion } = await reader.pullMetadata();
    const files = ['root', 'targets', 'snapshot', 'timestamp'].map((role) => `${role}.json`);
    const verified = await seen.read(files.map((file) => `repository/metadata/current/${file}`));
    const staged = new Map<string, Uint8Array>();
    for (const [name, { bytes }] of verified)
      staged.set(name.replace('metadata/current', 'metadata.staged'), bytes);
    const rootJson = staged.get('repository/metadata.staged/root.json');
    if (rootJson !== undefined) staged.set(`repository/metadata.staged/${rootVersion}.root.json`, rootJson);
    const store = page.indexedDbStore(newDatabase());
    await store.commit(new Map(), staged);
    const master = new page.DTufMaster({
      host,
      repository,
      store,
      keys: await page.pageKeys(repository),
      passwords: () => password,
    });
    await master.useKey('root', root.privateKey);
    await master.createMetadataKeys({ roles: ['targets'] });
    await master.resetKeys();
    await master.pushMetadata();

    await master.pushTarget('two.txt', bytesOf('two'));
    await master.pushMetadata();
    expect((await copy.pullMetadata()).rootVersion).toBe(rootVersion + 1);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('one');
    expect(await (await copy.pullTarget('two.txt')).text()).toBe('two');
  });

  it('cannot be taken out of the browser, and are the same in every tab', async () => {
    const name = newRepository();
    const [one, two] = await Promise.all([page.pageKeys(name), page.pageKeys(name)]);
    expect(one.timestamp?.key).toEqual(two.timestamp?.key);
    expect(one.timestamp?.key).not.toEqual(one.snapshot?.key);
    const database = await openDatabase(`dtuf keys ${name}`);
    const request = database.transaction('keys').objectStore('keys').get('timestamp');
    await new Promise((resolve) => {
      request.onsuccess = resolve;
    });
    database.close();
    const { privateKey } = request.result as CryptoKeyPair;
    expect(privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('pkcs8', privateKey)).rejects.toThrow();
  });

  it('that the browser cannot store are an error that says where it can', async () => {
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('The object can not be cloned.', 'DataCloneError');
    });
    await expect(page.pageKeys(newRepository())).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      got: 'DataCloneError',
      message: expect.stringMatching(/write the keys of .*in a page\.$/),
    });
  });

  it('that the browser cannot make are an error that says so', async () => {
    const cause = new DOMException('unknown', 'NotSupportedError');
    vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(cause);
    const made = page.pageKeys(newRepository());
    await expect(made).rejects.toMatchObject({ name: 'DTufError', code: 'NOT_SUPPORTED', cause });
  });

  it('are ECDSA P-256 where the browser has no Ed25519', async () => {
    const host = embeddedRegistry();
    const generate = crypto.subtle.generateKey.bind(crypto.subtle);
    vi.spyOn(crypto.subtle, 'generateKey').mockImplementation(((
      algorithm: unknown,
      ...rest: [boolean, KeyUsage[]]
    ) =>
      algorithm === 'Ed25519'
        ? Promise.reject(new DOMException('unknown', 'NotSupportedError'))
        : generate(algorithm as EcKeyGenParams, ...rest)) as typeof generate);
    const { repository, root } = await firstVisit(host);
    const copy = new page.DTufCopy({ host, repository, trust: root.publicKey, store: page.memoryStore() });
    expect((await copy.pullMetadata()).changed).toEqual(['demo.txt']);
  });
});

describe('what a page keeps', () => {
  it('is asked of the browser to be kept once there is something to lose', async () => {
    const persist = vi.spyOn(navigator.storage, 'persist').mockResolvedValue(true);
    vi.spyOn(navigator.storage, 'persisted').mockResolvedValue(false);
    const store = page.indexedDbStore(newDatabase());
    await store.read(['a']);
    expect(persist).not.toHaveBeenCalled();
    await store.commit(new Map(), new Map([['a', bytesOf('1')]]));
    await store.commit(new Map(), new Map([['a', bytesOf('2')]]));
    await vi.waitFor(() => expect(persist).toHaveBeenCalledOnce());
    expect(await page.keepStorage()).toBe(true);
    persist.mockResolvedValue(false);
    expect(await page.keepStorage()).toBe(false);
  });

  it('begins again with the shipped root where the browser has emptied it', async () => {
    const host = embeddedRegistry();
    const { master, repository, rootKey } = await publisher(host);
    await master.pushTarget('demo.txt', bytesOf('data'));
    await master.pushMetadata();
    const name = newDatabase();
    const visit = () =>
      new page.DTufCopy({ host, repository, trust: rootKey, store: page.indexedDbStore(name) });
    await visit().pullMetadata();
    const open = visit();
    await open.pullMetadata();
    await clearSiteData();
    expect((await open.pullMetadata()).changed).toEqual(['demo.txt']);
    await clearSiteData();
    await expect(visit().pullTarget('demo.txt')).rejects.toMatchObject({ code: 'METADATA_MISSING' });
    expect((await visit().pullMetadata()).changed).toEqual(['demo.txt']);
    const { trust: _, ...without } = { host, repository, trust: rootKey };
    await clearSiteData();
    await expect(
      new page.DTufCopy({ ...without, store: page.indexedDbStore(name) }).pullMetadata(),
    ).rejects.toMatchObject({ code: 'TRUST_MISSING' });
  });

  it('is fetched anew where it was damaged (ATTACKS 40)', async () => {
    const host = embeddedRegistry();
    const { master, repository, rootKey } = await publisher(host);
    await master.pushTarget('demo.txt', bytesOf('data'));
    await master.pushMetadata();
    const name = newDatabase();
    const visit = () =>
      new page.DTufCopy({ host, repository, trust: rootKey, store: page.indexedDbStore(name) });
    await visit().pullMetadata();
    const damages: unknown[] = [
      { bytes: bytesOf('{'), version: 'x' },
      { bytes: 'text', version: 1 },
      'x',
      new Blob(['x']),
    ];
    for (const [i, damage] of damages.entries()) {
      const database = await openDatabase(name);
      const transaction = database.transaction('files', 'readwrite');
      const table = transaction.objectStore('files');
      for (const role of ['root', 'timestamp', 'snapshot', 'targets'].slice(i))
        table.put(damage, `repository/metadata/current/${role}.json`);
      await new Promise((resolve) => {
        transaction.oncomplete = resolve;
      });
      database.close();
      await visit().pullMetadata();
      expect(await (await visit().pullTarget('demo.txt')).text()).toBe('data');
    }
  });
});

describe('a page that cannot keep or verify anything', () => {
  it('says that it is no secure context', () => {
    vi.stubGlobal('crypto', { getRandomValues: () => undefined });
    const options = { host: 'localhost:1', repository: 'fred/demo' };
    const told = expect.objectContaining({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining('secure context'),
    });
    expect(() => new page.DTufCopy(options)).toThrow(told);
    expect(() => new page.DTufMaster(options)).toThrow(told);
    expect(() => new page.DTufBase(options)).toThrow(told);
    expect(() => new worker.DTufCopy(options)).toThrow(told);
  });

  it.each([
    ['https:', 'http://registry.example.com/v2/', true],
    ['https:', 'https://registry.example.com/v2/', false],
    ['https:', 'http://localhost:5000/v2/', false],
    ['https:', 'http://127.0.0.1:5000/v2/', false],
    ['http:', 'http://registry.example.com/v2/', false],
  ])('that came over %s and asks %s: says so where browsers do not let it', (from, url, isRefused) => {
    const told = expect.objectContaining({ message: expect.stringContaining('mixed content') });
    expect(mixedContent(new URL(url), from)).toEqual(isRefused ? told : undefined);
  });

  it('says that the browser keeps nothing, and never goes on with a state that is forgotten (ATTACKS 64)', async () => {
    vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new DOMException('refused', 'SecurityError');
    });
    const copy = new page.DTufCopy({ host: 'localhost:1', repository: 'fred/demo', trust: 'none' });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  it('asks for a store where the registry has no address to keep the state under', async () => {
    const host = embeddedRegistry();
    expect(() => new page.DTufCopy({ host, repository: 'fred/demo' })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining('store') }),
    );
    const { master, repository, rootKey } = await publisher(host);
    await master.pushMetadata();
    const copy = new page.DTufCopy({ host, repository, trust: rootKey, store: page.memoryStore() });
    expect((await copy.pullMetadata()).changed).toEqual([]);
    expect(copy.persistent).toBe(false);
  });
});

describe('a target in a page', () => {
  it('is saved by a download only once it is verified', async () => {
    const host = embeddedRegistry();
    const { master, repository, rootKey } = await publisher(host);
    await master.pushTarget('folder/demo.txt', bytesOf('verified'));
    await master.pushMetadata();
    const copy = new page.DTufCopy({ host, repository, trust: rootKey, store: page.memoryStore() });
    await copy.pullMetadata();
    const downloads = catchDownloads();
    const saved = await (await copy.pullTarget('folder/demo.txt')).save();
    expect(saved).toMatchObject({ how: 'download', bytesFetched: 8 });
    expect(downloads).toMatchObject([{ fileName: 'demo.txt' }]);
  });

  it('that is aborted leaves what came, and the next save fetches only the rest', async () => {
    const { copy, data, asked } = await large();
    const downloads = catchDownloads();
    const stop = new AbortController();
    const paused = (await copy.pullTarget('large')).save({
      signal: stop.signal,
      onProgress: ({ received }) => received > 18 * MiB && stop.abort(),
    });
    await expect(paused).rejects.toMatchObject({ code: 'ABORTED' });
    expect(downloads).toEqual([]);
    const phases = new Set<string>();
    const saved = await (await copy.pullTarget('large')).save({
      onProgress: ({ phase }) => phases.add(phase),
    });
    expect(saved.how).toBe('download');
    expect(saved.bytesReused).toBeGreaterThan(18 * MiB);
    expect(saved.bytesReused + saved.bytesFetched).toBe(data.length);
    expect([...phases]).toEqual(['verify', 'write']);
    expect(asked).toEqual([null, `bytes=${saved.bytesReused}-${data.length - 1}`]);
    expect(isSame(await downloads[0]?.bytes(), data)).toBe(true);
  });

  it('that is aborted leaves nothing where it is not to be resumed', async () => {
    const { copy } = await large();
    const stop = new AbortController();
    const target = await copy.pullTarget('large');
    const paused = target.save({ resume: false, signal: stop.signal, onProgress: () => stop.abort() });
    await expect(paused).rejects.toMatchObject({ code: 'ABORTED' });
    expect(await spoolNames()).toEqual([]);
  });

  it('whose spool was damaged meanwhile is fetched again, and verified', async () => {
    const { copy, data } = await large();
    const downloads = catchDownloads();
    const target = await copy.pullTarget('large');
    await damageSpool(target.hashes['sha256'] ?? '');
    const saved = await target.save();
    expect(saved).toMatchObject({ bytesReused: 0, bytesFetched: data.length });
    expect(isSame(await downloads[0]?.bytes(), data)).toBe(true);
  });

  it('that is refused leaves nothing, neither in the private files nor where it was picked', async () => {
    const { copy, tamper } = await large();
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle('picked', { create: true });
    vi.stubGlobal('showSaveFilePicker', async () => handle);
    tamper();
    const target = await copy.pullTarget('large');
    await expect(target.save()).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
    expect(await spoolNames()).toEqual([]);
    await expect(root.getFileHandle('picked')).rejects.toThrow();
  });

  it('is copied to the file that was picked once it is verified', async () => {
    const { copy, data } = await large();
    const root = await navigator.storage.getDirectory();
    const handle = await root.getFileHandle('picked', { create: true });
    vi.stubGlobal('showSaveFilePicker', async () => handle);
    const target = await copy.pullTarget('large');
    const seen: number[] = [];
    const onVerified = async () => void seen.push((await handle.getFile()).size);
    expect(await target.save({ onVerified })).toMatchObject({ how: 'picker' });
    expect(seen).toEqual([0]);
    expect(isSame(new Uint8Array(await (await handle.getFile()).arrayBuffer()), data)).toBe(true);
    expect(await spoolNames()).toEqual([]);
  });

  it('of a worker cannot be saved, and says what to do in its place', async () => {
    const host = embeddedRegistry();
    const { master, repository, rootKey } = await publisher(host);
    await master.pushTarget('demo.txt', bytesOf('data'));
    await master.pushMetadata();
    const copy = new worker.DTufCopy({ host, repository, trust: rootKey, store: worker.memoryStore() });
    await copy.pullMetadata();
    const target = await copy.pullTarget('demo.txt');
    await expect(target.save()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(await (await target.response()).text()).toBe('data');
  });
});

/** A client of a repository with a target of 20 MiB. */
async function large() {
  const registry = embeddedRegistry();
  const { master, repository, rootKey } = await publisher(registry);
  const data = randomBytes(20 * MiB);
  await master.pushTarget('large', data);
  await master.pushMetadata();
  const asked: (string | null)[] = [];
  let isTampered = false;
  const host: Place = {
    async fetch(input, init) {
      const request = new Request(input, init);
      const answer = await registry.fetch(request);
      if (!request.url.includes('/blobs/')) return answer;
      asked.push(request.headers.get('range'));
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (isTampered) bytes[bytes.length - 1] = 1 + (bytes.at(-1) ?? 0);
      return new Response(inPieces(bytes), answer);
    },
  };
  const copy = new page.DTufCopy({ host, repository, trust: rootKey, store: page.memoryStore() });
  await copy.pullMetadata();
  const tamper = () => {
    isTampered = true;
  };
  return { copy, data, asked, tamper };
}

/** What a matcher does of megabytes takes minutes. */
function isSame(got: Uint8Array | undefined, expected: Uint8Array): boolean {
  return got?.length === expected.length && got.every((byte, i) => byte === expected[i]);
}

/** As a network hands it out. */
function inPieces(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + MiB));
      at += MiB;
    },
  });
}

async function damageSpool(name: string): Promise<void> {
  const folder = await (await spoolsFolder()).getDirectoryHandle(name, { create: true });
  const stream = await (await folder.getFileHandle('0', { create: true })).createWritable();
  await stream.write(randomBytes(MiB));
  await stream.close();
}

it('dtuf/browser and dtuf/worker export all that dtuf exports', () => {
  const names = Object.keys(core);
  expect(Object.keys(page)).toEqual(expect.arrayContaining(names));
  expect(Object.keys(worker)).toEqual(expect.arrayContaining(names));
});
