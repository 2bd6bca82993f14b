// Writes an export into a folder that a web server serves.
import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { verifyStream } from '../../src/content/verify-stream.ts';
import type { DTufCopy } from '../../src/copy.ts';
import { hasCode } from '../../src/errors.ts';
import { type ExportedFile, exportFiles } from '../../src/export.ts';
import type { Call } from '../../src/options.ts';
import { throwIfAborted } from '../../src/registry/throw-if-aborted.ts';
import { nodeDigester } from './digester.ts';
import { nodeFiles } from './files.ts';
import { storing, unlessMissing } from './storage-error.ts';

/** What an export did, in files. */
export interface Exported {
  /** Paths below the folder, in the order in which they were written. */
  readonly written: readonly string[];
  /** How many were there already, and are what they should be. */
  readonly kept: number;
}

/**
 * Writes what `copy` has pulled as a plain TUF repository: `metadata/` and `targets/` below `folder`. What is there already
 * is looked through and left, so that a second export writes what changed. Each file is verified before it has its name,
 * and what it names was written before it: the folder can be served all the while. Files of before stay, for clients on
 * their way.
 *
 * @throws DTufError METADATA_MISSING, METADATA_EXPIRED, TARGET_MISMATCH, TARGET_MISSING, STORAGE_FAILED, NOT_SUPPORTED
 * @example
 * const copy = new DTufCopy({ host: 'registry.example.com', repository: 'fred/demo', trust });
 * await copy.pullMetadata();
 * await exportFolder(copy, 'public');
 */
export async function exportFolder(copy: DTufCopy, folder: string, call: Call = {}): Promise<Exported> {
  const written: string[] = [];
  let kept = 0;
  for await (const file of exportFiles(copy, call)) {
    throwIfAborted(call.signal);
    const place = join(folder, ...file.path.split('/'));
    if (await isThere(place, file)) {
      kept += 1;
    } else {
      await write(place, file, call);
      written.push(file.path);
    }
  }
  return { written, kept };
}

async function isThere(place: string, { path, expected }: ExportedFile): Promise<boolean> {
  const found = await storing('look for', place, () => unlessMissing(stat(place)));
  if (found === undefined || !found.isFile() || found.size !== expected.length) return false;
  try {
    const content = await nodeFiles().content(place);
    await verifyStream(await content.open(), expected, nodeDigester, path, () => undefined);
    return true;
  } catch (error) {
    if (hasCode(error, 'TARGET_MISMATCH')) return false;
    throw error;
  }
}

async function write(place: string, file: ExportedFile, { signal, onProgress }: Call): Promise<void> {
  const { path, expected } = file;
  const folder = dirname(place);
  await storing('make', folder, () => mkdir(folder, { recursive: true }));
  const sink = await nodeFiles().sink({ path: place }, path, expected.length);
  let received = 0;
  try {
    await verifyStream(await file.open(signal), expected, nodeDigester, path, async (chunk) => {
      throwIfAborted(signal);
      await sink.write(chunk);
      received += chunk.length;
      onProgress?.({ target: path, received, total: expected.length, phase: 'write' });
    });
    await sink.commit();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
