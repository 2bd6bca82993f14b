import { afterEach, describe, expect, it, vi } from 'vitest';
import { indexedDbStore } from '../../adapters/browser/index.ts';
import type { Store } from '../../src/ports.ts';
import { countIn, countOf } from './counting.ts';
import {
  cleanUp,
  clearSiteData,
  deleteDatabase,
  newDatabase,
  openDatabase,
  randomBytes,
  withQuota,
} from './storage.ts';

afterEach(cleanUp);

const A = 'repository/a.json';
const B = 'repository/b.json';
const bytes = (...values: number[]) => Uint8Array.from(values);

async function stored(store: Store, ...names: string[]): Promise<Record<string, number[]>> {
  const found = await store.read(names);
  return Object.fromEntries([...found].map(([name, file]) => [name, [...file.bytes]]));
}

async function versionOf(store: Store, name: string): Promise<string | undefined> {
  return (await store.read([name])).get(name)?.version;
}

describe('a store in IndexedDB', () => {
  it('gives back what was written, also to a store that is opened later', async () => {
    const name = newDatabase();
    const store = indexedDbStore(name);
    expect(store.persistent).toBe(true);
    expect(
      await store.commit(
        new Map([[A, undefined]]),
        new Map([
          [A, bytes(1)],
          [B, bytes()],
        ]),
      ),
    ).toBe(true);
    expect(await stored(indexedDbStore(name), A, B, 'nothing')).toEqual({ [A]: [1], [B]: [] });
  });

  it('keeps no hold of the bytes that it was given', async () => {
    const store = indexedDbStore(newDatabase());
    const given = bytes(1);
    const committed = store.commit(new Map(), new Map([[A, given]]));
    given[0] = 2;
    await committed;
    expect(await stored(store, A)).toEqual({ [A]: [1] });
    const large = bytes(9, 8, 7).subarray(1, 2);
    await store.commit(new Map(), new Map([[B, large]]));
    expect((await store.read([B])).get(B)?.bytes.buffer.byteLength).toBe(1);
  });

  it('deletes and writes in one', async () => {
    const store = indexedDbStore(newDatabase());
    await store.commit(new Map(), new Map([[A, bytes(1)]]));
    await store.commit(new Map(), new Map([[B, bytes(2)]]), [A, 'nothing']);
    expect(await stored(store, A, B)).toEqual({ [B]: [2] });
  });

  it('lists the names that begin with a prefix', async () => {
    const store = indexedDbStore(newDatabase());
    const names = ['keys/root_key', 'keys/root_key.pub', 'repository/a.json'];
    await store.commit(new Map(), new Map(names.map((name) => [name, bytes()])));
    expect([...(await store.list('keys/'))].sort()).toEqual(names.slice(0, 2));
    expect((await store.list('')).length).toBe(3);
    expect(await store.list('nothing')).toEqual([]);
  });

  it('changes nothing where one version is another than was read', async () => {
    const store = indexedDbStore(newDatabase());
    await store.commit(
      new Map(),
      new Map([
        [A, bytes(1)],
        [B, bytes(1)],
      ]),
    );
    const [a, b] = [await versionOf(store, A), await versionOf(store, B)];
    await store.commit(new Map(), new Map([[B, bytes(2)]]));
    expect(
      await store.commit(
        new Map([
          [A, a],
          [B, b],
        ]),
        new Map([[A, bytes(3)]]),
        [B],
      ),
    ).toBe(false);
    expect(await stored(store, A, B)).toEqual({ [A]: [1], [B]: [2] });
  });

  it('takes the same bytes written again for another version', async () => {
    const store = indexedDbStore(newDatabase());
    await store.commit(new Map(), new Map([[A, bytes(1)]]));
    const before = await versionOf(store, A);
    await store.commit(new Map(), new Map([[A, bytes(1)]]));
    expect(await store.commit(new Map([[A, before]]), new Map([[A, bytes(2)]]))).toBe(false);
  });

  it('takes a file that was expected to be missing for changed once it is there', async () => {
    const store = indexedDbStore(newDatabase());
    await store.commit(new Map(), new Map([[A, bytes(1)]]));
    expect(await store.commit(new Map([[A, undefined]]), new Map([[A, bytes(2)]]))).toBe(false);
  });

  it('counts what something else left under the name as not there', async () => {
    const name = newDatabase();
    const database = await openDatabase(name);
    const transaction = database.transaction('files', 'readwrite');
    transaction.objectStore('files').put('no file', A);
    transaction.objectStore('files').put({ bytes: [1], version: 1 }, B);
    await new Promise((resolve) => {
      transaction.oncomplete = resolve;
    });
    database.close();
    const store = indexedDbStore(name);
    expect(await stored(store, A, B)).toEqual({});
    expect(await store.commit(new Map([[A, undefined]]), new Map([[A, bytes(1)]]))).toBe(true);
  });

  it('loses nothing where two connections write at once (ATTACKS 65)', async () => {
    const name = newDatabase();
    const [one, other] = [indexedDbStore(name), indexedDbStore(name)];
    await Promise.all([countIn(one, 20), countIn(other, 20)]);
    expect(await countOf(one)).toBe(40);
  });

  it('loses nothing where a page and a worker write at once (ATTACKS 65)', async () => {
    const name = newDatabase();
    const worker = new Worker(new URL('./counting.worker.ts', import.meta.url), { type: 'module' });
    const done = new Promise((resolve, reject) => {
      worker.onmessage = resolve;
      worker.onerror = reject;
    });
    worker.postMessage({ name, times: 20 });
    const store = indexedDbStore(name);
    await Promise.all([countIn(store, 20), done]);
    worker.terminate();
    expect(await countOf(store)).toBe(40);
  });
});

