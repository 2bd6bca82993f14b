import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { client, Machine, passwords, publisher } from './command.ts';
import { describeAtEachPlace, type Place } from './places.ts';

describeAtEachPlace('the command', (open) => {
  let place: Place;
  beforeAll(async () => {
    place = await open();
  });
  afterAll(() => place.stop());

  it('publishes and pulls as the README says', async () => {
    const master = await Machine.start({ ...place.variables, ...passwords });
    const copy = await Machine.start(place.variables);
    try {
      await master.write('demo.txt', 'Hello World!\n');
      await master.does(['create-root-key', 'fred/demo']);
      await master.does(['create-metadata-keys', 'fred/demo']);
      await master.does(['create-metadata', 'fred/demo']);
      await master.does(['push-target', 'fred/demo', 'demo.txt', 'demo.txt']);
      await master.does(['push-metadata', 'fred/demo']);

      await copy.write('root_key.pub', await master.read('dtuf_repos/fred/demo/master/keys/root_key.pub'));
      expect(await copy.does(['pull-metadata', 'fred/demo', 'root_key.pub'])).toBe('demo.txt\n');
      expect(await copy.does(['pull-target', 'fred/demo', 'demo.txt'])).toBe('Hello World!\n');
      expect(await copy.does(['pull-metadata', 'fred/demo'])).toBe('');

      await master.write('demo.txt', 'Update World!\n');
      await master.does(['push-target', 'fred/demo', 'demo.txt', 'demo.txt']);
      await master.does(['push-metadata', 'fred/demo']);
      expect(await copy.does(['pull-metadata', 'fred/demo'])).toBe('demo.txt\n');
      expect(await copy.does(['pull-target', 'fred/demo', 'demo.txt'])).toBe('Update World!\n');
      expect(copy.has('dtuf.log') || master.has('dtuf.log')).toBe(false);
    } finally {
      await Promise.all([master.stop(), copy.stop()]);
    }
  });
});

