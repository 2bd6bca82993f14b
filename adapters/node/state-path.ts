import { constants } from 'node:fs';
import { access, lstat, mkdir, open, realpath, stat } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { DTufError } from '../../src/errors.ts';
import { INTERNAL } from './file-lock.ts';
import { errnoOf, storageFailed, unlessMissing } from './storage-error.ts';

const KEYS = 'keys/';

/** Whether `name` is of the form `a/b/c` that cannot leave the folder, on any system. */
export function isStateName(name: string): boolean {
  const segments = name.split('/');
  return (
    segments[0] !== INTERNAL &&
    segments.every((segment) => /^[^\\:\0]+$/.test(segment) && !/^\.\.?$/.test(segment))
  );
}

/** @throws DTufError INVALID_ARGUMENT */
export function statePath(folder: string, name: string): string {
  if (!isStateName(name)) {
    const message = `Expected a name like "a/b/c" in the state folder, got ${JSON.stringify(name)}.`;
    throw new DTufError('INVALID_ARGUMENT', message);
  }
  return join(folder, ...name.split('/'));
}

/** Private keys are their owner's only. */
export function modeOf(name: string): number {
  return name.startsWith(KEYS) && !name.endsWith('.pub') ? 0o600 : 0o644;
}

/**
 * Makes the folders above `path` and checks that a file can be put there by a rename: so that whatever can fail
 * fails before the commit point.
 *
 * @param name of the state, of which `path` is the place.
 * @throws DTufError STORAGE_FAILED, also where a symbolic link leads out of the state folder.
 */
export async function preparePlace(folder: string, name: string): Promise<void> {
  const path = statePath(folder, name);
  const parent = dirname(path);
  try {
    await makeFolders(folder, name);
    const [root, real] = await Promise.all([realpath(folder), realpath(parent)]);
    const way = relative(root, real);
    if (way === '..' || way.startsWith(`..${sep}`) || way.startsWith(sep)) throw leadsOut(parent, real);
    const [here, there] = await Promise.all([stat(join(folder, INTERNAL)), stat(parent)]);
    if (here.dev !== there.dev) throw leadsOut(parent, 'another file system');
    await access(parent, constants.W_OK);
    if ((await unlessMissing(lstat(path)))?.isDirectory())
      throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  } catch (error) {
    throw storageFailed('write', path, error);
  }
}

/** Makes the names in `path`, a folder, survive a power failure. */
export async function syncFolder(path: string): Promise<void> {
  let handle: Awaited<ReturnType<typeof open>>;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    // Windows opens no folders, and writes their entries through by itself.
    if (errnoOf(error) === 'EISDIR' || errnoOf(error) === 'EPERM') return;
    throw error;
  }
  try {
    await handle.sync();
  } catch (error) {
    // Some network file systems cannot do it for folders, and have nothing better.
    if (errnoOf(error) !== 'EINVAL' && errnoOf(error) !== 'EPERM' && errnoOf(error) !== 'ENOTSUP')
      throw error;
  } finally {
    await handle.close();
  }
}

/** The folder of `name` and those above it, up to the state folder. */
export function foldersOf(folder: string, name: string): readonly string[] {
  const segments = name.split('/').slice(0, -1);
  return [folder, ...segments.map((_, i) => join(folder, ...segments.slice(0, i + 1)))];
}

async function makeFolders(folder: string, name: string): Promise<void> {
  const mode = name.startsWith(KEYS) ? 0o700 : 0o755;
  // One by one: a recursive mkdir would follow a link that leads out before it could be looked at.
  const root = await realpath(folder);
  for (const path of foldersOf(folder, name).slice(1)) {
    const made = await mkdir(path, { mode }).then(
      () => true,
      (error: unknown) => {
        if (errnoOf(error) === 'EEXIST') return false;
        throw error;
      },
    );
    if (made) continue;
    const real = await realpath(path);
    if (real !== root && !real.startsWith(root + sep)) throw leadsOut(path, real);
  }
}

function leadsOut(path: string, where: string): DTufError {
  const message =
    `${JSON.stringify(path)} leads out of the state folder, to ${JSON.stringify(where)}: ` +
    'what is written there could not be all or nothing. Replace the link by a folder, or link the state folder itself.';
  return new DTufError('STORAGE_FAILED', message);
}
