import { DTufError } from '../../src/errors.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Files } from '../../src/ports.ts';
import { baseName } from './base-name.ts';
import { downloadSink } from './download-sink.ts';
import { pickFile } from './file-picker.ts';
import { targetSpool } from './target-spool.ts';

/** See {@link browserFiles}. */
export function pageFiles({
  memory = defaultLimits.memory,
}: {
  readonly memory?: number;
} = {}): Required<Files> {
  return {
    spool: (length) => targetSpool(length, memory),
    async choose(destination, name) {
      const { path, handle, fileName = baseName(name) } = destination;
      if (path !== undefined || handle !== undefined || typeof document === 'undefined') return destination;
      return { ...destination, ...(await pickFile(fileName)) };
    },
    async sink({ path, handle, fileName }, name, length, sha256) {
      if (path !== undefined) {
        const message =
          'A page has no paths: leave { path } out, or pass { handle } of a file that the user picked.';
        throw new DTufError('INVALID_ARGUMENT', message, { target: name });
      }
      return downloadSink({ fileName: fileName ?? baseName(name), length, sha256, handle }, memory);
    },
    async content() {
      throw new DTufError(
        'NOT_SUPPORTED',
        'A page has no paths: pass the File that the user picked, a Blob or bytes.',
      );
    },
    async readSmall(path) {
      throw new DTufError(
        'NOT_SUPPORTED',
        `A page cannot read ${path.href}: give an address over https, or the text.`,
      );
    },
  };
}