describe('a store in IndexedDB that fails', () => {
  it('says that the quota is used up, and leaves the old state as it was (ATTACKS 64)', async () => {
    // The browser remembers for a while how much room there was; with the site's data that goes too.
    await clearSiteData();
    const store = indexedDbStore(newDatabase());
    await withQuota(200_000, async () => {
      await store.commit(new Map(), new Map([[A, bytes(1)]]));
      const writes = new Map([
        [A, bytes(2)],
        [B, randomBytes(4_000_000)],
      ]);
      await expect(store.commit(new Map(), writes)).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        got: 'QuotaExceededError',
        message: expect.stringContaining('used up'),
      });
    });
    expect(await stored(store, A, B)).toEqual({ [A]: [1] });
  });

  it.each(['SecurityError', 'InvalidStateError', 'UnknownError'])(
    'says that the browser keeps nothing for this page where opening it ends in %s (ATTACKS 64)',
    async (name) => {
      vi.spyOn(indexedDB, 'open').mockImplementation(() => {
        throw new DOMException('refused', name);
      });
      const store = indexedDbStore('never');
      const refused = {
        code: 'STORAGE_UNAVAILABLE',
        got: name,
        message: expect.stringContaining('memoryStore'),
      };
      await expect(store.read([A])).rejects.toMatchObject(refused);
      await expect(store.commit(new Map(), new Map([[A, bytes(1)]]))).rejects.toMatchObject(refused);
      await expect(store.list('')).rejects.toMatchObject(refused);
    },
  );

  it('says so where the browser has no IndexedDB at all (ATTACKS 64)', async () => {
    vi.stubGlobal('indexedDB', undefined);
    await expect(indexedDbStore('never').read([A])).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  it('begins anew, empty, after another tab deleted the database', async () => {
    const name = newDatabase();
    const store = indexedDbStore(name);
    await store.commit(new Map(), new Map([[A, bytes(1)]]));
    const version = await versionOf(store, A);
    await deleteDatabase(name);
    expect(await store.commit(new Map([[A, version]]), new Map([[A, bytes(2)]]))).toBe(false);
    expect(await stored(store, A)).toEqual({});
    expect(await store.commit(new Map(), new Map([[A, bytes(3)]]))).toBe(true);
  });

  it('begins anew after the user cleared the site’s data', async () => {
    const store = indexedDbStore(newDatabase());
    await store.commit(new Map(), new Map([[A, bytes(1)]]));
    await clearSiteData();
    expect(await stored(store, A)).toEqual({});
    expect(await store.commit(new Map([[A, undefined]]), new Map([[A, bytes(2)]]))).toBe(true);
  });

  it('gives up a database that another connection does not let go, and writes nothing later', async () => {
    const name = newDatabase();
    const holder = await openDatabase(name);
    // It is told that the database is to be deleted, and does not close: whoever opens it has to wait.
    const deleted = deleteDatabase(name);
    const store = indexedDbStore(name, { wait: 50 });
    await expect(store.commit(new Map(), new Map([[A, bytes(1)]]))).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('close other tabs'),
    });
    holder.close();
    await deleted;
    expect(await stored(indexedDbStore(name), A)).toEqual({});
  });

  it('gives up waiting for the transaction of another connection, and writes nothing later', async () => {
    const name = newDatabase();
    const holder = await openDatabase(name);
    const holding = hold(holder);
    const store = indexedDbStore(name, { wait: 50 });
    await expect(store.commit(new Map(), new Map([[A, bytes(1)]]))).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
    });
    await holding.release();
    holder.close();
    expect(await stored(indexedDbStore(name), A)).toEqual({});
  });

  it('says that a transaction was aborted', async () => {
    const store = indexedDbStore(newDatabase());
    await store.commit(new Map(), new Map([[A, bytes(1)]]));
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      const request = put.call(this, value, key);
      this.transaction.abort();
      return request;
    });
    await expect(store.commit(new Map(), new Map([[A, bytes(2)]]))).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      got: 'AbortError',
    });
    vi.restoreAllMocks();
    expect(await stored(store, A)).toEqual({ [A]: [1] });
  });

  it('writes nothing where one of the writes cannot be made', async () => {
    const store = indexedDbStore(newDatabase());
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(function (this: IDBObjectStore, value, key) {
      if (key === B) throw new DOMException('no', 'DataCloneError');
      return put.call(this, value, key);
    });
    const committed = store.commit(
      new Map(),
      new Map([
        [A, bytes(1)],
        [B, bytes(1)],
      ]),
    );
    await expect(committed).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(await stored(store, A, B)).toEqual({});
  });
});

/** Keeps a transaction alive by asking again and again, as a script that never yields its database. */
function hold(database: IDBDatabase): { release(): Promise<void> } {
  const transaction = database.transaction('files', 'readwrite');
  let released = false;
  const ask = () => {
    if (released) return;
    transaction.objectStore('files').get('nothing').onsuccess = ask;
  };
  ask();
  const done = new Promise<void>((resolve) => {
    transaction.oncomplete = () => resolve();
  });
  return {
    release() {
      released = true;
      return done;
    },
  };
}
