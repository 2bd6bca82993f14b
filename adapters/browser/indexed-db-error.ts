import { DTufError } from '../../src/errors.ts';
import { exceptionName } from './exception-name.ts';
import { NotOpened, TimedOut } from './indexed-db-failure.ts';
import { storageFailed } from './storage-error.ts';

/** What a transaction was about. */
export interface Transaction {
  /** Of the database. */
  readonly name: string;
  /** What is kept in it. */
  readonly what: string;
  /** In milliseconds, how long it was waited for. */
  readonly wait: number;
  readonly mode: IDBTransactionMode;
}

/** The error for a transaction that failed, in words for the person at the page. */
export function indexedDbError(error: unknown, { name, what, wait, mode }: Transaction): DTufError {
  if (error instanceof TimedOut) {
    return new DTufError(
      'STORAGE_UNAVAILABLE',
      `The browser’s database ${name} did not answer within ${wait / 1000} s: close other tabs of this site and try again.`,
      { cause: error },
    );
  }
  if (!(error instanceof NotOpened)) {
    return storageFailed(`${mode === 'readonly' ? 'read' : 'write'} ${what}`, error);
  }
  const { cause } = error;
  const got = exceptionName(cause);
  if (got === 'QuotaExceededError') return storageFailed(`open ${what}`, cause);
  return new DTufError(
    'STORAGE_UNAVAILABLE',
    'This browser refuses to keep data for this page (a private window, a policy, or a frame without an origin). Allow it, or pass memoryStore() where the state may be forgotten.',
    { got, cause },
  );
}
