import { DTufError } from '../../src/errors.ts';
import { exceptionName } from './exception-name.ts';

const REASONS: Readonly<Record<string, string>> = {
  QuotaExceededError: 'the space that the browser gives to this site is used up: make room and try again',
  // Chromium says this of a file that outgrows the quota too, when its pipe breaks before the reason is known.
  AbortError:
    'the browser broke it off: its space may be used up, or the site’s data have been cleared meanwhile; try again',
  DataCloneError:
    'this browser cannot store it here (WebKit keeps keys in pages and their own workers, not in shared ones): do it in a page',
  NotAllowedError: 'it was not allowed: ask the user again, in a click',
  NoModificationAllowedError: 'somebody else is writing it: try again later',
  NotFoundError: 'it is no longer there: the site’s data may have been cleared meanwhile',
};

/**
 * An exception of the browser's storage as ours; one that is ours already stays what it is.
 *
 * @param what was tried, as in `write the state`.
 */
export function storageFailed(what: string, error: unknown): DTufError {
  if (error instanceof DTufError) return error;
  const name = exceptionName(error);
  const reason = (name && REASONS[name]) ?? (error instanceof Error ? error.message : String(error));
  return new DTufError('STORAGE_FAILED', `Cannot ${what}: ${reason.replace(/\.+$/, '')}.`, {
    got: name,
    cause: error,
  });
}

/** Runs `work`; an exception of the browser becomes STORAGE_FAILED with what was tried. */
export async function storing<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageFailed(what, error);
  }
}
