import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, expectRefusal, Machine, publisher } from './command.ts';

describe('export', () => {
  let place: Machine;
  let master: Machine;
  let copy: Machine;
  beforeAll(async () => {
    place = await Machine.start({});
    const variables = { DTUF_HOST: `oci:${place.path('registry')}` };
    master = await publisher(variables, { 'a.txt': 'first\n' });
    copy = await client(master, variables);
  });
  afterAll(() => Promise.all([place.stop(), master.stop(), copy.stop()]));

  it('prints the files that it wrote, and how many there are', async () => {
    const first = await copy.dtuf(['export', 'fred/demo', 'public']);
    expect(first.code).toBe(0);
    expect(first.stdout.replace(/[0-9a-f]{64}/, '<hash>').split('\n')).toEqual([
      'targets/<hash>.a.txt',
      'metadata/1.root.json',
      'metadata/2.targets.json',
      'metadata/2.snapshot.json',
      'metadata/bundle.json',
      'metadata/timestamp.json',
      '',
    ]);
    expect(first.stderr).toBe('dtuf: wrote 6 files into public, 0 were there already\n');
    expect(await copy.does(['export', 'fred/demo', 'public', '--json'])).toBe('{"written":[],"kept":6}\n');
  });

  it('of what was never pulled says what to do', async () => {
    expectRefusal(await copy.dtuf(['export', 'fred/other', 'elsewhere']), 1, /pull-metadata/);
    expect(copy.has('elsewhere')).toBe(false);
  });
});
