// Changes to a credentials file that is docker's or podman's, and not ours: all else in it stays as it is.
import { randomUUID } from 'node:crypto';
import { mkdir, open, realpath, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../state-path.ts';
import { storageFailed, unlessMissing } from '../storage-error.ts';

/** By key; undefined takes the entry out. */
export type AuthsChange = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

/**
 * The text of a file with another `auths`.
 *
 * @param text JSON, of an object.
 */
export function editAuths(text: string, change: AuthsChange): string {
  // JSON.parse would round numbers of others that JavaScript has not.
  const value = JSON.parse(numbersAsStrings(text)) as Record<string, unknown>;
  const auths = new Map(Object.entries((value['auths'] ?? {}) as Record<string, unknown>));
  for (const [key, entry] of Object.entries(change)) {
    if (entry === undefined) auths.delete(key);
    else auths.set(key, entry);
  }
  const changed = { ...value, auths: Object.fromEntries(auths) };
  // As docker writes it.
  return `${stringsAsNumbers(JSON.stringify(changed, undefined, '\t'))}\n`;
}

/** What no string of such a file begins with. */
const mark = '\\u0000number:';

function numbersAsStrings(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g, (token) =>
    token.startsWith('"') ? token : `"${mark}${token}"`,
  );
}

function stringsAsNumbers(text: string): string {
  return text.replace(/"\\u0000number:([^"]*)"/g, '$1');
}

/**
 * Puts a file in the place of another in one step, readable by its owner only.
 *
 * @throws DTufError STORAGE_FAILED
 */
export async function replaceSecretFile(path: string, text: string): Promise<void> {
  // A link (to a folder under version control, say) stays one.
  const place = (await unlessMissing(realpath(path))) ?? path;
  const folder = dirname(place);
  const part = join(folder, `.dtuf-${randomUUID()}.part`);
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const handle = await open(part, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, place);
    await syncFolder(folder);
  } catch (error) {
    await rm(part, { force: true });
    throw storageFailed('write', path, error);
  }
}
