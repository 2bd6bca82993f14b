import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { fileLock, hold } from '../../adapters/node/file-lock.ts';
import { bundle } from './bundle.ts';
import { canMakeDisks, smallDisk, temporaryFolder } from './temporary.ts';

const CHILD = resolve('test/node/file-lock.child.mjs');
const disks = canMakeDisks();
let built: string;

beforeAll(async () => {
  built = await bundle('adapters/node/file-lock.ts');
});

describe('fileLock', () => {
  test('work under one name runs one at a time, also after a failure; other names do not wait', async () => {
    const folder = temporaryFolder();
    const [one, other] = [fileLock(folder), fileLock(folder)];
    let inside = 0;
    const work = async () => {
      expect(++inside).toBe(1);
      await new Promise(setImmediate);
      inside--;
      throw new Error('failed');
    };
    const all = await Promise.allSettled([one, other, one, other].map((lock) => lock.run('x', work)));
    expect(all.map((each) => each.status === 'rejected' && `${each.reason}`)).toEqual(
      Array(4).fill('Error: failed'),
    );
    expect(await one.run('x', () => other.run('y', async () => 'inner'))).toBe('inner');
    expect(readdirSync(join(folder, '.dtuf'))).toEqual([]);
  });

  test('where another process holds it the wait is bounded, and the message says who', async () => {
    const folder = temporaryFolder();
    const child = await holder(folder);
    const refused = fileLock(folder, { wait: 50 }).run('x', async () => 'never');
    await expect(refused).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringMatching(new RegExp(`x.lock".*process ${child.pid} on .*0.05 s`)),
    });
  });

  test('the lock of a process that was killed is taken over at once (ATTACKS 67)', async () => {
    const folder = temporaryFolder();
    await kill(await holder(folder));
    const begun = performance.now();
    const patient = fileLock(folder, { wait: 50_000, silence: 50_000 });
    expect(await patient.run('x', async () => 'mine')).toBe('mine');
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test('many processes that take over one dead lock at once still run one at a time (ATTACKS 65, 67)', async () => {
    const folder = temporaryFolder();
    await kill(await holder(folder));
    const children = Array.from({ length: 6 }, () => start(folder, 'turns', '10'));
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('a holder on another machine is given time, and taken over when it gives no sign of life (ATTACKS 67)', async () => {
    const folder = temporaryFolder();
    await kill(await holder(folder));
    pretend(folder, { machine: 'elsewhere', host: 'elsewhere' });
    const refused = fileLock(folder, { wait: 50, silence: 10_000 }).run('x', async () => 'never');
    await expect(refused).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('"elsewhere"'),
    });
    expect(await fileLock(folder, { silence: 60 }).run('x', async () => 'mine')).toBe('mine');
  });

  test('a folder in place of the lock that nobody has signed is taken over after the same time', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.dtuf', 'x.lock'), { recursive: true });
    writeFileSync(join(folder, '.dtuf', 'x.lock', 'holder.json'), '{"pid":-1}');
    await expect(fileLock(folder, { wait: 50 }).run('x', async () => '')).rejects.toMatchObject({
      code: 'LOCKED',
    });
    expect(await fileLock(folder, { silence: 60 }).run('x', async () => 'mine')).toBe('mine');
  });

  test('work whose lock was taken away fails, and leaves the lock of the other alone', async () => {
    const folder = temporaryFolder();
    const lost = fileLock(folder).run('x', async () => {
      takeAway(folder);
      await new Promise(() => {});
    });
    await expect(lost).rejects.toMatchObject({
      code: 'LOCKED',
      message: expect.stringContaining('taken over'),
    });
    expect(existsSync(join(folder, '.dtuf', 'x.lock'))).toBe(true);
  });

  test('who asks before a commit point learns at once that the lock was taken away', async () => {
    const folder = temporaryFolder();
    const held = await hold(folder, 'x');
    await held.check();
    takeAway(folder);
    await expect(held.check()).rejects.toMatchObject({ code: 'LOCKED' });
    await held.release();
    expect(existsSync(join(folder, '.dtuf', 'x.lock'))).toBe(true);
  });

  test('waiting ends at once when the signal fires', async () => {
    const folder = temporaryFolder();
    const lock = fileLock(folder);
    await lock.run('x', async () => {
      const stop = new AbortController();
      const waiting = lock.run('x', async () => 'never', stop.signal);
      stop.abort();
      await expect(waiting).rejects.toMatchObject({ code: 'ABORTED' });
    });
    await expect(lock.run('x', async () => 'never', AbortSignal.abort())).rejects.toMatchObject({
      code: 'ABORTED',
    });
  });

  test('the lock file of python-dtuf is left alone', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'lock'), '');
    await fileLock(folder).run('lock', async () =>
      expect(readFileSync(join(folder, 'lock'), 'utf8')).toBe(''),
    );
    expect(readdirSync(folder).sort()).toEqual(['.dtuf', 'lock']);
  });

  test('a name that is no plain word is refused', async () => {
    const refused = fileLock(temporaryFolder()).run('../x', async () => '');
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test.runIf(disks)('a read-only folder is a clear error (ATTACKS 64)', async () => {
    const disk = smallDisk(64 * 1024);
    disk.makeReadOnly();
    const refused = fileLock(disk.path).run('x', async () => '');
    await expect(refused).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('read-only'),
    });
  });
});

function start(folder: string, ...parameters: string[]): ChildProcess {
  const child = spawn(process.execPath, [CHILD, built, folder, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function holder(folder: string): Promise<ChildProcess> {
  const child = start(folder, 'hold');
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

function pretend(folder: string, changes: Record<string, unknown>): void {
  const path = join(folder, '.dtuf', 'x.lock', 'holder.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...changes }));
}

/** What another process does that takes the lock over. */
function takeAway(folder: string): void {
  const path = join(folder, '.dtuf', 'x.lock');
  renameSync(path, join(folder, 'old'));
  mkdirSync(path);
  const note = JSON.parse(readFileSync(join(folder, 'old', 'holder.json'), 'utf8'));
  const token = '00000000-0000-4000-8000-000000000000';
  writeFileSync(join(path, 'holder.json'), JSON.stringify({ ...note, token }));
  rmSync(join(folder, 'old'), { recursive: true });
}
