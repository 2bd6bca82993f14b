// A lock is a folder with a note in it that says who holds it. It is made aside and gets its name by a rename, which
// fails where there is one already, since that is not empty: so there is no moment at which a lock has no note, and
// a holder that was killed on this machine is known to be dead at once.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, readlink, rename, rm, stat, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, join } from 'node:path';
import { errnoOf, unlessMissing } from './storage-error.ts';

export interface Holder {
  /** Another holder, or the same process another time, has another one. */
  readonly token: string;
  readonly pid: number;
  readonly host: string;
  /** Where the process number means something. */
  readonly machine: string;
}

const NOTE = 'holder.json';
/** In milliseconds. A process that was killed before it wrote its note has left an empty folder. */
const HOUR = 3_600_000;

/** @returns false where somebody holds it. */
export async function makeLock(path: string, token: string): Promise<boolean> {
  const aside = `${path}.${token}.new`;
  const holder: Holder = { token, pid: process.pid, host: hostname(), machine: await machine() };
  try {
    await mkdir(aside);
    await writeFile(join(aside, NOTE), JSON.stringify(holder));
    return await rename(aside, path).then(() => true, isHeld);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** POSIX allows either of the first two for a folder that is there; Windows says EPERM. */
function isHeld(error: unknown): false {
  if (['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errnoOf(error) ?? '')) return false;
  throw error;
}

/** Removes the lock where it is that of `token`; the lock of another stays. */
export async function removeLock(path: string, token: string): Promise<boolean> {
  if ((await readHolder(path))?.token !== token) return false;
  const aside = `${path}.${token}.old`;
  // By a rename, too: a lock is whole or not there.
  if ((await unlessMissing(rename(path, aside).then(() => true))) === undefined) return false;
  await rm(aside, { recursive: true, force: true });
  return true;
}

/**
 * Removes the lock of a holder that is dead, and no other: who wants to do it takes a lock on that first, and then
 * looks again. One who comes late finds another holder, and leaves it alone.
 */
export async function removeDeadLock(path: string, holder: Holder): Promise<boolean> {
  const claim = `${path}.${holder.token}.claim`;
  const token = randomUUID();
  if (!(await makeLock(claim, token))) {
    const claimant = await readHolder(claim);
    if (claimant && (await isDead(claimant))) await removeLock(claim, claimant.token);
    return false;
  }
  try {
    return await removeLock(path, holder.token);
  } finally {
    await removeLock(claim, token);
  }
}

/** The note of a lock; undefined where nobody holds it. */
export async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(join(path, NOTE), 'utf8'));
    return isHolder(value) ? value : undefined;
  } catch {
    // Not there, or damaged by a power failure: then its age decides.
    return undefined;
  }
}

/** Whether the holder was a process of this machine that is no more. */
export async function isDead(holder: Holder): Promise<boolean> {
  return holder.machine === (await machine()) && !isAlive(holder.pid);
}

/** Removes what processes of this machine have left aside that were killed while they made or removed a lock. */
export async function sweep(path: string): Promise<void> {
  if (!/\.lock\.[0-9a-f-]{36}\./.test(basename(path))) return;
  const holder = await readHolder(path);
  const old = async () => Date.now() - ((await unlessMissing(stat(path)))?.mtimeMs ?? Date.now()) > HOUR;
  if (holder ? await isDead(holder) : await old()) await rm(path, { recursive: true, force: true });
}

function isHolder(value: unknown): value is Holder {
  if (typeof value !== 'object' || value === null) return false;
  const { token, pid, host, machine }: Partial<Record<keyof Holder, unknown>> = value;
  // A number below 1 would mean a group of processes.
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return false;
  return (
    typeof token === 'string' &&
    /^[0-9a-f-]{36}$/.test(token) &&
    typeof host === 'string' &&
    typeof machine === 'string'
  );
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    return errnoOf(error) !== 'ESRCH';
  }
}

/** This boot of this machine, and on Linux this container. */
async function machine(): Promise<string> {
  const parts = [readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readlink('/proc/self/ns/pid')];
  // Neither is there outside Linux, where the name of the machine has to do.
  const known = await Promise.all(parts.map((part) => part.catch(() => '')));
  return [hostname(), ...known.map((part) => part.trim())].join(' ');
}
