import type { FileHandleLike, Sink } from '../../src/ports.ts';
import { storageFailed, storing } from './storage-error.ts';

/**
 * Writes to a file that the user picked. The browser writes to a swap file and puts it in place with `close`: until then,
 * and after an abort, the file is what it was.
 *
 * @throws DTufError STORAGE_FAILED
 */
export async function handleSink(handle: FileHandleLike): Promise<Sink> {
  const stream = await storing('write the file that was picked', () => handle.createWritable());
  return {
    how: 'picker',
    write: (chunk) => storing('write the file that was picked', () => stream.write(Uint8Array.from(chunk))),
    commit: () => storing('put the file that was picked in place', () => stream.close()),
    async abort() {
      // It may have failed or ended already: nothing is in place either way.
      await stream.abort(storageFailed('save', 'the data was refused')).catch(() => undefined);
    },
  };
}
