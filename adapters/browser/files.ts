import { late } from '../../src/late.ts';
import type { Options } from '../../src/options.ts';
import type { Files } from '../../src/ports.ts';
import { SPOOLS } from './spools.ts';

/**
 * Files of a page: a file that the user picked, the browser's downloads, and the origin's private files for what is not
 * verified yet.
 *
 * @param options.memory in bytes, above which data is not held in memory; 64 MiB if left out.
 */
export function browserFiles(options: { readonly memory?: number } = {}): Files {
  void sweepLater();
  // Nothing of it is needed before something is saved, or a large target is read as a stream. A click lets a page ask its
  // user for seconds, which is longer than to load this.
  const files = async () => (await late(import('./page-files.ts'))).pageFiles(options);
  return {
    spool: async (length) => (await files()).spool(length),
    sink: async (...wanted) => (await files()).sink(...wanted),
    choose: async (...wanted) => (await files()).choose(...wanted),
    content: async (source) => (await files()).content(source),
    readSmall: async (...wanted) => (await files()).readSmall(...wanted),
  };
}

/** Those that were passed, or those of a page. */
export function filesOf({ files, limits }: Options): Files {
  return files ?? browserFiles(limits?.memory === undefined ? {} : { memory: limits.memory });
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
