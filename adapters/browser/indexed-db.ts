import { createStore, type UseStore } from 'idb-keyval';
import { DTufError } from '../../src/errors.ts';
import { exceptionName } from './exception-name.ts';
import { NotOpened, TimedOut } from './indexed-db-failure.ts';

/**
 * Our connection was closed, by us for a deletion or by the browser, or the site's data are being cleared at this moment:
 * nothing was begun, and it may work once more.
 */
const ONCE_MORE: ReadonlySet<string> = new Set(['InvalidStateError', 'AbortError', 'UnknownError']);

type Work<T> = (table: IDBObjectStore) => Promise<T>;

/**
 * One table of an IndexedDB database. Connections to it are opened when they are needed: others may close or delete it at any
 * time.
 */
export class IndexedDb {
  readonly #name: string;
  readonly #table: string;
  /** For messages: what is kept in it. */
  readonly #what: string;
  readonly #wait: number;
  #use: UseStore | undefined;

  /** @param wait how long the database may keep us waiting, in milliseconds: a frozen tab can hold it for ever. */
  constructor(name: string, table: string, what: string, wait = 10_000) {
    this.#name = name;
    this.#table = table;
    this.#what = what;
    this.#wait = wait;
  }

  /**
   * Runs `work` in one transaction, which is done when this is; an error in it undoes it.
   *
   * @throws DTufError STORAGE_UNAVAILABLE, STORAGE_FAILED
   */
  async run<T>(mode: IDBTransactionMode, work: Work<T>): Promise<T> {
    try {
      return await this.#attempt(mode, work);
    } catch (error) {
      if (!(error instanceof NotOpened) || !ONCE_MORE.has(exceptionName(error.cause) ?? ''))
        throw await this.#failure(mode, error);
    }
    try {
      this.#use = undefined;
      return await this.#attempt(mode, work);
    } catch (error) {
      throw await this.#failure(mode, error);
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
      this.#use ??= createStore(this.#name, this.#table);
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

  /** What is told of a failure is loaded when there is one. Where that cannot be loaded, the failure stays one of the store. */
  async #failure(mode: IDBTransactionMode, error: unknown): Promise<DTufError> {
    if (error instanceof DTufError) return error;
    if (error instanceof TimedOut) this.#use = undefined;
    const part = await import('./indexed-db-error.ts').catch(() => undefined);
    return (
      part?.indexedDbError(error, { name: this.#name, what: this.#what, wait: this.#wait, mode }) ??
      new DTufError('STORAGE_FAILED', String(error), { cause: error })
    );
  }
}

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
function letOthersDelete(database: IDBDatabase): void {
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
