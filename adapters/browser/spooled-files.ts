import { DTufError } from '../../src/errors.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Files } from '../../src/ports.ts';
import { baseName } from './base-name.ts';
import { downloadSink } from './download-sink.ts';
import { targetSpool } from './target-spool.ts';

/** What {@link browserFiles} needs when there is something to keep. @param options.memory as there. */
export function spooledFiles({
  memory = defaultLimits.memory,
}: {
  readonly memory?: number;
} = {}): Pick<Files, 'spool' | 'sink'> {
  return {
    spool: (length) => targetSpool(length, memory),
    async sink({ path, handle, fileName }, name, length, sha256) {
      if (path !== undefined) {
        const message =
          'A page has no paths: leave { path } out, or pass { handle } of a file that the user picked.';
        throw new DTufError('INVALID_ARGUMENT', message, { target: name });
      }
      return downloadSink({ fileName: fileName ?? baseName(name), length, sha256, handle }, memory);
    },
  };
}
