import { DTufError } from '../../src/errors.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Files } from '../../src/ports.ts';
import { baseName } from './base-name.ts';
import { downloadSink } from './download-sink.ts';
import { holdData } from './held-data.ts';

/** What {@link browserFiles} needs when there is something to keep. @param options.memory as there. */
export function spooledFiles({
  memory = defaultLimits.memory,
}: {
  readonly memory?: number;
} = {}): Pick<Files, 'spool' | 'sink'> {
  return {
    async spool(length) {
      const held = await holdData('the target', length, memory);
      return {
        write: (chunk) => held.write(chunk),
        read: async () => removedAfter(await held.blob(), () => held.remove()),
        discard: () => held.remove(),
      };
    },
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

/** A stream that removes its data at its end, however that comes. */
function removedAfter(blob: Blob, remove: () => Promise<void>): ReadableStream<Uint8Array> {
  const reader = blob.stream().getReader();
  // What cannot be removed is removed by a later page (spool-folders.ts): the reader has all that it asked for.
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
