import { DTufError } from '../../src/errors.ts';
import { late } from '../../src/late.ts';
import type { Files } from '../../src/ports.ts';
import { baseName } from './base-name.ts';
import { pickFile } from './file-picker.ts';
import { SPOOLS } from './spools.ts';

/**
 * Files of a page: a file that the user picked, the browser's downloads, and the origin's private files for what is not
 * verified yet.
 *
 * @param options.memory in bytes, above which data is not held in memory; 64 MiB if left out.
 */
export function browserFiles(options: { readonly memory?: number } = {}): Files {
  void sweepLater();
  // Nothing of it is needed before something is saved, or a large target is read as a stream.
  const spooled = async () => (await late(import('./spooled-files.ts'))).spooledFiles(options);
  return {
    spool: async (length) => (await spooled()).spool(length),
    sink: async (...wanted) => (await spooled()).sink(...wanted),
    // Not late: browsers ask only in the click.
    async choose(destination, name) {
      const { path, handle, fileName = baseName(name) } = destination;
      if (path !== undefined || handle !== undefined || typeof document === 'undefined') return destination;
      return { ...destination, ...(await pickFile(fileName)) };
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

/** Removes what pages have left that are closed, where there is any. It never throws. */
async function sweepLater(): Promise<void> {
  try {
    await (await navigator.storage.getDirectory()).getDirectoryHandle(SPOOLS);
    await (await import('./spool-folders.ts')).sweepSpools();
  } catch {
    // There are none, or this browser has no private files for this page.
  }
}
