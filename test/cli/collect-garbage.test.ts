import { describe, expect, it, onTestFinished } from 'vitest';
import { type Machine, publisher } from './command.ts';

async function withFolder(): Promise<Machine> {
  const machine = await publisher({ DTUF_HOST: 'oci:folder' }, { 'a.txt': 'first\n', 'b.txt': 'second\n' });
  onTestFinished(() => machine.stop());
  return machine;
}

describe('dtuf collect-garbage', () => {
  it('deletes what no manifest names, and nothing that is published', async () => {
    const machine = await withFolder();
    await machine.write(`folder/fred/demo/blobs/sha256/${'a'.repeat(64)}`, 'nobody');
    const collect = () => machine.does(['collect-garbage', 'folder', '--grace', '0']);
    expect(await collect()).toBe('deleted 1 blobs, 6 bytes\n');
    expect(await collect()).toBe('deleted 0 blobs, 0 bytes\n');
    const key = 'dtuf_repos/fred/demo/master/keys/root_key.pub';
    expect(await machine.does(['pull-metadata', 'fred/demo', key])).toBe('a.txt\nb.txt\n');
    expect(await machine.does(['pull-target', 'fred/demo', 'a.txt'])).toBe('first\n');
  });

  it('leaves alone what came within a day, where no other time is given', async () => {
    const machine = await withFolder();
    await machine.write(`folder/fred/demo/blobs/sha256/${'a'.repeat(64)}`, 'nobody');
    expect(await machine.does(['collect-garbage', 'folder'])).toBe('deleted 0 blobs, 0 bytes\n');
  });

  it('refuses a time that is none', async () => {
    const machine = await withFolder();
    for (const grace of ['x', '-1', '']) {
      const { code, stderr } = await machine.dtuf(['collect-garbage', 'folder', `--grace=${grace}`]);
      expect([code, stderr]).toEqual([2, expect.stringContaining('--grace takes a number of hours')]);
    }
  });
});
