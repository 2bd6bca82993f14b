// DTufCopy and DTufMaster of a page, with the state where a page keeps it.
import { afterEach, describe, expect, inject, it, vi } from 'vitest';
import * as page from '../../adapters/browser/index.ts';
import * as worker from '../../adapters/browser/worker.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import * as core from '../../src/index.ts';
import { bytesOf, namesOf, publisher } from '../core/people.ts';
import { newRepository } from '../core/places.ts';
import { clearSiteData } from './storage.ts';

afterEach(clearSiteData);

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
    const { publicKey } = await visit().createRootKey();
    await visit().createMetadataKeys();
    await visit().createMetadata();
    await visit().pushTarget('demo.txt', new Blob(['from a page']));
    await visit().pushMetadata();
    const copy = new page.DTufCopy({ host, repository, trust: publicKey });
    expect((await copy.pullMetadata()).changed).toEqual(['demo.txt']);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('from a page');
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
    const click = vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(() => undefined);
    const saved = await (await copy.pullTarget('folder/demo.txt')).save();
    expect(saved).toMatchObject({ how: 'download', bytesFetched: 8 });
    expect(click).toHaveBeenCalledOnce();
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

it('dtuf/browser and dtuf/worker export all that dtuf exports', () => {
  const names = Object.keys(core);
  expect(Object.keys(page)).toEqual(expect.arrayContaining(names));
  expect(Object.keys(worker)).toEqual(expect.arrayContaining(names));
});
