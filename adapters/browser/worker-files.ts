import { DTufError } from '../../src/errors.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Files } from '../../src/ports.ts';
import { sweepSpools } from './spool-folders.ts';
import { targetSpool } from './target-spool.ts';

/**
 * Files of a worker: the origin's private ones, for a stream that is not verified yet, and no others.
 *
 * @param memory in bytes, above which data is not held in memory.
 */
export function workerFiles(memory = defaultLimits.memory): Files {
  void sweepSpools();
  const none = async () => {
    throw new DTufError(
      'NOT_SUPPORTED',
      'A worker has no files of its user: read a target by bytes(), blob() or stream(), and pass bytes or text in the place of a path.',
    );
  };
  return {
    spool: (length) => targetSpool(length, memory),
    choose: none,
    sink: none,
    content: none,
    readSmall: none,
  };
}
