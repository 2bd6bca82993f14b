import { createHash } from 'node:crypto';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { delimiter } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { blocksOf } from '../docs/markdown.ts';
import { scriptOf } from '../docs/shell.ts';
import {
  type DockerRegistry,
  describeWithDockerRegistry,
  startDockerRegistry,
} from '../registry/docker-registry.ts';
import { startFaultProxy } from '../registry/fault-proxy.ts';
import { startTokenServer, type TokenServer } from '../registry/token-server.ts';
import { expectRefusal, Machine, passwords } from './command.ts';

const login = { username: 'fred', password: 'correct-horse' };
const basic = Buffer.from(`${login.username}:${login.password}`).toString('base64');

interface Place {
  readonly registry: DockerRegistry;
  stop(): Promise<unknown>;
}

const places: readonly [string, () => Promise<Place>][] = [
  [
    'that takes the password itself',
    async () => {
      const registry = await startDockerRegistry({ login });
      return { registry, stop: () => registry.stop() };
    },
  ],
  [
    'that takes tokens',
    async () => {
      const tokens: TokenServer = await startTokenServer({ login });
      const registry = await startDockerRegistry({ token: tokens });
      return { registry, stop: () => Promise.all([registry.stop(), tokens.stop()]) };
    },
  ],
];

