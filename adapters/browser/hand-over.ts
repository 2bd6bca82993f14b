// How verified data gets from the private files to where its user wants it.
import type { FileHandleLike } from '../../src/ports.ts';
import { storing } from './storage-error.ts';

/** In bytes, of one step of a copy: the browser moves it without us. */
const STEP = 4 * 1024 * 1024;

/**
 * Finds out before anything is fetched.
 *
 * @throws DTufError STORAGE_FAILED where the user's file may not be written.
 */
export async function requireWritable(handle: FileHandleLike): Promise<void> {
  await storing('write the file that was picked', async () => (await handle.createWritable()).abort());
}

/**
 * Copies to a file that the user picked. The browser writes to a swap file and puts it in place at the end: until then, and
 * after a failure, the file is what it was.
 *
 * @throws DTufError STORAGE_FAILED
 */
export async function copyToHandle(data: Blob, handle: FileHandleLike): Promise<void> {
  const what = 'write the file that was picked';
  const stream = await storing(what, () => handle.createWritable());
  try {
    for (let at = 0; at < data.size; at += STEP)
      await storing(what, () => stream.write(data.slice(at, at + STEP)));
    await storing('put the file that was picked in place', () => stream.close());
  } catch (error) {
    // It may have failed by itself already: nothing is in place either way.
    await stream.abort(error).catch(() => undefined);
    throw error;
  }
}

/** Gives it to the browser's downloads, which copy it. @returns releases it. */
export function linkTo(data: Blob, fileName: string): () => void {
  // The type must not let a browser open it in place of saving it.
  const url = URL.createObjectURL(new Blob([data], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = fileName;
  link.click();
  return () => URL.revokeObjectURL(url);
}
