import { createStore, promisifyRequest, type UseStore } from 'idb-keyval';
import { DTufError } from '../../src/errors.ts';
import type { Bytes, Store, Stored } from '../../src/ports.ts';
import { keepStorage } from './persistence.ts';
import { exceptionName, storageFailed } from './storage-error.ts';

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
  const connection = new Connection(database, wait);
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
      if (committed && !asked) void keepStorage();
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

/**
 * Our connection was closed, by us for a deletion or by the browser, or the site's data are being cleared at this moment:
 * nothing was begun, and it may work once more.
 */
const ONCE_MORE: ReadonlySet<string> = new Set(['InvalidStateError', 'AbortError', 'UnknownError']);

type Work<T> = (table: IDBObjectStore) => Promise<T>;

/** Connections to one database, opened when needed: others may close or delete it at any time. */
class Connection {
  readonly #name: string;
  readonly #wait: number;
  #use: UseStore | undefined;

  constructor(name: string, wait: number) {
    this.#name = name;
    this.#wait = wait;
  }

  async run<T>(mode: IDBTransactionMode, work: Work<T>): Promise<T> {
    try {
      return await this.#attempt(mode, work);
    } catch (error) {
      if (!(error instanceof NotOpened) || !ONCE_MORE.has(exceptionName(error.cause) ?? ''))
        throw this.#explain(mode, error);
    }
    try {
      this.#use = undefined;
      return await this.#attempt(mode, work);
    } catch (error) {
      throw this.#explain(mode, error);
    }
  }

  async #attempt<T>(mode: IDBTransactionMode, work: Work<T>): Promise<T> {
    const deadline = new Deadline(this.#wait);
    try {
      return await Promise.race([deadline.passed, this.#transaction(mode, work, deadline)]);
    } finally {
      deadline.end();
    }
  }

  async #transaction<T>(mode: IDBTransactionMode, work: Work<T>, deadline: Deadline): Promise<T> {
    let opened = false;
    try {
      this.#use ??= createStore(this.#name, 'files');
      return await this.#use(mode, async (table) => {
        opened = true;
        const { transaction } = table;
        letOthersDelete(transaction.db);
        deadline.watch(transaction);
        const [result] = await Promise.all([
          orAbort(transaction, () => work(table)),
          completion(transaction),
        ]);
        return result;
      });
    } catch (error) {
      throw opened ? error : new NotOpened(error);
    }
  }

  #explain(mode: IDBTransactionMode, error: unknown): DTufError {
    if (error instanceof TimedOut) {
      this.#use = undefined;
      return new DTufError(
        'STORAGE_UNAVAILABLE',
        `The browser’s database ${this.#name} did not answer within ${this.#wait / 1000} s: close other tabs of this site and try again.`,
        { cause: error },
      );
    }
    if (!(error instanceof NotOpened)) {
      return storageFailed(`${mode === 'readonly' ? 'read' : 'write'} the state ${this.#name}`, error);
    }
    const { cause } = error;
    const name = exceptionName(cause);
    if (name === 'QuotaExceededError') return storageFailed(`open the state ${this.#name}`, cause);
    return new DTufError(
      'STORAGE_UNAVAILABLE',
      'This browser refuses to keep data for this page (a private window, a policy, or a frame without an origin). Allow it, or pass memoryStore() where the state may be forgotten.',
      { got: name, cause },
    );
  }
}

/** The database could not be opened, or its connection was closed: no transaction began. */
class NotOpened extends Error {
  constructor(cause: unknown) {
    super('the database could not be opened', { cause });
  }
}

class TimedOut extends Error {}

/** A bound on one transaction. What is late does nothing: its transaction is aborted. */
class Deadline {
  readonly passed: Promise<never>;
  readonly #timer: ReturnType<typeof setTimeout>;
  #transaction: IDBTransaction | undefined;
  #isOver = false;

  constructor(wait: number) {
    let reject: (error: TimedOut) => void = () => undefined;
    this.passed = new Promise((_, refuse) => {
      reject = refuse;
    });
    this.#timer = setTimeout(() => {
      this.#isOver = true;
      // One that is committing already cannot be stopped any more and is about to tell how it ended.
      if (this.#transaction === undefined || abort(this.#transaction)) reject(new TimedOut('too late'));
    }, wait);
  }

  watch(transaction: IDBTransaction): void {
    this.#transaction = transaction;
    if (this.#isOver) abort(transaction);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Without this a deletion, as by another tab that resets the site, would wait until this page is closed. */
export function letOthersDelete(database: IDBDatabase): void {
  database.onversionchange = () => database.close();
}

async function orAbort<T>(transaction: IDBTransaction, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    abort(transaction);
    throw error;
  }
}

/** @returns false where it had ended before. */
function abort(transaction: IDBTransaction): boolean {
  try {
    transaction.abort();
    return true;
  } catch (error) {
    if (exceptionName(error) === 'InvalidStateError') return false;
    throw error;
  }
}

/** Not by `error`, which comes before the transaction knows its own: a full disk is told by the abort alone. */
function completion(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () =>
      reject(transaction.error ?? new DOMException('The transaction was aborted.', 'AbortError'));
  });
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
