import { type ExportedFile, exportedFiles } from './client/export.ts';
import type { DTufCopy } from './copy.ts';
import type { Call } from './options.ts';

export type { ExportedFile };

/**
 * What `copy` has pulled, as the files of a plain TUF repository for any web server: data first, then the metadata that names
 * it, and last what changes in its place. Only what is published is in it, and all of it is to be verified by whoever writes
 * it ({@link ExportedFile.expected}).
 *
 * @throws DTufError METADATA_MISSING, METADATA_EXPIRED; NOT_SUPPORTED in the legacy layout, whose targets plain clients would
 * take for lists, or for a name that no path can have.
 * @example
 * for await (const { path } of exportFiles(copy)) console.log(path);
 */
export async function* exportFiles(copy: DTufCopy, { signal }: Call = {}): AsyncIterable<ExportedFile> {
  const { published, now } = await copy.reader();
  yield* exportedFiles(published, now, signal);
}
