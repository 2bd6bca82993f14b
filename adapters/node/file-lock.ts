import { randomUUID } from 'node:crypto';
import * as fs from 'node:fs';
import { mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { DTufError } from '../../src/errors.ts';
import type { Lock } from '../../src/ports.ts';
import { isDead, makeLock, readHolder, removeDeadLock, removeLock } from './lock-folder.ts';
import { errnoOf, storageFailed, storing, unlessMissing } from './storage-error.ts';

/** Times in milliseconds. */
export interface FileLockOptions {
  /** How long a lock that another process holds is waited for. Default 30,000. */
  readonly wait?: number;
  /** How long a holder may give no sign of life before the lock is taken from it. Default 10,000. */
  readonly silence?: number;
}

/** A lock that is held. */
export interface Held {
  /** Rejects where the lock was taken from us, which happens to a process that was stopped for long. Never resolves. */
  readonly lost: Promise<never>;
  /** @throws DTufError LOCKED where the lock is no longer ours, looked at anew. */
  check(): Promise<void>;
  release(): Promise<void>;
}

const WAIT = 30_000;
const SILENCE = 10_000;
/** How often a holder gives a sign of life. */
const BEAT = 2_000;
/**
 * proper-lockfile is told never to take a lock over: it compares a time of the file system with our clock, which
 * fails on network folders, and two processes that do so at once can both end up as holders. That part is here.
 */
const NEVER = 10 ** 12;
const SHORTEST_PAUSE = 5;
const LONGEST_PAUSE = 100;

/** The folder within a state folder that holds locks and the journal; python-dtuf's own lock is the file `lock`. */
export const INTERNAL = '.dtuf';

/**
 * One writer at a time across processes, also on network folders: each lock is a folder that only one can make.
 * A holder that was killed is taken over, at once where it ran on this machine.
 *
 * @param folder of the state; it is made where it is missing.
 * @example
 * await fileLock('dtuf_repos/fred/demo/master').run('publish', async () => { … });
 */
export function fileLock(folder: string, options: FileLockOptions = {}): Lock {
  return {
    async run(name, work, signal) {
      const held = await hold(folder, name, options, signal);
      try {
        return await Promise.race([work(), held.lost]);
      } finally {
        await held.release();
      }
    },
  };
}

/**
 * Takes the lock `name`.
 *
 * @throws DTufError LOCKED, ABORTED, STORAGE_FAILED
 */
export async function hold(
  folder: string,
  name: string,
  options: FileLockOptions = {},
  signal?: AbortSignal,
): Promise<Held> {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      `Expected a lock name of letters, digits and "-", got ${JSON.stringify(name)}.`,
    );
  }
  const internal = join(folder, INTERNAL);
  await storing('make the folder', internal, () => makeFolder(internal));
  const path = join(internal, `${name}.lock`);
  const { wait = WAIT, silence = SILENCE } = options;
  const until = performance.now() + wait;
  const watch = watchSilence(path, silence);

  for (let pause = SHORTEST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
    throwIfAborted(signal);
    const held = await tryToHold(path);
    if (held) return held;
    const free = await watch();
    if (performance.now() >= until) throw await heldByAnother(path, wait);
    if (free) continue;
    // At random, so that those who wait do not meet again and again.
    const moment = pause * (0.5 + Math.random());
    await sleep(moment, undefined, signal ? { signal } : {}).catch(() => throwIfAborted(signal));
  }
}

/** As mkdir with `recursive`, which says ENOENT where the file system is read-only (Node 20). */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    if (errnoOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path);
  }
}

async function heldByAnother(path: string, waited: number): Promise<DTufError> {
  const holder = await readHolder(path);
  const who = holder ? `process ${holder.pid} on ${JSON.stringify(holder.host)}` : 'another process';
  const message = `The lock ${JSON.stringify(path)} is held by ${who}; waited ${waited / 1000} s. Try again when it has ended.`;
  return new DTufError('LOCKED', message);
}

async function tryToHold(path: string): Promise<Held | undefined> {
  const token = randomUUID();
  let lose: (cause: Error) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    lose = (cause) => reject(takenAway(path, cause));
  });
  // Whoever holds the lock learns of its loss by check() or the race in run(): this is only against the report
  // of a rejection that nobody happens to wait for.
  lost.catch(() => {});
  try {
    const release = await lockfile.lock(path, {
      lockfilePath: path,
      realpath: false,
      stale: NEVER,
      update: BEAT,
      fs: lockFolders(token),
      onCompromised: (cause) => lose(cause),
    });
    return describeHeld(path, token, lost, release);
  } catch (error) {
    if (errnoOf(error) === 'ELOCKED') return undefined;
    throw storageFailed('make the lock', path, error);
  }
}

function describeHeld(path: string, token: string, lost: Promise<never>, release: () => Promise<void>): Held {
  return {
    lost,
    async check() {
      if ((await readHolder(path))?.token !== token) throw takenAway(path);
      await Promise.race([lost, Promise.resolve()]);
    },
    async release() {
      await release().catch((error: unknown) => {
        // The lock was taken from us: it is another's now, and `lost` has told.
        if (errnoOf(error) !== 'ERELEASED') throw storageFailed('release the lock', path, error);
      });
    },
  };
}

/** What proper-lockfile does with folders, done with folders that have a note: see lock-folder.ts. */
function lockFolders(token: string) {
  type Done = (error: unknown) => void;
  return {
    ...fs,
    mkdir(path: string, done: Done) {
      const held = Object.assign(new Error('held'), { code: 'EEXIST' });
      makeLock(path, token).then((made) => done(made ? null : held), done);
    },
    rmdir(path: string, done: Done) {
      removeLock(path, token).then(() => done(null), done);
    },
    // At the end of the process.
    rmdirSync(path: string) {
      if (fs.readFileSync(`${path}/holder.json`, 'utf8').includes(token))
        fs.rmSync(path, { recursive: true });
    },
  };
}

/**
 * Watches a lock that is held by somebody else, from look to look.
 *
 * @returns a function that answers true where the lock is free, after the lock of a dead holder was removed too. Life
 * is judged by changes between two looks, never by comparing the file system's clock with ours.
 */
function watchSilence(path: string, silence: number): () => Promise<boolean> {
  let beat: string | undefined;
  let since = performance.now();
  return () =>
    storing('take over the lock', path, async () => {
      const found = await unlessMissing(stat(path, { bigint: true }));
      if (!found) return true;
      const holder = await readHolder(path);
      const seen = `${found.mtimeNs} ${holder?.token}`;
      if (seen !== beat) {
        beat = seen;
        since = performance.now();
      }
      const silent = performance.now() - since >= silence;
      if (holder) return (silent || (await isDead(holder))) && removeDeadLock(path, holder);
      // No process of ours makes such a one.
      if (silent) await rm(path, { recursive: true, force: true });
      return silent;
    });
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) {
    throw new DTufError('ABORTED', 'Stopped while waiting for the lock.', { cause: signal.reason });
  }
}

function takenAway(path: string, cause?: Error): DTufError {
  const message =
    `The lock ${JSON.stringify(path)} was taken over by another process, since this one gave no sign of life for too long. ` +
    'Look at the state, and run it again.';
  return new DTufError('LOCKED', message, { cause });
}
