// The built command where the disk is full or read-only: one line that says it, and everything as it was.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { type Serving, serve } from '../../adapters/registry/serve.ts';
import { Machine, type Ran } from '../cli/command.ts';
import { canMakeDisks, smallDisk } from '../node/temporary.ts';
import { quickPublisher } from './killing.ts';

/** One line that says it, on standard error, and nothing on standard output. */
function expectRefusal({ code, stdout, stderr }: Ran, message: RegExp): void {
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: expect.stringMatching(message) });
  expect(stderr).toMatch(/^dtuf: [^\n]*\n$/);
}

const full = /disk is full|no room/;

/** Every file below a folder, by what is in it; the notes of locks come and go. */
function contentsOf(folder: string): Record<string, string> {
  const contents: Record<string, string> = {};
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const path = join(folder, name);
    if (!statSync(path).isFile() || /(?:^|\/)(?:filler|dtuf\.log)$/.test(name)) continue;
    contents[name] = createHash('sha256').update(readFileSync(path)).digest('hex');
  }
  return contents;
}

/** Fills a disk to its last byte. */
function fill(folder: string): void {
  const filler = join(folder, 'filler');
  try {
    execFileSync('dd', ['if=/dev/zero', `of=${filler}`, 'bs=512'], { stdio: 'ignore' });
  } catch {
    // It ends with an error when the disk is full, which is what was wanted.
  }
}

function makeRoom(folder: string): void {
  rmSync(join(folder, 'filler'));
}

const size = 1024 * 1024;

