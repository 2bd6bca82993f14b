import { readdir } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, Machine, passwords } from './command.ts';

describe('wrong usage', () => {
  let machine: Machine;
  beforeAll(async () => {
    machine = await Machine.start({ DTUF_HOST: 'oci:registry' });
  });
  afterAll(() => machine.stop());

  it.each([
    ['an unknown command', ['frob'], /unknown command 'frob'/],
    ['an unknown option', ['list-repos', '--frob'], /unknown option '--frob'/],
    ['a missing repository', ['create-root-key'], /missing required argument 'repo'/],
    ['too many arguments', ['create-root-key', 'fred/demo', 'x'], /too many arguments/],
    ['too few arguments', ['push-target', 'fred/demo', 'x'], /missing required argument 'source'/],
    ['two root keys', ['pull-metadata', 'fred/demo', 'a', 'b'], /too many arguments/],
    ['a file that is not there', ['pull-metadata', 'fred/demo', 'nowhere.pub'], /nowhere\.pub/],
    ['an empty root key', ['pull-metadata', 'fred/demo', '-'], /standard input is empty/],
    ['--output with two targets', ['pull-target', 'fred/demo', 'a', 'b', '-o', 'x'], /exactly one target/],
    ['--reset-trust without a key', ['pull-metadata', 'fred/demo', '--reset-trust'], /root public key/],
    ['a port that is none', ['serve', '--port', '70000'], /0 to 65535/],
    ['a repository that climbs out', ['create-root-key', '../../x'], /repository name/],
    ['a repository in upper case', ['create-root-key', 'Fred/Demo'], /repository name/],
  ] as const)('is told with exit code 2: %s', async (_, args, message) => {
    expectRefusal(await machine.dtuf(args, passwords), 2, message);
    expect(await readdir(machine.folder)).toEqual([]);
  });

  it('of the environment is told with exit code 2 and the variable', async () => {
    expectRefusal(
      await machine.dtuf(['list-repos'], { DTUF_ROOT_LIFETIME: 'soon' }),
      2,
      /DTUF_ROOT_LIFETIME/,
    );
  });

  it('is a repository without a registry where DTUF_HOST is not set', async () => {
    expectRefusal(await machine.dtuf(['list-copy-targets', 'fred/demo'], { DTUF_HOST: '' }), 2, /DTUF_HOST/);
  });

  it('is a password that nobody can be asked for; its variable is named and no key is made (ATTACKS 68)', async () => {
    expectRefusal(await machine.dtuf(['create-root-key', 'fred/demo']), 2, /DTUF_ROOT_KEY_PASSWORD/);
    expect(machine.has('dtuf_repos/fred/demo/master/keys/root_key')).toBe(false);
  });
});
