import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFaultProxy } from '../registry/fault-proxy.ts';
import { cli, Machine, passwords, type Variables } from './command.ts';

/** util-linux's `script` gives the command a terminal. */
function scriptFound(): boolean {
  try {
    return execFileSync('script', ['--version'], { encoding: 'utf8' }).includes('util-linux');
  } catch {
    return false;
  }
}

function describeWithTerminal(name: string, tests: () => void): void {
  if (scriptFound()) {
    describe(name, tests);
    return;
  }
  if (process.env.CI === 'true') throw new Error(`script of util-linux is not installed: ${name}`);
  process.stderr.write(
    `NOT RUN: ${name}: script of util-linux is not installed (apt-get install bsdutils)\n`,
  );
  describe.skip(name, tests);
}

describeWithTerminal('at a terminal', () => {
  let machine: Machine;
  beforeEach(async () => {
    machine = await Machine.start({ DTUF_HOST: 'oci:registry', TERM: 'dumb' });
  });
  afterEach(() => machine.stop());

  /** Runs the command on a terminal, and types each answer when its question is there. */
  async function session(
    args: string,
    answers: readonly (readonly [question: string, answer: string])[],
    variables: Variables = {},
  ) {
    const line = `'${process.execPath}' '${cli}' ${args} > stdout.txt`;
    const child = machine.spawn('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      SHELL: '/bin/sh',
      ...variables,
    });
    let shown = '';
    const left = [...answers];
    child.stdout.on('data', (chunk) => {
      shown += chunk;
      const [next] = left;
      if (next && shown.includes(next[0])) {
        left.shift();
        child.stdin.write(next[1]);
      }
    });
    const [code] = await once(child, 'close');
    return { code, shown, stdout: await machine.read('stdout.txt') };
  }

  const key = 'dtuf_repos/fred/demo/master/keys/root_key';

  it('a password is asked for twice for a new key, on standard error, without echo (ATTACKS 69)', async () => {
    const { code, shown, stdout } = await session('create-root-key fred/demo', [
      ['Password for the new root key', 'hunter-two\r'],
      ['The same again', 'hunter-two\r'],
    ]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(shown).not.toContain('hunter');
    expect(machine.has(key)).toBe(true);
  });

  it('two passwords that differ make no key', async () => {
    const { code, shown } = await session('create-root-key fred/demo', [
      ['Password for the new root key', 'hunter-two\r'],
      ['The same again', 'hunter-too\r'],
    ]);
    expect(code).toBe(2);
    expect(shown).toContain('differ');
    expect(machine.has(key)).toBe(false);
  });

  it('Ctrl-C at the question ends with 130 and makes no key', async () => {
    const { code, shown } = await session('create-root-key fred/demo', [
      ['Password for the new root key', '\u0003'],
    ]);
    expect(code).toBe(130);
    expect(shown).toContain('dtuf: interrupted');
    expect(machine.has(key)).toBe(false);
  });

  it('a login asks for the user name and, without echo, the password (ATTACKS 69)', async () => {
    const registry = await startFaultProxy();
    registry.add({
      fault: ({ request, response }) => {
        const status = request.headers.authorization === `Basic ${btoa('fred:hunter-two')}` ? 200 : 401;
        response.writeHead(status, { 'WWW-Authenticate': 'Basic realm="x"' }).end();
      },
    });
    try {
      const { code, shown, stdout } = await session(`login ${registry.host}`, [
        ['User name at the registry', 'fred\r'],
        ['Password of fred at the registry', 'hunter-two\r'],
      ]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
      expect(shown).not.toContain('hunter');
      expect(JSON.parse(await machine.read('.docker/config.json'))).toEqual({
        auths: { [registry.host]: { auth: btoa('fred:hunter-two') } },
      });
      const stopped = await session(`login ${registry.host}`, [['User name at the registry', '\u0003']]);
      expect(stopped.code).toBe(130);
    } finally {
      await registry.stop();
    }
  });

  it('a progress bar is shown without being asked for, in no colour where NO_COLOR says so', async () => {
    for (const command of ['create-root-key', 'create-metadata-keys', 'create-metadata']) {
      await machine.does([command, 'fred/demo'], passwords);
    }
    await machine.write('a', 'a'.repeat(100_000));
    const colored = await session('push-target fred/demo a a', []);
    expect(colored.shown).toContain('\u001b[36m');
    expect(colored.shown).toContain('100%');
    const plain = await session('push-target fred/demo a a', [], { NO_COLOR: '1' });
    expect(plain.shown).toContain('100%');
    expect(plain.shown).not.toContain('\u001b[36m');
    expect((await session('push-target fred/demo a a', [], { DTUF_PROGRESS: '0' })).shown).not.toContain('%');
  });
});
