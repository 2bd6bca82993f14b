import { describe, expect, it, onTestFinished } from 'vitest';
import { type Machine, publisher } from './command.ts';

async function withFolder(): Promise<Machine> {
  const machine = await publisher({ DTUF_HOST: 'oci:folder' }, { 'a.txt': 'first\n', 'b.txt': 'second\n' });
  onTestFinished(() => machine.stop());
  return machine;
}

describe('dtuf collect-garbage', () => {
  it('deletes the data of a deleted target, and nothing that is published', async () => {
    const machine = await withFolder();
    expect(await machine.does(['collect-garbage', 'folder', '--grace', '0'])).toBe(
      'deleted 0 blobs, 0 bytes\n',
    );
    await machine.does(['del-target', 'fred/demo', 'b.txt']);
    await machine.does(['push-metadata', 'fred/demo']);
    const said = await machine.does(['collect-garbage', 'folder', '--grace', '0']);
    // The data and its manifest.
    expect(said).toMatch(/^deleted 2 blobs, \d+ bytes\n$/);
    const key = 'dtuf_repos/fred/demo/master/keys/root_key.pub';
    expect(await machine.does(['pull-metadata', 'fred/demo', key])).toBe('a.txt\n');
    expect(await machine.does(['pull-target', 'fred/demo', 'a.txt'])).toBe('first\n');
  });

  it('leaves alone what came within a day, where no other time is given', async () => {
    const machine = await withFolder();
    await machine.does(['push-target', 'fred/demo', 'c.txt', 'source']);
    await machine.does(['del-target', 'fred/demo', 'a.txt']);
    await machine.does(['push-metadata', 'fred/demo']);
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
