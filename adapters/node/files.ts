import { tmpdir } from 'node:os';
import { DTufError } from '../../src/errors.ts';
import type { Files } from '../../src/ports.ts';
import { fileContent, readSmallFile } from './file-content.ts';
import { fileSink } from './file-sink.ts';
import { fileSpool } from './spool.ts';

/**
 * Files of Node, Deno and Bun.
 *
 * @param options.temporary folder for data that is not verified yet, and for what comes from pipes; it needs room for
 * the largest target. Default: the system's (`TMPDIR`).
 */
export function nodeFiles(options: { readonly temporary?: string } = {}): Files {
  const temporary = () => options.temporary ?? tmpdir();
  return {
    spool: (length) => fileSpool(temporary(), length),
    async sink(destination, name, length) {
      if (destination.path === undefined) {
        const message = `Where is ${JSON.stringify(name)} to be saved? Give { path }: there are no pickers here.`;
        throw new DTufError('INVALID_ARGUMENT', message, { target: name });
      }
      return fileSink(destination.path, length, temporary());
    },
    content: (path) => fileContent(path, temporary()),
    readSmall: readSmallFile,
  };
}
