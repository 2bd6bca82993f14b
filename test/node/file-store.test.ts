import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { fileStore } from '../../adapters/node/file-store.ts';
import { bundle } from './bundle.ts';
import { commitGeneration, readGeneration } from './generations.ts';
import { canMakeDisks, smallDisk, temporaryFolder } from './temporary.ts';

const disks = canMakeDisks();
let built: string;

beforeAll(async () => {
  built = await bundle('test/node/generations.ts');
});

describe('fileStore', () => {
  test('what was committed is read, listed and deleted, and its version is the SHA-256 of its content', async () => {
    const store = fileStore(join(temporaryFolder(), 'not/there/yet'));
    expect((await store.read(['a'])).size).toBe(0);
    expect(await store.list('')).toEqual([]);
    expect(await store.commit(new Map(), files({ 'r/a': 'hello', 'r/s/b': '', 'keys/c': 'x' }))).toBe(true);
    expect((await store.read(['r/a'])).get('r/a')).toEqual({
      bytes: new TextEncoder().encode('hello'),
      version: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824',
    });
    expect([...(await store.list('r/'))].sort()).toEqual(['r/a', 'r/s/b']);
    expect(await store.list('r/s/')).toEqual(['r/s/b']);
    expect(await store.list('ke')).toEqual(['keys/c']);
    expect(await store.commit(new Map(), new Map(), ['r/a', 'never/there'])).toBe(true);
    expect([...(await store.list(''))].sort()).toEqual(['keys/c', 'r/s/b']);
  });

  test('a commit over a version that changed since it was read changes nothing', async () => {
    const store = fileStore(temporaryFolder());
    await store.commit(new Map([['a', undefined]]), files({ a: '1' }));
    const version = (await store.read(['a'])).get('a')?.version;
    expect(await store.commit(new Map([['a', version]]), files({ a: '2' }))).toBe(true);
    expect(await store.commit(new Map([['a', version]]), files({ a: '3', b: '3' }))).toBe(false);
    expect(await store.commit(new Map([['a', undefined]]), files({ a: '3', b: '3' }))).toBe(false);
    expect(await store.list('')).toEqual(['a']);
    expect(await textOf(store, 'a')).toBe('2');
  });

  test('a file that somebody else has replaced or removed since the last commit is seen as it is now', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    await store.commit(new Map(), files({ a: 'ours', b: 'ours' }));
    await store.commit(new Map(), files({ a: 'newer' }), ['b']);
    writeFileSync(join(folder, 'a'), 'theirs');
    writeFileSync(join(folder, 'b'), 'back again');
    expect([await textOf(store, 'a'), await textOf(store, 'b')]).toEqual(['theirs', 'back again']);
    rmSync(join(folder, 'a'));
    expect(await store.list('')).toEqual(['b']);
  });

  test('private keys are readable by their owner only', async () => {
    const folder = temporaryFolder();
    await fileStore(folder).commit(
      new Map(),
      files({ 'keys/k': '', 'keys/k.pub': '', 'keys/k.previous': '', 'r/m': '' }),
    );
    const modes = ['keys/k', 'keys/k.previous', 'keys/k.pub', 'r/m', 'keys', 'r'];
    const mode = (name: string) => (statSync(join(folder, name)).mode & 0o777).toString(8);
    expect(modes.map(mode)).toEqual(['600', '600', '644', '644', '700', '755']);
  });

  for (const name of [
    '../a',
    'a/../b',
    '/a',
    'a//b',
    'a\\b',
    'a\0',
    '',
    '.',
    'a/',
    'C:a',
    '.dtuf/journal',
    '.dtuf',
  ]) {
    test(`the name ${JSON.stringify(name)} is refused (ATTACKS 47, 48)`, async () => {
      const folder = temporaryFolder();
      const store = fileStore(folder);
      await expect(store.read([name])).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
      await expect(store.commit(new Map(), files({ [name]: '' }))).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      await expect(store.commit(new Map(), new Map(), [name])).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      expect(readdirSync(folder)).toEqual([]);
    });
  }

  test('a link in the folder that leads out of it is not written through', async () => {
    const [folder, outside] = [temporaryFolder(), temporaryFolder()];
    const store = fileStore(folder);
    symlinkSync(outside, join(folder, 'keys'));
    writeFileSync(join(outside, 'file'), 'theirs');
    symlinkSync(join(outside, 'file'), join(folder, 'file'));
    const refused = store.commit(new Map(), files({ 'keys/deep/k': 'ours', b: 'ours' }));
    await expect(refused).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('leads out'),
    });
    expect(existsSync(join(folder, 'b'))).toBe(false);
    await store.commit(new Map(), files({ file: 'ours' }));
    expect(readFileSync(join(outside, 'file'), 'utf8')).toBe('theirs');
    expect(readdirSync(outside)).toEqual(['file']);
    expect(await textOf(store, 'file')).toBe('ours');
  });

  test('a folder where a file belongs is a clear error, and nothing changes (ATTACKS 40)', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    mkdirSync(join(folder, 'a'));
    await expect(store.read(['a'])).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    const refused = store.commit(new Map(), files({ b: 'ours', a: 'ours' }));
    await expect(refused).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining(join(folder, 'a')),
    });
    expect(await store.list('')).toEqual([]);
    expect(readdirSync(join(folder, '.dtuf'))).toEqual([]);
  });

  test('a damaged journal is no crash: files are read as they stand, and commits go on (ATTACKS 40)', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    await store.commit(new Map(), files({ a: '1' }));
    const id = '00000000-0000-4000-8000-000000000000';
    for (const journal of [
      '',
      '{',
      'null',
      '{"id":"../..","writes":[],"deletes":[]}',
      `{"id":"${id}","writes":["../x"],"deletes":[]}`,
    ]) {
      writeFileSync(join(folder, '.dtuf/journal'), journal);
      expect(await textOf(store, 'a')).toBe('1');
    }
    await store.commit(new Map(), files({ a: '2' }));
    expect(await textOf(store, 'a')).toBe('2');
  });

  test('six processes that commit at once lose nothing, and no reader sees a mixture (ATTACKS 65)', async () => {
    const folder = temporaryFolder();
    const store = fileStore(folder);
    const ended = Array.from({ length: 6 }, () => commitInChild(folder, 40));
    const all = Promise.all(ended);
    let running = true;
    const stop = () => {
      running = false;
    };
    all.then(stop, stop);
    for (let last = 0; running; ) {
      const seen = await readGeneration(store);
      expect(seen).toBeGreaterThanOrEqual(last);
      last = seen;
    }
    const committed = (await all).flat();
    // Each generation is of one process only.
    expect(new Set(committed).size).toBe(committed.length);
    expect(committed.length).toBeGreaterThanOrEqual(40);
    expect(await readGeneration(store)).toBe(Math.max(...committed));
  });

  test.runIf(disks)('a full disk is a clear error, and the old state is intact (ATTACKS 64)', async () => {
    const disk = smallDisk(1024 * 1024);
    const store = fileStore(disk.path);
    await commitGeneration(store, 1);
    const before = readdirSync(disk.path, { recursive: true, encoding: 'utf8' }).sort();
    const large = new Map([
      ['a', new Uint8Array(400_000)],
      ['new', new Uint8Array(800_000)],
    ]);
    const refused = store.commit(new Map(), large);
    await expect(refused).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      got: 'ENOSPC',
      message: expect.stringContaining(disk.path),
    });
    expect(await readGeneration(store)).toBe(1);
    expect(readdirSync(disk.path, { recursive: true, encoding: 'utf8' }).sort()).toEqual(before);
    expect(await commitGeneration(store, 2)).toBe(true);
  });

  test.runIf(disks)('a disk without room for a single file more is a clear error (ATTACKS 64)', async () => {
    const disk = smallDisk(256 * 1024);
    const store = fileStore(disk.path);
    await store.commit(new Map(), files({ a: '1' }));
    expect(() => writeFileSync(join(disk.path, 'filler'), new Uint8Array(1024 * 1024))).toThrow('ENOSPC');
    const refused = store.commit(new Map(), files({ a: '2' }));
    await expect(refused).rejects.toMatchObject({ code: 'STORAGE_FAILED', got: 'ENOSPC' });
    expect(await textOf(store, 'a')).toBe('1');
    rmSync(join(disk.path, 'filler'));
    await store.commit(new Map(), files({ a: '2' }));
    expect(readdirSync(join(disk.path, '.dtuf'))).toEqual(['journal']);
  });

  test.runIf(disks)(
    'a read-only folder is read, also through a commit that was cut off, and not written (ATTACKS 64)',
    async () => {
      const disk = smallDisk(1024 * 1024);
      const store = fileStore(disk.path);
      await commitGeneration(store, 1);
      await killBetweenCommitAndMoves(disk.path);
      disk.makeReadOnly();
      expect(await readGeneration(store)).toBe(2);
      expect([...(await store.list('repository/'))]).toEqual(['repository/metadata/current/b.json']);
      const refused = commitGeneration(store, 3);
      await expect(refused).rejects.toMatchObject({ code: 'STORAGE_FAILED', got: 'EROFS' });
      expect(await readGeneration(store)).toBe(2);
    },
  );
});

function files(texts: Record<string, string>): Map<string, Uint8Array> {
  return new Map(Object.entries(texts).map(([name, text]) => [name, new TextEncoder().encode(text)]));
}

async function textOf(store: ReturnType<typeof fileStore>, name: string): Promise<string> {
  return new TextDecoder().decode((await store.read([name])).get(name)?.bytes);
}

const CHILD = resolve('test/node/file-store.child.mjs');

async function commitInChild(folder: string, count: number): Promise<number[]> {
  const child = spawn(process.execPath, [CHILD, built, folder, '1', `${count}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  const [code] = await once(child, 'close');
  expect(code).toBe(0);
  return output
    .split('\n')
    .filter((line) => /^\d+$/.test(line))
    .map(Number);
}

/** Ends with a state where the journal names the second generation, and none of its files is in its place. */
async function killBetweenCommitAndMoves(folder: string): Promise<void> {
  const child = spawn(process.execPath, [CHILD, built, folder, '2', '2'], {
    env: { ...process.env, KILL_AT: 'moves' },
    stdio: 'ignore',
  });
  await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
  expect(readFileSync(join(folder, 'a'), 'utf8')).toMatch(/^1 /);
}
