import { promisifyRequest } from 'idb-keyval';
import type { Bytes, Store, Stored } from '../../src/ports.ts';
import { IndexedDb } from './indexed-db.ts';

export interface IndexedDbStoreOptions {
  /** How long the database may keep us waiting, in milliseconds: a frozen tab can hold it for ever. */
  readonly wait?: number;
}

/**
 * State in an IndexedDB database, shared by all tabs and workers of the origin.
 *
 * A commit is one `readwrite` transaction that compares the versions and writes: the browser runs such transactions one
 * after the other, so that two tabs cannot both find what they expect.
 *
 * @param database its name. It is made where there is none.
 * @example
 * const copy = new DTufCopy({ host, repository, trust, store: indexedDbStore('my-downloads') });
 */
export function indexedDbStore(database: string, { wait = 10_000 }: IndexedDbStoreOptions = {}): Store {
  const connection = new IndexedDb(database, 'files', `the state ${database}`, wait);
  let asked = false;
  return {
    persistent: true,
    read: (names) =>
      connection.run('readonly', async (table) => {
        const found = await getAll(table, names);
        return new Map([...found].flatMap(([name, file]) => (file ? [[name, file] as const] : [])));
      }),
    async commit(expected, writes, deletes = []) {
      // Copied now: the caller may change its bytes before the transaction begins.
      const version = crypto.randomUUID();
      const files = new Map(
        [...writes].map(([name, bytes]) => [name, { bytes: Uint8Array.from(bytes), version }]),
      );
      const committed = await connection.run('readwrite', async (table) => {
        const present = await getAll(table, [...expected.keys()]);
        for (const [name, compared] of expected) {
          if (present.get(name)?.version !== compared) return false;
        }
        for (const [name, file] of files) table.put(file, name);
        for (const name of deletes) table.delete(name);
        return true;
      });
      // There is something to lose from now on. Nobody waits for what a user may be asked.
      if (committed && !asked) void keepLater();
      asked ||= committed;
      return committed;
    },
    list: (prefix) =>
      connection.run('readonly', async (table) => {
        const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
        const keys = await promisifyRequest(table.getAllKeys(range));
        return keys.filter((key) => typeof key === 'string');
      }),
  };
}

async function keepLater(): Promise<void> {
  // What cannot be loaded is asked for by another page.
  const part = await import('./persistence.ts').catch(() => undefined);
  await part?.keepStorage();
}

async function getAll(
  table: IDBObjectStore,
  names: readonly string[],
): Promise<ReadonlyMap<string, Stored | undefined>> {
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, asStored(await promisifyRequest<unknown>(table.get(name)))] as const),
    ),
  );
}

/** What something else left under the name counts as not there. */
function asStored(value: unknown): Stored | undefined {
  if (typeof value !== 'object' || value === null || !('bytes' in value) || !('version' in value))
    return undefined;
  const { bytes, version } = value;
  if (!isBytes(bytes) || typeof version !== 'string') return undefined;
  return { bytes, version };
}

function isBytes(value: unknown): value is Bytes {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer;
}
