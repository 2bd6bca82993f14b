import type { Spool } from '../../src/ports.ts';
import { holdData } from './held-data.ts';

/**
 * Keeps a target until it is verified, and then gives it as a stream.
 *
 * @param length in bytes.
 * @param memory in bytes, above which it is not held in memory.
 * @throws DTufError TOO_LARGE, STORAGE_FAILED
 */
export async function targetSpool(length: number, memory: number): Promise<Spool> {
  const held = await holdData('the target', length, memory);
  return {
    write: (chunk) => held.write(chunk),
    read: async () => removedAfter(await held.blob(), () => held.remove()),
    discard: () => held.remove(),
  };
}

/** A stream that removes its data before it ends, however that comes. */
function removedAfter(blob: Blob, remove: () => Promise<void>): ReadableStream<Uint8Array> {
  const reader = blob.stream().getReader();
  // What cannot be removed is removed by a later page (spool-folders.ts): the reader has all that it asked for.
  let ended: Promise<void> | undefined;
  // Once: a read that is under way ends at a cancel too, and whoever comes second waits for the first.
  const end = () => {
    ended ??= remove().catch(() => undefined);
    return ended;
  };
  return new ReadableStream({
    async pull(controller) {
      try {
        const step = await reader.read();
        if (!step.done) return controller.enqueue(step.value);
      } catch (error) {
        await end();
        return controller.error(error);
      }
      await end();
      controller.close();
    },
    async cancel(reason) {
      await reader.cancel(reason);
      await end();
    },
  });
}
