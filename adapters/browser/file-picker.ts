import { DTufError } from '../../src/errors.ts';
import type { Chosen } from '../../src/ports.ts';
import { exceptionName } from './exception-name.ts';

/** Only some engines have it, and not everywhere. */
type Picker = (options: { suggestedName: string }) => Promise<FileSystemFileHandle>;

/**
 * Asks the user where to save.
 *
 * @returns undefined where the browser does not ask: it has no picker, or not here, or there was no click.
 * @throws DTufError ABORTED where the user picked nothing.
 */
export async function pickFile(suggestedName: string): Promise<Chosen | undefined> {
  const picker: unknown = Reflect.get(globalThis, 'showSaveFilePicker');
  if (typeof picker !== 'function') return undefined;
  try {
    const handle = await (picker as Picker)({ suggestedName });
    return { handle, giveUp: () => removeEmpty(handle) };
  } catch (error) {
    if (exceptionName(error) !== 'AbortError') return undefined;
    throw new DTufError('ABORTED', 'No file was picked, and nothing was saved.', { cause: error });
  }
}

/** Browsers make the file when it is picked, or empty it: what nothing came into is not left under that name. */
async function removeEmpty(handle: FileSystemFileHandle): Promise<void> {
  try {
    const remove: unknown = Reflect.get(handle, 'remove');
    if (typeof remove === 'function' && (await handle.getFile()).size === 0) await remove.call(handle);
  } catch {
    // The user has moved or removed it meanwhile: it is not ours any more.
  }
}
