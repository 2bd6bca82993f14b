import { DTufError } from '../../src/errors.ts';
import type { FileHandleLike, Sink } from '../../src/ports.ts';
import { copyToHandle, linkTo, requireWritable } from './hand-over.ts';
import { holdData } from './held-data.ts';

/** In milliseconds: how long a browser may take to copy what it was handed. */
const COPYING = 60 * 60_000;

/** What is to be downloaded. */
export interface Wanted {
  readonly fileName: string;
  /** In bytes. */
  readonly length: number;
  /** Under which a later attempt finds what this one leaves. */
  readonly sha256: string | undefined;
  /** Of a file that the user picked; without it, the browser's downloads. */
  readonly handle: FileHandleLike | undefined;
}

/**
 * Hands verified data to a file that the user picked, or to the browser's downloads. Until it is verified it is held where
 * no user sees it.
 *
 * @param limit in bytes, above which data is not held in memory.
 * @throws DTufError NOT_SUPPORTED in a worker without a handle; TOO_LARGE, STORAGE_FAILED
 */
export async function downloadSink(
  { fileName, length, sha256, handle }: Wanted,
  limit: number,
): Promise<Sink> {
  if (handle === undefined && typeof document === 'undefined') {
    throw new DTufError(
      'NOT_SUPPORTED',
      'A worker cannot save files: pass { handle } of a file that the page has picked, or use blob() or stream().',
    );
  }
  if (handle !== undefined) await requireWritable(handle);
  const held = await holdData(fileName, length, limit, sha256);
  // What cannot be removed is removed by a later page (spool-folders.ts).
  const remove = () => held.remove().catch(() => undefined);
  return {
    how: handle === undefined ? 'download' : 'picker',
    ...(held.kept === undefined ? {} : { kept: held.kept }),
    write: (chunk) => held.write(chunk),
    async commit() {
      const data = await held.blob();
      if (handle !== undefined) {
        await copyToHandle(data, handle);
        return remove();
      }
      // Only for the pages that clean up after this one: without it they wait for a day.
      await held.markDone().catch(() => undefined);
      const release = linkTo(data, fileName);
      // Nothing tells when the browser has its copy; a page that is closed before takes the address with it.
      setTimeout(() => {
        release();
        void remove();
      }, COPYING);
    },
    abort: remove,
    ...(sha256 === undefined ? {} : { pause: () => held.keep() }),
  };
}
