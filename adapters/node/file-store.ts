import { createHash } from 'node:crypto';
import { constants, type Dirent } from 'node:fs';
import { lstat, open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Store, Stored } from '../../src/ports.ts';
import { type FileLockOptions, hold, INTERNAL } from './file-lock.ts';
import { commit, isPending, type Journal, pendingPath, readJournal, recover } from './journal.ts';
import { isStateName, statePath } from './state-path.ts';
import { errnoOf, storing, unlessMissing } from './storage-error.ts';

/** So many commits in a row may come in between before a reader asks the writers to wait for once. */
const ATTEMPTS = 50;

/**
 * The state of a repository as plain files in `folder`, which is made by the first commit.
 *
 * A commit is all or nothing also where the process is killed or the power fails in it, and one writer at a time
 * makes it. Readers need no right to write, never wait, and never see a mixture. Private keys (`keys/…` but `*.pub`)
 * get mode 0600. The version of a file is the SHA-256 of its content.
 *
 * @example
 * const store = fileStore('dtuf_repos/fred/demo/copy');
 * (await store.read(['repository/metadata/current/root.json'])).get('repository/metadata/current/root.json')?.bytes;
 */
export function fileStore(folder: string, options: FileLockOptions = {}): Store {
  return {
    persistent: true,
    async read(names) {
      for (const name of names) statePath(folder, name);
      return unchanged(folder, options, (pending) => readAll(folder, names, pending));
    },
    async commit(expected, writes, deletes = []) {
      const gone = new Set(deletes);
      const kept = new Map([...writes].filter(([name]) => !gone.has(name)));
      for (const name of [...expected.keys(), ...writes.keys(), ...gone]) statePath(folder, name);
      const held = await hold(folder, 'commit', options);
      try {
        await recover(folder);
        const found = await readAll(folder, [...expected.keys()], undefined);
        for (const [name, version] of expected) {
          if (found.get(name)?.version !== version) return false;
        }
        const there = await existing(folder, gone);
        if (kept.size > 0 || there.length > 0) await commit(folder, held, kept, there);
        return true;
      } finally {
        await held.release();
      }
    },
    list: (prefix) => unchanged(folder, options, (pending) => listAll(folder, prefix, pending)),
  };
}

/** Runs `look` again until no commit came in between. */
async function unchanged<T>(
  folder: string,
  options: FileLockOptions,
  look: (pending: Journal | undefined) => Promise<T>,
): Promise<T> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const before = await readJournal(folder);
    const pending = before && (await isPending(folder, before)) ? before : undefined;
    const seen = await look(pending);
    if ((await readJournal(folder))?.id === before?.id) return seen;
  }
  const held = await hold(folder, 'commit', options);
  try {
    await recover(folder);
    return await look(undefined);
  } finally {
    await held.release();
  }
}

async function readAll(
  folder: string,
  names: readonly string[],
  pending: Journal | undefined,
): Promise<Map<string, Stored>> {
  const found = new Map<string, Stored>();
  for (const name of names) {
    if (pending?.deletes.includes(name)) continue;
    const early = pending && pendingPath(folder, pending, name);
    const stored = (early && (await readFile(early))) ?? (await readFile(statePath(folder, name)));
    if (stored) found.set(name, stored);
  }
  return found;
}

async function existing(folder: string, names: Iterable<string>): Promise<string[]> {
  const there: string[] = [];
  for (const name of names) {
    const path = statePath(folder, name);
    if (await storing('look at', path, () => unlessMissing(lstat(path)))) there.push(name);
  }
  return there;
}

async function readFile(path: string): Promise<Stored | undefined> {
  return storing('read', path, async () => {
    // Without waiting for a writer, where somebody has put a pipe there.
    const handle = await unlessMissing(open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)));
    if (!handle) return undefined;
    try {
      if (!(await handle.stat()).isFile()) throw new Error('it is no regular file');
      const bytes = Uint8Array.from(await handle.readFile());
      return { bytes, version: createHash('sha256').update(bytes).digest('hex') };
    } finally {
      await handle.close();
    }
  });
}

async function listAll(folder: string, prefix: string, pending: Journal | undefined): Promise<string[]> {
  const names = new Set<string>();
  // Only the folder that the prefix names is gone through.
  const above = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  if (above === '' || isStateName(above.slice(0, -1))) await walk(folder, above, names);
  for (const name of pending?.writes ?? []) names.add(name);
  for (const name of pending?.deletes ?? []) names.delete(name);
  return [...names].filter((name) => name.startsWith(prefix));
}

async function walk(folder: string, above: string, names: Set<string>): Promise<void> {
  const path = join(folder, above);
  for (const entry of await storing('list', path, () => entries(path))) {
    const name = above + entry.name;
    // What has no name that we could read is not ours.
    if (name === INTERNAL || !isStateName(name)) continue;
    if (entry.isDirectory()) await walk(folder, `${name}/`, names);
    else if (entry.isFile() || (await unlessMissing(stat(join(folder, name))))?.isFile()) names.add(name);
  }
}

async function entries(path: string): Promise<Dirent[]> {
  try {
    return await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw error;
  }
}
