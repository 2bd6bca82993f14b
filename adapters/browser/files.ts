import { DTufError } from '../../src/errors.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Files } from '../../src/ports.ts';
import { downloadSink } from './download-sink.ts';
import { pickFile } from './file-picker.ts';
import { holdData } from './held-data.ts';
import { sweepSpools } from './private-spool.ts';

/**
 * Files of a page: a file that the user picked, the browser's downloads, and the origin's private files for what is not
 * verified yet.
 *
 * @param options.memory in bytes, above which data is not held in memory; 64 MiB if left out.
 */
export function browserFiles({ memory = defaultLimits.memory }: { readonly memory?: number } = {}): Files {
  void sweepSpools();
  return {
    async spool(length) {
      const held = await holdData('the target', length, memory);
      return {
        write: (chunk) => held.write(chunk),
        read: async () => removedAfter(await held.blob(), () => held.remove()),
        discard: () => held.remove(),
      };
    },
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

/** A stream that removes its data at its end, however that comes. */
function removedAfter(blob: Blob, remove: () => Promise<void>): ReadableStream<Uint8Array> {
  const reader = blob.stream().getReader();
  // What cannot be removed is removed by a later page (private-spool.ts): the reader has all that it asked for.
  const end = () => remove().catch(() => undefined);
  return new ReadableStream({
    async pull(controller) {
      try {
        const step = await reader.read();
        if (!step.done) return controller.enqueue(step.value);
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      await end();
    },
    async cancel(reason) {
      await reader.cancel(reason);
      await end();
    },
  });
}

/** The last part of a target's path, which a browser makes safe for its file system. */
function baseName(target: string): string {
  return target.slice(target.lastIndexOf('/') + 1) || 'download';
}