describe('with a repository of two targets and one of several parts', () => {
  let master: Machine;
  let copy: Machine;
  beforeAll(async () => {
    const place = await Machine.start({});
    const variables = { DTUF_HOST: `oci:${place.path('registry')}` };
    master = await publisher(variables, { 'a.txt': 'first\n', 'b.txt': 'second\n' });
    await master.write('third', 'third\n');
    await master.does(['push-target', 'fred/demo', 'parts', '@a.txt', 'third', '@b.txt']);
    await master.does(['push-metadata', 'fred/demo']);
    copy = await client(master, variables);
    await place.write('keep', '');
    return () => place.stop();
  });
  afterAll(() => Promise.all([master.stop(), copy.stop()]));

  const json = async (machine: Machine, ...args: string[]): Promise<unknown> =>
    JSON.parse(await machine.does([...args, '--json']));

  it('pull-target writes targets in the order asked for, parts in the order pushed', async () => {
    expect(await copy.does(['pull-target', 'fred/demo', 'b.txt', 'parts'])).toBe(
      'second\nfirst\nthird\nsecond\n',
    );
  });

  it('DTUF_BLOB_INFO puts digest and size before each part', async () => {
    const out = await copy.does(['pull-target', 'fred/demo', 'parts'], { DTUF_BLOB_INFO: '1' });
    expect(out).toMatch(
      /^sha256:[0-9a-f]{64} 6\nfirst\nsha256:[0-9a-f]{64} 6\nthird\nsha256:[0-9a-f]{64} 7\nsecond\n$/,
    );
  });

  it('pull-target --output writes one target to a file and nothing to standard output', async () => {
    expect(await copy.does(['pull-target', 'fred/demo', 'a.txt', '--output', 'out'])).toBe('');
    expect(await copy.read('out')).toBe('first\n');
  });

  it('blob-sizes lists the sizes of all parts', async () => {
    expect(await copy.does(['blob-sizes', 'fred/demo', 'a.txt', 'parts'])).toBe('6\n6\n6\n7\n');
    expect(await json(copy, 'blob-sizes', 'fred/demo', 'parts')).toEqual([
      { target: 'parts', sizes: [6, 6, 7] },
    ]);
  });

  it('check-target tells the same files from others', async () => {
    await copy.write('one', 'first\n');
    await copy.write('two', 'other\n');
    expect(await copy.dtuf(['check-target', 'fred/demo', 'a.txt', 'one'])).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect(await copy.dtuf(['check-target', 'fred/demo', 'a.txt', 'two'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'dtuf: two: not what the target a.txt holds\n',
    });
    expect(await copy.dtuf(['check-target', 'fred/demo', 'a.txt', 'two', '--json'])).toMatchObject({
      code: 1,
      stdout: '{"target":"a.txt","matches":false}\n',
    });
  });

  it('lists print names, or targets as JSON', async () => {
    for (const [machine, command] of [
      [master, 'list-master-targets'],
      [copy, 'list-copy-targets'],
    ] as const) {
      const names = await machine.does([command, 'fred/demo']);
      expect(names.split('\n').sort()).toEqual(['', 'a.txt', 'b.txt', 'parts']);
      expect(await json(machine, command, 'fred/demo')).toContainEqual({
        name: 'a.txt',
        length: 6,
        hashes: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
        role: 'targets',
      });
    }
    expect(await copy.does(['list-repos'])).toBe('fred/demo\n');
    expect(await json(copy, 'list-repos')).toEqual(['fred/demo']);
  });

  it('expirations are printed a role a line, as python-dtuf prints them', async () => {
    for (const [machine, command] of [
      [master, 'get-master-expirations'],
      [copy, 'get-copy-expirations'],
    ] as const) {
      const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00\n`;
      expect(await machine.does([command, 'fred/demo'])).toMatch(
        new RegExp(`^root: ${time}targets: ${time}snapshot: ${time}timestamp: ${time}$`),
      );
      const dates = Object.values((await json(machine, command, 'fred/demo')) as Record<string, string>);
      expect(dates.every((date) => Date.parse(date) > Date.now())).toBe(true);
    }
  });

  it('reports of a push and of a pull are JSON where asked for', async () => {
    expect(await json(master, 'push-metadata', 'fred/demo')).toMatchObject({ healed: false });
    expect(await json(copy, 'pull-metadata', 'fred/demo')).toMatchObject({ removed: [], rootVersion: 1 });
    await master.write('new', 'new\n');
    expect(await json(master, 'push-target', 'fred/demo', 'new', 'new')).toMatchObject({
      name: 'new',
      length: 4,
    });
    await master.does(['del-target', 'fred/demo', 'new']);
    expect(await json(copy, 'auth', 'fred/demo')).toEqual({ token: null });
  });

  it('a progress bar is shown on standard error where it is asked for, and nowhere else', async () => {
    const pull = ['pull-target', 'fred/demo', 'a.txt'];
    const shown = await copy.dtuf(pull, { DTUF_PROGRESS: '1' });
    expect(shown.stderr).toMatch(/a\.txt fetching #+ 100% 6 B\/6 B/);
    expect(shown.stdout).toBe('first\n');
    expect(shown.stderr).not.toContain('\u001b[36m');
    expect((await copy.dtuf(pull, { DTUF_PROGRESS: '0' })).stderr).toBe('');
    expect((await copy.dtuf(pull)).stderr).toBe('');
  });

  it('a reader that goes away ends the command quietly', async () => {
    await master.write('large', 'x'.repeat(4_000_000));
    await master.does(['push-target', 'fred/demo', 'large', 'large']);
    await master.does(['push-metadata', 'fred/demo']);
    await copy.does(['pull-metadata', 'fred/demo']);
    expect(await copy.shell('dtuf pull-target fred/demo large | head -c 1')).toEqual({
      code: 0,
      stdout: 'x',
      stderr: '',
    });
    expect(await copy.shell('dtuf list-copy-targets fred/demo | head -1')).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('standard output that is full is an error', async () => {
    const { code, stderr } = await copy.shell('dtuf pull-target fred/demo a.txt > /dev/full');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^dtuf: cannot write to standard output: .*\n$/);
  });
});

describe('keys that were replaced', () => {
  it('are followed by clients after reset-keys', async () => {
    const place = await Machine.start({});
    const variables = { DTUF_HOST: `oci:${place.path('registry')}` };
    const master = await publisher(variables, { 'a.txt': 'first\n' });
    const copy = await client(master, variables);
    try {
      await master.does(['create-root-key', 'fred/demo']);
      await master.does(['create-metadata-keys', 'fred/demo']);
      await master.does(['reset-keys', 'fred/demo']);
      await master.does(['push-metadata', 'fred/demo']);
      const report = await copy.does(['pull-metadata', 'fred/demo', '--json']);
      expect(JSON.parse(report)).toMatchObject({ rootVersion: 2 });
    } finally {
      await Promise.all([place.stop(), master.stop(), copy.stop()]);
    }
  });
});
