import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type DockerRegistry,
  describeWithDockerRegistry,
  startDockerRegistry,
} from '../registry/docker-registry.ts';
import { startTokenServer, type TokenServer } from '../registry/token-server.ts';
import { expectRefusal, Machine, publisher } from './command.ts';

describeWithDockerRegistry('a registry that wants a login', () => {
  const login = { username: 'fred', password: 'correct-horse' };
  const right = { DTUF_USERNAME: login.username, DTUF_PASSWORD: login.password };
  let registry: DockerRegistry;
  let master: Machine;
  beforeAll(async () => {
    registry = await startDockerRegistry({ login });
    master = await publisher({ DTUF_HOST: registry.host, ...right }, { 'a.txt': 'first\n' });
  });
  afterAll(() => Promise.all([registry?.stop(), master?.stop()]));

  it.each([
    ['a wrong password', { DTUF_PASSWORD: 'wrong-horse' }],
    ['no login', { DTUF_USERNAME: '', DTUF_PASSWORD: '' }],
    ['a token that is none', { DTUF_TOKEN: 'stale-token' }],
  ])('is told of %s with exit code 13', async (_, variables) => {
    for (const args of [
      ['list-repos'],
      ['push-metadata', 'fred/demo'],
      ['pull-metadata', 'fred/demo', '-'],
    ]) {
      const pem = await master.read('dtuf_repos/fred/demo/master/keys/root_key.pub');
      const ran = await master.dtuf(args, variables, pem);
      expectRefusal(ran, 13, /./);
      expect(ran.stderr).not.toMatch(/horse|stale-token/);
    }
  });

  it('prints no token where the registry takes the password itself', async () => {
    expect(await master.does(['auth', 'fred/demo', 'pull', 'push'])).toBe('');
    expectRefusal(await master.dtuf(['auth', 'fred/demo'], { DTUF_PASSWORD: 'wrong-horse' }), 13, /./);
  });

  it('is asked by requests that a log of DEBUG shows, without the login (ATTACKS 69)', async () => {
    await master.does(['list-repos'], { DTUF_LOG_FILE: 'debug.log', DTUF_FILE_LOG_LEVEL: 'DEBUG' });
    const log = await master.read('debug.log');
    expect(log).toMatch(/DEBUG GET http:\/\/[\d.:]+\/v2\/_catalog: 200 after \d+ ms\n/);
    expect(log).not.toMatch(/Basic|horse/);
    expect(log).not.toContain(Buffer.from(`${login.username}:${login.password}`).toString('base64'));
  });

  it('wants a password that nobody can be asked for; its variable is named', async () => {
    expectRefusal(await master.dtuf(['list-repos'], { DTUF_PASSWORD: '' }), 2, /DTUF_PASSWORD/);
  });

  it('is named by the reference where DTUF_HOST is not set, with a state of its own', async () => {
    const reference = `${registry.host}/fred/demo`;
    const copy = await Machine.start({ ...right });
    try {
      await copy.write('root_key.pub', await master.read('dtuf_repos/fred/demo/master/keys/root_key.pub'));
      expect(await copy.does(['pull-metadata', reference, 'root_key.pub'])).toBe('a.txt\n');
      expect(copy.has('dtuf_repos', `@${registry.host.replace(':', '+')}`, 'fred/demo/copy')).toBe(true);
      expect(await copy.does(['list-repos', registry.host])).toBe('fred/demo\n');
    } finally {
      await copy.stop();
    }
  });
});

describeWithDockerRegistry('a registry that takes tokens', () => {
  const login = { username: 'fred', password: 'correct-horse' };
  let tokens: TokenServer;
  let registry: DockerRegistry;
  let master: Machine;
  beforeAll(async () => {
    tokens = await startTokenServer({ login });
    registry = await startDockerRegistry({ token: tokens });
    const variables = {
      DTUF_HOST: registry.host,
      DTUF_USERNAME: login.username,
      DTUF_PASSWORD: login.password,
    };
    master = await publisher(variables, { 'a.txt': 'first\n' });
  });
  afterAll(() => Promise.all([registry?.stop(), tokens?.stop(), master?.stop()]));

  it('gives a token for the repository, which serves in the place of the login', async () => {
    // A token that is there already gives no new one.
    const printed = await master.does(['auth', 'fred/demo', 'pull'], { DTUF_TOKEN: 'stale-token' });
    expect(printed).toMatch(/^[\w.-]+\n$/);
    const token = { DTUF_USERNAME: '', DTUF_PASSWORD: '', DTUF_TOKEN: printed.trim() };
    const key = 'dtuf_repos/fred/demo/master/keys/root_key.pub';
    expect(await master.does(['pull-metadata', 'fred/demo', key], token)).toBe('a.txt\n');
    expect(await master.does(['blob-sizes', 'fred/demo', 'a.txt'], token)).toBe('6\n');
    expectRefusal(await master.dtuf(['push-metadata', 'fred/demo'], token), 13, /./);
    expect(JSON.parse(await master.does(['auth', 'fred/demo', '--json']))).toEqual({
      token: expect.any(String),
    });
  });

  it('gives no token for a wrong password, and the password is not repeated (ATTACKS 69)', async () => {
    const ran = await master.dtuf(['auth', 'fred/demo', 'pull', '--verbose'], {
      DTUF_PASSWORD: 'wrong-horse',
    });
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 13, stdout: '' });
    // The token server repeats what it was sent.
    const basic = Buffer.from('fred:wrong-horse').toString('base64');
    expect(ran.stderr).not.toContain('horse');
    expect(ran.stderr).not.toContain(basic);
  });
});
