import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { client, expectRefusal, Machine, passwords, publisher, type Variables } from './command.ts';

describe('with a published repository', () => {
  const machines: Machine[] = [];
  let master: Machine;
  let variables: Variables;
  beforeAll(async () => {
    const place = await Machine.start({});
    variables = { DTUF_HOST: `oci:${place.path('registry')}` };
    master = await publisher(variables, { 'a.txt': 'first\n' });
    return () => Promise.all([place.stop(), master.stop()]);
  });
  afterEach(async () => {
    await Promise.all(machines.splice(0).map((machine) => machine.stop()));
  });

  async function newClient(): Promise<Machine> {
    const machine = await client(master, variables);
    machines.push(machine);
    return machine;
  }

  it('a wrong password is told and changes nothing (ATTACKS 68)', async () => {
    const before = await master.read('dtuf_repos/fred/demo/master/repository/metadata.staged/timestamp.json');
    const wrong = { DTUF_TIMESTAMP_KEY_PASSWORD: 'wrong-password' };
    expectRefusal(await master.dtuf(['push-metadata', 'fred/demo'], wrong), 1, /password/);
    expect(await master.read('dtuf_repos/fred/demo/master/repository/metadata.staged/timestamp.json')).toBe(
      before,
    );
  });

  it('a password is in no message and no log, whatever is shown (ATTACKS 69)', async () => {
    const loud = {
      DTUF_CONSOLE_LOG_LEVEL: 'DEBUG',
      DTUF_FILE_LOG_LEVEL: 'DEBUG',
      DTUF_ROOT_KEY_PASSWORD: 'hunter-two',
      DTUF_PASSWORD: 'hunter-three',
      DTUF_USERNAME: 'fred',
    };
    const { code, stdout, stderr } = await master.dtuf(['reset-keys', 'fred/demo', '--verbose'], loud);
    expect(code).toBe(1);
    expect(stdout + stderr + (await master.read('dtuf.log'))).not.toContain('hunter');
  });

  it('a root key of another repository is told, and nothing is trusted', async () => {
    const other = await Machine.start({ ...variables, ...passwords });
    machines.push(other);
    await other.does(['create-root-key', 'fred/other']);
    const key = other.path('dtuf_repos/fred/other/master/keys/root_key.pub');
    expectRefusal(await other.dtuf(['pull-metadata', 'fred/demo', key]), 1, /root/);
    expectRefusal(await other.dtuf(['pull-target', 'fred/demo', 'a.txt']), 1, /pull-metadata/);
  });

  it.each([{}, { DTUF_BLOB_INFO: '1' }])(
    'of a target whose second part was tampered with nothing is printed, not the first part either, with %j (ATTACKS 51)',
    async (more) => {
      const place = await Machine.start({});
      machines.push(place);
      const there = { DTUF_HOST: `oci:${place.path('registry')}` };
      const other = await publisher(there, { 'a.txt': 'first\n' });
      machines.push(other);
      await writeFile(other.path('b.txt'), 'second\n');
      await other.does(['push-target', 'fred/demo', 'both', '@a.txt', 'b.txt']);
      await other.does(['push-metadata', 'fred/demo']);
      const reader = await client(other, there);
      machines.push(reader);
      const digest = createHash('sha256').update('second\n').digest('hex');
      await writeFile(place.path(`registry/fred/demo/blobs/sha256/${digest}`), 'SECOND\n');
      expectRefusal(await reader.dtuf(['pull-target', 'fred/demo', 'both'], more), 1, /not what was signed/);
    },
  );

  it('a private key in the place of the public one is told (ATTACKS 68)', async () => {
    const machine = await Machine.start(variables);
    machines.push(machine);
    const key = master.path('dtuf_repos/fred/demo/master/keys/root_key');
    expectRefusal(await machine.dtuf(['pull-metadata', 'fred/demo', key]), 1, /private key/i);
  });

  it('the root key is read from standard input, and a root.json is taken too', async () => {
    const [first, second] = [await Machine.start(variables), await Machine.start(variables)];
    machines.push(first, second);
    const pem = await master.read('dtuf_repos/fred/demo/master/keys/root_key.pub');
    expect(await first.dtuf(['pull-metadata', 'fred/demo', '-'], {}, pem)).toMatchObject({
      code: 0,
      stdout: 'a.txt\n',
    });
    const root = master.path('dtuf_repos/fred/demo/master/repository/metadata.staged/root.json');
    expect(await second.dtuf(['pull-metadata', 'fred/demo', root])).toMatchObject({
      code: 0,
      stdout: 'a.txt\n',
    });
  });

  it('without a root key the first pull is refused', async () => {
    const machine = await Machine.start(variables);
    machines.push(machine);
    expectRefusal(await machine.dtuf(['pull-metadata', 'fred/demo']), 1, /root/);
  });

  it('a key that is given again is ignored with a notice; --reset-trust starts from it (ATTACKS 95)', async () => {
    const machine = await newClient();
    const other = await Machine.start({ ...variables, ...passwords });
    machines.push(other);
    await other.does(['create-root-key', 'fred/other']);
    const key = other.path('dtuf_repos/fred/other/master/keys/root_key.pub');
    const again = await machine.dtuf(['pull-metadata', 'fred/demo', key]);
    expect(again).toMatchObject({
      code: 0,
      stdout: expect.any(String),
      stderr: expect.stringMatching(/^dtuf: warning: .*ignored/),
    });
    expectRefusal(await machine.dtuf(['pull-metadata', 'fred/demo', key, '--reset-trust']), 1, /root/);
    // What was trusted before is trusted still.
    expect(await machine.does(['pull-target', 'fred/demo', 'a.txt'])).toBe('first\n');
    await machine.does(['pull-metadata', 'fred/demo', 'root_key.pub', '--reset-trust']);
    expect(await machine.does(['pull-target', 'fred/demo', 'a.txt'])).toBe('first\n');
  });

  it('a target that is not there is told, also behind one that is, and nothing is written', async () => {
    const machine = await newClient();
    expectRefusal(await machine.dtuf(['pull-target', 'fred/demo', 'a.txt', 'nope']), 1, /nope/);
    expectRefusal(await machine.dtuf(['pull-target', 'fred/demo', 'nope', '-o', 'out']), 1, /nope/);
    expectRefusal(await machine.dtuf(['blob-sizes', 'fred/demo', 'a.txt', 'nope']), 1, /nope/);
    expectRefusal(await machine.dtuf(['check-target', 'fred/demo', 'nope', 'root_key.pub']), 1, /nope/);
    expectRefusal(await master.dtuf(['del-target', 'fred/demo', 'nope']), 1, /nope/);
    expect(machine.has('out')).toBe(false);
  });

  it('a repository of which nothing was pulled is told, with what to do', async () => {
    const machine = await Machine.start(variables);
    machines.push(machine);
    for (const command of ['list-copy-targets', 'get-copy-expirations']) {
      expectRefusal(await machine.dtuf([command, 'fred/demo']), 1, /pull-metadata/);
    }
  });

  it('an output file that cannot be written is told, and no half of it is left (ATTACKS 77)', async () => {
    const machine = await newClient();
    const { code, stdout } = await machine.dtuf(['pull-target', 'fred/demo', 'a.txt', '-o', 'missing/out']);
    expect({ code: code === 0, stdout, made: machine.has('missing') }).toEqual({
      code: false,
      stdout: '',
      made: false,
    });
  });

  it('a log that cannot be written is a warning and no failure', async () => {
    const machine = await newClient();
    const { code, stderr } = await machine.dtuf(['pull-target', 'fred/demo', 'nope'], {
      DTUF_LOG_FILE: '/dev/null/x',
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/warning: cannot write the log/);
  });

  it('a target name that turns the text around is shown by code points wherever it is printed (ATTACKS 97)', async () => {
    const name = 'cod\u202etxt.exe';
    const shown = 'cod\\u{202e}txt.exe';
    expect((await master.dtuf(['push-target', 'fred/demo', name, 'source'])).stderr).toContain(shown);
    expect((await master.dtuf(['push-metadata', 'fred/demo'])).code).toBe(0);
    const machine = await newClient();
    const pulled = await machine.dtuf(['pull-metadata', 'fred/demo']);
    const listed = await machine.dtuf(['list-copy-targets', 'fred/demo']);
    const asJson = await machine.dtuf(['list-copy-targets', 'fred/demo', '--json']);
    for (const { stdout } of [pulled, listed]) expect(stdout.split('\n')).toContain(shown);
    for (const { stdout } of [pulled, listed, asJson]) expect(stdout).not.toContain('\u202e');
    expect(JSON.parse(asJson.stdout)).toContainEqual(expect.objectContaining({ name }));
  });

  it('a local file that is damaged is told, and fetched anew (ATTACKS 40)', async () => {
    const machine = await newClient();
    const damaged = 'dtuf_repos/fred/demo/copy/repository/metadata/current/targets.json';
    await machine.write(damaged, '{');
    expectRefusal(await machine.dtuf(['pull-target', 'fred/demo', 'a.txt']), 1, /pull-metadata/);
    await machine.does(['pull-metadata', 'fred/demo']);
    expect(await machine.does(['pull-target', 'fred/demo', 'a.txt'])).toBe('first\n');
  });
});
