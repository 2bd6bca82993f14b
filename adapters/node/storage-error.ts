import { DTufError } from '../../src/errors.ts';

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full: make room and try again',
  EDQUOT: 'the quota is used up: make room and try again',
  EROFS: 'the file system is read-only',
  EACCES: 'there is no right to: check the owner and the mode',
  EPERM: 'there is no right to: check the owner and the mode',
  EISDIR: 'there is a folder of that name',
  ENOTDIR: 'a part of the path is no folder',
  EMFILE: 'too many files are open',
  EIO: 'the disk does not read or write',
};

/** The `code` of a system error, as in `ENOENT`. */
export function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/**
 * A system error as ours; one that is ours already stays what it is.
 *
 * @param what was tried, as in `write`.
 */
export function storageFailed(what: string, path: string, error: unknown): DTufError {
  if (error instanceof DTufError) return error;
  const errno = errnoOf(error);
  const reason = (errno && REASONS[errno]) ?? (error instanceof Error ? error.message : String(error));
  return new DTufError('STORAGE_FAILED', `Cannot ${what} ${JSON.stringify(path)}: ${reason}.`, {
    got: errno,
    cause: error,
  });
}

/** Runs `work`; a system error of it becomes STORAGE_FAILED with what was tried and where. */
export async function storing<T>(what: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw storageFailed(what, path, error);
  }
}

/** Awaits `work`; undefined where it fails because there is no such file or folder. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