describe.skipIf(!canMakeDisks())('where there is no room', () => {
  let registry: Serving;
  let master: Machine;
  let rootKey: string;
  let version = 0;

  beforeAll(async () => {
    registry = await serve({ storage: memoryStorage() });
    master = await quickPublisher({ DTUF_HOST: registry.url });
    rootKey = await master.read('dtuf_repos/fred/demo/master/keys/root_key.pub');
    await master.write('large', 'x'.repeat(2 * size));
    await master.does(['push-target', 'fred/demo', 'large', 'large']);
    await publish();
  });
  afterAll(async () => {
    await registry?.close();
    await master?.stop();
  });

  async function publish(): Promise<string> {
    const text = `small ${++version}`;
    await master.write('small', text);
    await master.does(['push-target', 'fred/demo', 'small', 'small']);
    await master.does(['push-metadata', 'fred/demo']);
    return text;
  }

  async function newClient(variables: Record<string, string>): Promise<Machine> {
    const copy = await Machine.start({ DTUF_HOST: registry.url, ...variables });
    await copy.write('root_key.pub', rootKey);
    return copy;
  }

  it('for the state, a refresh says so, and the state of before stays (ATTACKS 64)', async () => {
    const { path } = smallDisk(size);
    const copy = await newClient({ DTUF_REPOSITORIES_ROOT: path });
    await copy.does(['pull-metadata', 'fred/demo', 'root_key.pub']);
    const text = await publish();
    const before = contentsOf(path);
    fill(path);
    expectRefusal(await copy.dtuf(['pull-metadata', 'fred/demo']), full);
    expect(contentsOf(path)).toEqual(before);
    // What is trusted can be read still.
    expect(await copy.does(['list-copy-targets', 'fred/demo'])).toBe('large\nsmall\n');
    makeRoom(path);
    await copy.does(['pull-metadata', 'fred/demo']);
    expect(await copy.does(['pull-target', 'fred/demo', 'small'])).toBe(text);
    await copy.stop();
  });

  it('for the first state, a refresh says so, and nothing is trusted (ATTACKS 64)', async () => {
    const { path } = smallDisk(size);
    const copy = await newClient({ DTUF_REPOSITORIES_ROOT: path });
    fill(path);
    expectRefusal(await copy.dtuf(['pull-metadata', 'fred/demo', 'root_key.pub']), full);
    makeRoom(path);
    expectRefusal(await copy.dtuf(['pull-target', 'fred/demo', 'small']), /pull-metadata/);
    await copy.does(['pull-metadata', 'fred/demo', 'root_key.pub']);
    await copy.stop();
  });

  it('for the file, a pull says so, and what stood under the name stays (ATTACKS 77)', async () => {
    const { path } = smallDisk(size);
    const copy = await newClient({});
    await copy.does(['pull-metadata', 'fred/demo', 'root_key.pub']);
    const out = join(path, 'out');
    for (const there of [false, true]) {
      if (there) writeFileSync(out, 'before');
      expectRefusal(await copy.dtuf(['pull-target', 'fred/demo', 'large', '--output', out]), full);
      expect(readdirSync(path)).toEqual(there ? ['out'] : []);
    }
    expect(readFileSync(out, 'utf8')).toBe('before');
    // Small as it is, it finds no room either once the disk is full to the last byte.
    fill(path);
    expectRefusal(await copy.dtuf(['pull-target', 'fred/demo', 'small', '--output', out]), full);
    expect(readFileSync(out, 'utf8')).toBe('before');
    expect(readdirSync(path).sort()).toEqual(['filler', 'out']);
    await copy.stop();
  });

  it('for what is not verified yet, a pull to standard output says so and prints nothing (ATTACKS 64)', async () => {
    const { path } = smallDisk(size);
    const copy = await newClient({ TMPDIR: path });
    await master.write('huge', 'y'.repeat(5_000_000));
    await master.does(['push-target', 'fred/demo', 'huge', 'huge']);
    await publish();
    await copy.does(['pull-metadata', 'fred/demo', 'root_key.pub']);
    expectRefusal(await copy.dtuf(['pull-target', 'fred/demo', 'huge']), full);
    expect(readdirSync(path)).toEqual([]);
    // Saved to a file it needs no such place.
    await copy.does(['pull-target', 'fred/demo', 'huge', '--output', 'out']);
    expect((await copy.read('out')).length).toBe(5_000_000);
    await copy.stop();
  });

  it('for the output, a pull says so (ATTACKS 77)', async () => {
    const copy = await newClient({});
    await copy.does(['pull-metadata', 'fred/demo', 'root_key.pub']);
    const { code, stderr } = await copy.shell('dtuf pull-target fred/demo large > /dev/full');
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringMatching(/^dtuf: [^\n]*\n$/) });
    await copy.stop();
  });

  it('for a publisher, each command says so, and goes on once there is room (ATTACKS 64)', async () => {
    const { path } = smallDisk(size);
    const publisher = await Machine.start({ ...master.variables, DTUF_REPOSITORIES_ROOT: path });
    execFileSync('cp', ['-r', `${master.path('dtuf_repos')}/fred`, path]);
    await publisher.write('small', 'from the full disk');
    fill(path);
    const before = contentsOf(path);
    expectRefusal(await publisher.dtuf(['push-target', 'fred/demo', 'small', 'small']), full);
    expectRefusal(await publisher.dtuf(['reset-keys', 'fred/demo']), full);
    expectRefusal(await publisher.dtuf(['push-metadata', 'fred/demo']), full);
    expect(contentsOf(path)).toEqual(before);
    const copy = await newClient({});
    await copy.does(['pull-metadata', 'fred/demo', 'root_key.pub']);
    makeRoom(path);
    for (const args of [
      ['push-target', 'fred/demo', 'small', 'small'],
      ['push-metadata', 'fred/demo'],
    ]) {
      await publisher.does(args);
    }
    await copy.does(['pull-metadata', 'fred/demo']);
    expect(await copy.does(['pull-target', 'fred/demo', 'small'])).toBe('from the full disk');
    await Promise.all([copy.stop(), publisher.stop()]);
  });

  it('and where the file system is read-only, it is said, and clients go on reading (ATTACKS 64)', async () => {
    const disk = smallDisk(size);
    const copy = await newClient({ DTUF_REPOSITORIES_ROOT: disk.path });
    await copy.does(['pull-metadata', 'fred/demo', 'root_key.pub']);
    await publish();
    const before = contentsOf(disk.path);
    disk.makeReadOnly();
    expectRefusal(await copy.dtuf(['pull-metadata', 'fred/demo']), /read-only/);
    expectRefusal(
      await copy.dtuf(['pull-target', 'fred/demo', 'large', '--output', join(disk.path, 'out')]),
      /read-only/,
    );
    expect(contentsOf(disk.path)).toEqual(before);
    expect(await copy.does(['list-copy-targets', 'fred/demo'])).toMatch(/^large\n/);
    await copy.stop();
  });
});
