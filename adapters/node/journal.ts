// The write-ahead journal of a state folder. In `.dtuf`:
//   commit-<id>/0, 1, …   the new files of one commit, in the order of the journal's list
//   journal               names the last commit; putting it there, by a rename, is the commit point
// While the folder of that commit is there, its files may not have been moved to their places yet: readers look
// into it first, and the next writer moves what is left. The journal itself stays until the next commit, so that
// a reader who finds the same one before and after knows that no commit came in between.
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Held, INTERNAL } from './file-lock.ts';
import { sweep } from './lock-folder.ts';
import { foldersOf, isStateName, modeOf, preparePlace, statePath, syncFolder } from './state-path.ts';
import { storing, unlessMissing } from './storage-error.ts';

export interface Journal {
  readonly id: string;
  readonly writes: readonly string[];
  readonly deletes: readonly string[];
}

/** The last commit; undefined where there was none. */
export async function readJournal(folder: string): Promise<Journal | undefined> {
  const path = journalPath(folder);
  const text = await storing('read', path, () => unlessMissing(readFile(path, 'utf8')));
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isJournal(value) ? value : undefined;
  } catch {
    // It was written whole before it got this name: the disk has damaged it, and nothing can be rolled forward.
    // Whatever is in the folder is verified by its readers as always.
    return undefined;
  }
}

/** Whether files of the commit may still be on their way to their places. */
export async function isPending(folder: string, journal: Journal): Promise<boolean> {
  return (await unlessMissing(stat(commitFolder(folder, journal.id)))) !== undefined;
}

/** Where the new content of `name` is until it is moved to its place. */
export function pendingPath(folder: string, journal: Journal, name: string): string | undefined {
  const at = journal.writes.indexOf(name);
  return at < 0 ? undefined : join(commitFolder(folder, journal.id), `${at}`);
}

/**
 * Writes and deletes all or nothing. The caller holds the lock, and has called {@link recover}.
 *
 * @throws DTufError STORAGE_FAILED, LOCKED: nothing has changed then.
 */
export async function commit(
  folder: string,
  held: Held,
  writes: ReadonlyMap<string, Uint8Array>,
  deletes: readonly string[],
): Promise<void> {
  const journal: Journal = { id: randomUUID(), writes: [...writes.keys()], deletes };
  const temporary = commitFolder(folder, journal.id);
  try {
    for (const name of [...writes.keys(), ...deletes]) await preparePlace(folder, name);
    await storing('write', temporary, async () => {
      await mkdir(temporary, { mode: 0o700 });
      let at = 0;
      for (const [name, bytes] of writes) await writeDurably(join(temporary, `${at++}`), bytes, modeOf(name));
      await writeDurably(
        join(temporary, 'journal'),
        new TextEncoder().encode(JSON.stringify(journal)),
        0o644,
      );
      await syncFolder(temporary);
      await held.check();
      await rename(join(temporary, 'journal'), journalPath(folder));
    });
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => {
      // The next writer removes what is left; the error that matters is the first one.
    });
    throw error;
  }
  await apply(folder, journal).catch(() => {
    // The commit stands: readers see it through the journal. The next writer goes on here, and tells where it cannot.
  });
}

/** Ends what a killed writer has left. The caller holds the lock. */
export async function recover(folder: string): Promise<void> {
  const journal = await readJournal(folder);
  await storing('bring up to date', folder, async () => {
    if (journal && (await isPending(folder, journal))) await apply(folder, journal);
    for (const entry of await readdir(join(folder, INTERNAL))) {
      const path = join(folder, INTERNAL, entry);
      if (entry.startsWith('commit-')) await rm(path, { recursive: true, force: true });
      else await sweep(path);
    }
  });
}

async function apply(folder: string, journal: Journal): Promise<void> {
  await syncFolder(join(folder, INTERNAL));
  for (const [at, name] of journal.writes.entries()) {
    const from = join(commitFolder(folder, journal.id), `${at}`);
    // Moved already, before the process was killed.
    if (!(await unlessMissing(stat(from)))) continue;
    await preparePlace(folder, name);
    await rename(from, statePath(folder, name));
  }
  for (const name of journal.deletes) await unlessMissing(rm(statePath(folder, name)));
  const touched = new Set([...journal.writes, ...journal.deletes].flatMap((name) => foldersOf(folder, name)));
  for (const path of touched) await unlessMissing(syncFolder(path));
  await rm(commitFolder(folder, journal.id), { recursive: true, force: true });
}

async function writeDurably(path: string, bytes: Uint8Array, mode: number): Promise<void> {
  const handle = await open(path, 'wx', mode);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isJournal(value: unknown): value is Journal {
  if (typeof value !== 'object' || value === null) return false;
  const { id, writes, deletes }: Partial<Record<keyof Journal, unknown>> = value;
  return typeof id === 'string' && /^[0-9a-f-]{36}$/.test(id) && areNames(writes) && areNames(deletes);
}

function areNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && isStateName(name));
}

function journalPath(folder: string): string {
  return join(folder, INTERNAL, 'journal');
}

function commitFolder(folder: string, id: string): string {
  return join(folder, INTERNAL, `commit-${id}`);
}
