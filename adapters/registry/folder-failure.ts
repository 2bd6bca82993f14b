import { DTufError } from '../../src/errors.ts';
import { isErrno } from './folder-path.ts';

/** Runs `work` and says in our words why the folder failed. The path stays in the cause: the words go to clients. */
export async function inFolder<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw folderFailure(error);
  }
}

export function folderFailure(cause: unknown): unknown {
  if (!(cause instanceof Error) || cause instanceof DTufError) return cause;
  if (isErrno(cause, 'ENOSPC', 'EDQUOT', 'EFBIG')) {
    return new DTufError('TOO_LARGE', "There is no room left for the registry's folder.", { cause });
  }
  if (isErrno(cause, 'EACCES', 'EPERM', 'EROFS')) {
    return new DTufError(
      'STORAGE_FAILED',
      "The registry's folder cannot be read or written: see its rights.",
      {
        cause,
      },
    );
  }
  const code = 'code' in cause ? ` (${String(cause.code)})` : '';
  return new DTufError('STORAGE_FAILED', `The registry's folder failed${code}.`, { cause });
}