for (const [kind, start] of places) {
  describeWithDockerRegistry(`at a registry ${kind}`, () => {
    let place: Place;
    let host: string;
    let machine: Machine;
    beforeAll(async () => {
      place = await start();
      host = place.registry.host;
    });
    afterAll(() => place?.stop());
    beforeEach(async () => {
      machine = await Machine.start({ ...passwords, DTUF_HOST: host });
    });
    afterEach(() => machine.stop());

    const logIn = (input = `${login.password}\n`, variables = {}) =>
      machine.dtuf(['login', '--username', login.username, '--password-stdin'], variables, input);
    const config = async () => JSON.parse(await machine.read('.docker/config.json')) as unknown;

    it('a private repository is published and pulled with nothing but dtuf login, as the guide says', async () => {
      await machine.write('password.txt', `${login.password}\n`);
      await mkdir(machine.path('first'));
      await writeFile(machine.path('first/password.txt'), `${login.password}\n`);
      const lines = blocksOf('docs/signing-in.md').filter(({ language }) => language === 'sh');
      expect(lines).toHaveLength(1);
      const script = scriptOf(lines).replaceAll('registry.example.com', host);
      const ran = await machine.shell(script, { DTUF_HOST: '' });
      expect(ran).toMatchObject({ code: 0, stdout: '' });
      expect(ran.stderr).toContain(`signed in at ${host} as fred`);
      expect(ran.stderr).toContain('wants a login');
      expect(ran.stderr).not.toContain(login.password);
    });

    it('it is kept unencrypted for its owner only, which is said, and forgotten', async () => {
      const ran = await logIn();
      expect(ran).toMatchObject({ code: 0, stdout: '' });
      expect(ran.stderr).toMatch(/warning: the login is kept unencrypted in [^\n]*\.docker\/config\.json/);
      expect(ran.stderr).not.toContain(login.password);
      expect(await config()).toEqual({ auths: { [host]: { auth: basic } } });
      expect((await stat(machine.path('.docker/config.json'))).mode & 0o777).toBe(0o600);
      expect(await machine.does(['list-repos'])).toBeDefined();
      expect(await machine.dtuf(['logout'])).toEqual({
        code: 0,
        stdout: '',
        stderr: `dtuf: signed out of ${host}\n`,
      });
      expect(await config()).toEqual({ auths: {} });
      expectRefusal(await machine.dtuf(['list-repos']), 13, /dtuf login/);
      expect((await machine.dtuf(['logout', host])).stderr).toMatch(/no login of/);
    });

    it('a wrong password is refused with 13, and nothing is kept', async () => {
      const ran = await logIn('wrong-horse');
      expectRefusal(ran, 13, /login|user name and password|no such user/);
      expect(ran.stderr).not.toContain('horse');
      expect(machine.has('.docker')).toBe(false);
    });

    it('the environment comes before what is kept', async () => {
      await logIn();
      const wrong = { DTUF_USERNAME: 'fred', DTUF_PASSWORD: 'wrong-horse' };
      expectRefusal(await machine.dtuf(['list-repos'], wrong), 13, /./);
      expectRefusal(await machine.dtuf(['list-repos'], { DTUF_TOKEN: 'stale-token' }), 13, /./);
    });

    it("a login that docker kept serves, under its old keys too, and so does podman's", async () => {
      await mkdir(machine.path('.docker'));
      const auths = { [`http://${host}/v1/`]: { auth: basic } };
      await machine.write('.docker/config.json', JSON.stringify({ auths }));
      expect(await machine.does(['list-repos'])).toBeDefined();
      const elsewhere = { DOCKER_CONFIG: machine.path('none') };
      expectRefusal(await machine.dtuf(['list-repos'], elsewhere), 13, /./);
      await machine.write('auth.json', JSON.stringify({ auths: { [host]: { auth: basic } } }));
      const podman = { ...elsewhere, REGISTRY_AUTH_FILE: machine.path('auth.json') };
      expect(await machine.does(['list-repos'], podman)).toBeDefined();
    });

    it('auth signs in with what is kept', async () => {
      await logIn();
      const printed = await machine.does(['auth', 'fred/demo', 'pull']);
      expect(printed !== '').toBe(kind.includes('tokens'));
    });

    it('a helper keeps it, and gets it by its standard input only (ATTACKS 69)', async () => {
      await mkdir(machine.path('bin'));
      // Keeps logins in a file, and notes its own arguments and those of the command that started it.
      const program = [
        '#!/bin/sh',
        'cd "$HOME"; input="$(cat)"',
        'echo "$@" >> args.log; cat /proc/$$/cmdline /proc/$PPID/cmdline | tr "\\0" " " >> args.log',
        'case $1 in',
        '  store) echo "$input" > kept ;;',
        '  get) if [ -e kept ]; then cat kept; else echo "credentials not found in native keychain"; exit 1; fi ;;',
        '  erase) rm kept ;;',
        'esac',
      ];
      await machine.write('bin/docker-credential-test', `${program.join('\n')}\n`);
      await chmod(machine.path('bin/docker-credential-test'), 0o755);
      await mkdir(machine.path('.docker'));
      await machine.write('.docker/config.json', '{"credsStore":"test"}');
      const path = { PATH: `${machine.path('bin')}${delimiter}${process.env['PATH']}` };
      expect(await logIn(undefined, path)).toEqual({
        code: 0,
        stdout: '',
        stderr: `dtuf: signed in at ${host} as fred\n`,
      });
      expect(await config()).toEqual({ credsStore: 'test', auths: { [host]: {} } });
      expect(await machine.does(['list-repos'], path)).toBeDefined();
      await machine.does(['logout'], path);
      expect(machine.has('kept')).toBe(false);
      expectRefusal(await machine.dtuf(['list-repos'], path), 13, /./);
      const seen = await machine.read('args.log');
      expect(seen).toMatch(/^store$/m);
      expect(seen).toContain('login --username fred --password-stdin');
      for (const secret of [login.password, basic]) expect(seen).not.toContain(secret);
      expectRefusal(await machine.dtuf(['list-repos']), 1, /docker-credential-test .* is not installed/);
    });

    it('is in no log and no message, whatever is shown (ATTACKS 69)', async () => {
      const loud = { DTUF_CONSOLE_LOG_LEVEL: 'DEBUG', DTUF_FILE_LOG_LEVEL: 'DEBUG' };
      const first = await logIn(undefined, loud);
      const second = await machine.dtuf(['pull-metadata', 'fred/none', '--verbose'], loud);
      expect([first.code, second.code]).toEqual([0, 1]);
      const shown = first.stderr + second.stderr + (await machine.read('dtuf.log'));
      expect(shown).toContain('DEBUG GET');
      for (const secret of [login.password, basic]) expect(shown).not.toContain(secret);
    });
  });
}

