import { DTufError } from '../../src/errors.ts';
import type { Sink } from '../../src/ports.ts';
import { type HeldData, holdInFile, holdInMemory } from './held-data.ts';

/** How long a browser may take to copy what it was handed, in milliseconds. */
const COPYING = { memory: 60_000, file: 60 * 60_000 };

/**
 * Hands verified data to the browser's downloads. Until it is verified it is held where no user sees it.
 *
 * @param limit in bytes, above which data is not held in memory.
 * @throws DTufError NOT_SUPPORTED in a worker; TOO_LARGE, STORAGE_FAILED
 */
export async function downloadSink(fileName: string, length: number, limit: number): Promise<Sink> {
  if (typeof document === 'undefined') {
    throw new DTufError(
      'NOT_SUPPORTED',
      'A worker cannot save files: pass { handle } of a file that the page has picked, or use blob() or stream().',
    );
  }
  const inMemory = length <= limit;
  const held = inMemory ? holdInMemory(fileName, length, limit) : await holdInFile(fileName, length, limit);
  return {
    how: 'download',
    write: (chunk) => held.write(chunk),
    async commit() {
      handOver(await held.blob(), fileName, held, inMemory ? COPYING.memory : COPYING.file);
    },
    async abort() {
      // What cannot be removed is removed by a later page (private-file.ts).
      await held.remove().catch(() => undefined);
    },
  };
}

function handOver(blob: Blob, fileName: string, held: HeldData, copying: number): void {
  // The type must not let a browser open it in place of saving it.
  const url = URL.createObjectURL(new Blob([blob], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  // Nothing tells when the browser has its copy; a page that is closed before takes the address with it.
  setTimeout(() => {
    URL.revokeObjectURL(url);
    void held.remove().catch(() => undefined);
  }, copying);
}