describe('dtuf login', () => {
  let machine: Machine;
  beforeEach(async () => {
    machine = await Machine.start({});
  });
  afterEach(() => machine.stop());

  it.each([
    [['login'], /no registry is named/],
    [['login', 'oci:registry'], /folder/],
    [['login', 'ghcr.io/fred/demo'], /host and port/],
    [['login', 'localhost:1'], /user name .* --username/],
    [['login', 'localhost:1', '-u', 'fred'], /DTUF_PASSWORD/],
    [['login', 'localhost:1', '-u', 'fred', '--password-stdin'], /standard input is empty/],
    [['login', 'localhost:1', '--password', 'correct-horse'], /unknown option/],
    [['login', 'fred:correct-horse@localhost:1'], /host and port/],
    [['logout'], /no registry is named/],
  ])('%j is wrong usage', async (args, why) => {
    const ran = await machine.dtuf(args);
    expectRefusal(ran, 2, why);
    expect(ran.stderr).not.toContain('horse');
  });

  it('takes no password that is larger than any', async () => {
    const args = ['login', 'localhost:1', '-u', 'fred', '--password-stdin'];
    expectRefusal(await machine.dtuf(args, {}, 'x'.repeat(100_000)), 2, /too large/);
  });

  it('keeps a password of many lines, but for the end of the last', async () => {
    const proxy = await startFaultProxy();
    try {
      proxy.add({ fault: ({ response }) => void response.writeHead(200).end() });
      const password = '{\n "key": "ä%#:"\n}';
      const args = ['login', proxy.host, '-u', '_json_key', '--password-stdin'];
      const ran = await machine.dtuf(args, {}, `${password}\n`);
      expect(ran.code).toBe(0);
      expect(ran.stderr).toMatch(/asks for no login/);
      const auth = Buffer.from(`_json_key:${password}`).toString('base64');
      expect(JSON.parse(await machine.read('.docker/config.json'))).toEqual({
        auths: { [proxy.host]: { auth } },
      });
    } finally {
      await proxy.stop();
    }
  });

  it('looks for no login where a registry asks for none', async () => {
    await mkdir(machine.path('.docker'));
    // A helper that is missing would be told.
    await machine.write('.docker/config.json', '{"credsStore":"missing"}');
    const proxy = await startFaultProxy();
    try {
      const body = '{"repositories":["a"]}';
      proxy.add({ fault: ({ response }) => void response.writeHead(200).end(body) });
      expect(await machine.does(['list-repos', proxy.host])).toBe('a\n');
    } finally {
      await proxy.stop();
    }
  });

  it.each([
    ['is cut', `{"auths":{"x":{"auth":"${basic}"`, /not JSON/],
    [
      'names a helper that is missing',
      '{"credsStore":"nowhere"}',
      /docker-credential-nowhere .* not installed/,
    ],
  ])(
    'a file that %s is one clear line, without the secret, and stays as it is (ATTACKS 85)',
    async (_, text, why) => {
      await mkdir(machine.path('.docker'));
      await machine.write('.docker/config.json', text);
      const digest = createHash('sha256').update(text).digest('hex');
      const proxy = await startFaultProxy();
      try {
        const challenge = { 'WWW-Authenticate': 'Basic realm="x"' };
        proxy.add({
          fault: ({ request, response }) =>
            void response.writeHead(request.headers.authorization ? 200 : 401, challenge).end(),
        });
        for (const args of [
          ['list-repos', proxy.host],
          ['login', proxy.host, '-u', 'fred', '--password-stdin'],
        ]) {
          const ran = await machine.dtuf(args, {}, login.password);
          expectRefusal(ran, 1, why);
          for (const secret of [basic, login.password]) expect(ran.stderr).not.toContain(secret);
        }
        const now = createHash('sha256')
          .update(await machine.read('.docker/config.json'))
          .digest('hex');
        expect(now).toBe(digest);
      } finally {
        await proxy.stop();
      }
    },
  );
});
