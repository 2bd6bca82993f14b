// Logins as docker and podman keep them: real files, and helpers that are real programs.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { dockerCredentials, forgetLogin, keepLogin } from '../../adapters/node/credentials/index.ts';
import { everythingIn } from '../registry/secrets.ts';
import { temporaryFolder } from './temporary.ts';

const host = 'registry.example.com:5000';
const secret = 'correct-horse';
const fred = { username: 'fred', password: secret };
const auth = (password = secret, username = 'fred') =>
  Buffer.from(`${username}:${password}`).toString('base64');

let folder: string;
let variables: Record<string, string>;
beforeEach(() => {
  folder = temporaryFolder();
  variables = { DOCKER_CONFIG: folder };
});
afterEach(() => void vi.unstubAllEnvs());

const config = () => join(folder, 'config.json');
const write = (content: string | Uint8Array | object) =>
  writeFileSync(
    config(),
    typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
  );
const written = () => JSON.parse(readFileSync(config(), 'utf8')) as unknown;
const lookUp = (repository?: string, at = host) =>
  dockerCredentials(variables)({ host: at, ...(repository === undefined ? {} : { repository }) });

/** A helper that notes how it was called, and then does what `script` says with `$verb` and `$input`. */
function helper(name: string, script: string): { calls(): string } {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  const path = join(bin, `docker-credential-${name}`);
  const log = join(folder, `${name}.log`);
  const note = `verb="$1"; input="$(cat)"; echo "$# $verb $input" >> '${log}'`;
  writeFileSync(path, `#!/bin/sh\n${note}\n${script}\n`);
  chmodSync(path, 0o755);
  vi.stubEnv('PATH', `${bin}${delimiter}${process.env['PATH']}`);
  return {
    calls: () => {
      try {
        return readFileSync(log, 'utf8');
      } catch {
        return '';
      }
    },
  };
}

const saysFred = `echo '${JSON.stringify({ ServerURL: host, Username: 'fred', Secret: secret })}'`;
const knowsNobody = 'echo "credentials not found in native keychain"; exit 1';

/** Refused in one line that names the file, and without the secret. */
async function expectRefusal(work: Promise<unknown>, why: RegExp): Promise<void> {
  const error = await work.then(
    () => expect.unreachable('it was to be refused'),
    (one: unknown) => one,
  );
  expect(error).toMatchObject({ code: 'STORAGE_FAILED', message: expect.stringMatching(why) });
  expect((error as Error).message).toContain(JSON.stringify(config()));
  expect((error as Error).message).not.toContain('\n');
  for (const one of [secret, auth()]) expect(everythingIn(error)).not.toContain(one);
}

describe('a login in config.json', () => {
  it.each([
    ['auth', { auth: auth() }, fred],
    ['username and password', fred, fred],
    ['auth before the two', { auth: auth(), username: 'x', password: 'y' }, fred],
    [
      'an identity token',
      { auth: auth('', 'fred'), identitytoken: 'it' },
      { identityToken: 'it', username: 'fred' },
    ],
    ['an identity token of nobody', { auth: auth('', ''), identitytoken: 'it' }, { identityToken: 'it' }],
    ['a bearer token', { registrytoken: 'rt' }, { token: 'rt' }],
    ['nothing', {}, undefined],
    ['null', null, undefined],
    [
      'auth in lines',
      { auth: auth('x'.repeat(100)).replace(/.{76}/g, '$&\n') },
      { username: 'fred', password: 'x'.repeat(100) },
    ],
    ['auth that is filled up', { auth: auth(`${secret}\0\0`) }, fred],
  ])('is read from %s', async (_, entry, expected) => {
    write({ auths: { 'other.example.com': { auth: auth('other') }, [host]: entry } });
    expect(await lookUp()).toEqual(expected);
  });

  it.each([
    ['a colon', 'a:b:c'],
    ['%', '100%25'],
    ['#', '#1'],
    ['umlauts', 'pässwörd'],
    ['an emoji', '🔑'],
    ['many lines', '{\n  "type": "service_account",\n  "private_key": "-----BEGIN\\n"\n}\n'],
    ['blanks around', ' x '],
  ])('has a password with %s (ATTACKS 85)', async (_, password) => {
    write({ auths: { [host]: { auth: auth(password) } } });
    expect(await lookUp()).toEqual({ username: 'fred', password });
    await keepLogin(host, { username: 'fred', password }, variables);
    expect(await lookUp()).toEqual({ username: 'fred', password });
  });

  it.each([
    ['a BOM', `\ufeff${JSON.stringify({ auths: { [host]: fred } })}`, fred],
    ['nothing in it', '', undefined],
    ['blanks in it', ' \n', undefined],
    ['an empty object in it', '{}', undefined],
    ['auths that are null', '{"auths":null}', undefined],
    ['a broken entry of another registry', { auths: { [host]: fred, 'x.example.com': { auth: '?' } } }, fred],
  ])('is read from a file with %s (ATTACKS 85)', async (_, content, expected) => {
    write(content);
    expect(await lookUp()).toEqual(expected);
  });

  it.each([
    ['is cut', JSON.stringify({ auths: { [host]: fred } }).slice(0, -3), /not JSON/],
    ['is a list', JSON.stringify([secret]), /no JSON object/],
    ['has a list of auths', { auths: [auth()] }, /auths/],
    ['has a number for a helper', { credsStore: 1, auths: { [host]: fred } }, /credsStore/],
    [
      'has auth without a colon',
      { auths: { [host]: { auth: Buffer.from(secret).toString('base64') } } },
      /base64/,
    ],
    ['has auth that is no base64', { auths: { [host]: { auth: `fred:${secret}` } } }, /base64/],
    [
      'has auth in another encoding',
      { auths: { [host]: { auth: Buffer.from(`fred:p\xe4${secret}`, 'latin1').toString('base64') } } },
      /base64/,
    ],
    [
      'has a password that is an object',
      { auths: { [host]: { username: 'fred', password: { secret } } } },
      /password/,
    ],
    ['has an entry that is text', { auths: { [host]: auth() } }, /entry/],
    ['is larger than any', `{"a":"${secret.repeat(100_000)}"}`, /more than/],
  ])(
    'is refused in one line, without the secret, where the file %s (ATTACKS 85, 69)',
    async (_, content, why) => {
      write(content);
      await expectRefusal(lookUp(), why);
      // What is not understood is not written over.
      if (!/entry|base64|password/.test(String(why)))
        await expectRefusal(keepLogin(host, fred, variables), why);
    },
  );

  it('is refused where the file is a folder', async () => {
    mkdirSync(config());
    await expectRefusal(lookUp(), /no file/);
  });

  it('is nobody where there is no file, and no folder', async () => {
    expect(await lookUp()).toBeUndefined();
    variables = { DOCKER_CONFIG: join(folder, 'none') };
    expect(await lookUp()).toBeUndefined();
    variables = { DOCKER_CONFIG: '/dev/null' };
    expect(await lookUp()).toBeUndefined();
  });
});

describe('a key', () => {
  it.each([
    `https://${host}`,
    `https://${host}/`,
    `http://${host}/v2/`,
    `https://${host}/v1/`,
    `${host}/`,
    host.toUpperCase(),
  ])('%s is of the registry (ATTACKS 85)', async (key) => {
    write({ auths: { [key]: fred } });
    expect(await lookUp('fred/demo')).toEqual(fred);
  });

  it.each([
    'registry.example.com',
    'registry.example.com:50001',
    'example.com:5000',
    `x${host}`,
    `${host}.evil.example`,
    `https://evil.example/${host}`,
    `https://${host}@evil.example/`,
    '*.example.com:5000',
    '*',
    '',
    '__proto__',
  ])('%s is of none but its own registry', async (key) => {
    write(`{"auths":{${JSON.stringify(key)}:${JSON.stringify(fred)}}}`);
    expect(await lookUp('fred/demo')).toBeUndefined();
  });

  it('with the path of a repository is for what begins with it; the longest is taken', async () => {
    const named = (username: string) => ({ username, password: secret });
    const keys = [host, `${host}/fred`, `${host}/fred/demo`, `https://${host}/v1/`];
    write({ auths: Object.fromEntries(keys.map((key) => [key, named(key)])) });
    expect(await lookUp('fred/demo')).toEqual(named(`${host}/fred/demo`));
    expect(await lookUp('fred/demo/sub')).toEqual(named(`${host}/fred/demo`));
    expect(await lookUp('fred/demo2')).toEqual(named(`${host}/fred`));
    expect(await lookUp('freddy')).toEqual(named(host));
    expect(await lookUp()).toEqual(named(host));
  });

  it('in the form of today comes before one of old versions', async () => {
    write({ auths: { [`https://${host}/v1/`]: { username: 'old', password: 'x' }, [host]: fred } });
    expect(await lookUp()).toEqual(fred);
  });

  it('may have the port that the scheme means', async () => {
    write({ auths: { 'registry.example.com:443': fred } });
    expect(await lookUp(undefined, 'registry.example.com')).toEqual(fred);
    write({ auths: { 'attacker.example.com:443': fred, 'registry.example.com:4430': fred } });
    expect(await lookUp(undefined, 'registry.example.com')).toBeUndefined();
  });

  it.each(['https://index.docker.io/v1/', 'docker.io', 'index.docker.io', 'registry-1.docker.io'])(
    '%s is of Docker Hub',
    async (key) => {
      write({ auths: { [key]: fred } });
      expect(await lookUp('library/x', 'registry-1.docker.io')).toEqual(fred);
    },
  );
});

describe('the file', () => {
  const at = (name: string, username: string) => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, JSON.stringify({ auths: { [host]: { username, password: 'x' } } }));
    return path;
  };

  it("is docker's, then podman's", async () => {
    at('run/containers/auth.json', 'podman');
    variables['XDG_RUNTIME_DIR'] = join(folder, 'run');
    expect(await lookUp()).toMatchObject({ username: 'podman' });
    at('config.json', 'docker');
    expect(await lookUp()).toMatchObject({ username: 'docker' });
  });

  it('is the one of REGISTRY_AUTH_FILE alone where that is set, also to be written', async () => {
    at('config.json', 'docker');
    variables['REGISTRY_AUTH_FILE'] = join(folder, 'other/auth.json');
    expect(await lookUp()).toBeUndefined();
    expect(await keepLogin(host, fred, variables)).toEqual({
      path: variables['REGISTRY_AUTH_FILE'],
      helper: undefined,
    });
    expect(await lookUp()).toEqual(fred);
    expect(written()).toMatchObject({ auths: { [host]: { username: 'docker' } } });
  });
});

describe('a credential helper', () => {
  it('is asked with the host on its standard input, and no secret in its arguments (ATTACKS 69)', async () => {
    const store = helper('x', saysFred);
    write({ credsStore: 'x', auths: { [host]: {} } });
    expect(await lookUp()).toEqual(fred);
    expect(store.calls()).toBe(`1 get ${host}\n`);
  });

  it('for the registry comes before the one for all; an empty name is none', async () => {
    const all = helper('all', saysFred);
    const one = helper('one', saysFred);
    write({
      credsStore: 'all',
      credHelpers: { [host]: 'one', 'plain.example.com': '' },
      auths: { 'plain.example.com': fred },
    });
    expect(await lookUp()).toEqual(fred);
    expect([one.calls(), all.calls()]).toEqual([`1 get ${host}\n`, '']);
    expect(await lookUp(undefined, 'plain.example.com')).toEqual(fred);
    expect(all.calls()).toBe('');
  });

  it('whose user name is <token> has an identity token', async () => {
    helper('x', `echo '{"ServerURL":"x","Username":"<token>","Secret":"it"}'`);
    write({ credsStore: 'x' });
    expect(await lookUp()).toEqual({ identityToken: 'it' });
  });

  it('that has none leaves it to the file, and that to nobody', async () => {
    helper('x', knowsNobody);
    write({ credsStore: 'x' });
    expect(await lookUp()).toBeUndefined();
    write({ credsStore: 'x', auths: { [host]: fred } });
    expect(await lookUp()).toEqual(fred);
  });

  it('is asked for keys of old versions that stand empty beside it (ATTACKS 85)', async () => {
    const old = `https://${host}/v1/`;
    const store = helper('x', `if [ "$input" = '${old}' ]; then ${saysFred}; else ${knowsNobody}; fi`);
    write({ credsStore: 'x', auths: { [old]: {} } });
    expect(await lookUp()).toEqual(fred);
    expect(store.calls()).toBe(`1 get ${host}\n1 get ${old}\n`);
  });

  it("is asked for Docker Hub by docker's own key", async () => {
    const store = helper('x', saysFred);
    write({ credsStore: 'x' });
    await lookUp('library/x', 'registry-1.docker.io');
    expect(store.calls()).toBe('1 get https://index.docker.io/v1/\n');
  });

  it('gets none of our variables (ATTACKS 69)', async () => {
    vi.stubEnv('DTUF_ROOT_KEY_PASSWORD', secret);
    vi.stubEnv('OTHER', 'kept');
    helper('x', `echo "{\\"Username\\":\\"$OTHER\\",\\"Secret\\":\\"[$DTUF_ROOT_KEY_PASSWORD]\\"}"`);
    write({ credsStore: 'x' });
    expect(await lookUp()).toEqual({ username: 'kept', password: '[]' });
  });

  it.each([
    ['is missing', 'none', '', /docker-credential-none .* is not installed/],
    ['has a path for a name', '../../x', '', /no name of a helper/],
    ['has an option and a shell in its name', 'x; id', '', /no name of a helper/],
    ['fails', 'x', 'echo "the keychain is locked"; exit 3', /exit code 3\): the keychain is locked/],
    ['fails after its answer', 'x', `${saysFred}; exit 1`, /exit code 1\)\./],
    ['answers no JSON', 'x', `echo 'fred ${secret}'`, /something else/],
    ['answers half', 'x', `echo '{"Secret":"${secret}"}'`, /something else/],
    ['answers without end', 'x', `yes ${secret}`, /too much/],
    ['dies', 'x', 'kill -9 $$', /SIGKILL/],
    ['says what would forge a line', 'x', `printf 'a\\nb\\033[2K'; exit 1`, /a\\u\{a\}b\\u\{1b\}/],
  ])('that %s is told in one line, without the secret (ATTACKS 85, 69)', async (_, name, script, why) => {
    helper('x', script);
    write({ credsStore: name, auths: { [host]: {} } });
    await expectRefusal(lookUp(), why);
  });

  it('that is never done is given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      helper('x', 'exec sleep 1000');
      write({ credsStore: 'x' });
      const refused = expectRefusal(lookUp(), /within 60 seconds/);
      await vi.waitUntil(() => vi.getTimerCount() > 0);
      await vi.advanceTimersByTimeAsync(60_000);
      await refused;
    } finally {
      vi.useRealTimers();
    }
  });

  it('that does not read its input is no failure', async () => {
    const bin = join(folder, 'bin');
    helper('x', '');
    writeFileSync(join(bin, 'docker-credential-x'), `#!/bin/sh\nexec 0<&-\n${saysFred}\n`);
    write({ credsStore: 'x' });
    expect(await lookUp()).toEqual(fred);
  });

  it('keeps a login, and the file an empty entry, as docker has it', async () => {
    const store = helper('x', '');
    write({ credsStore: 'x', auths: { [host]: { auth: auth('old') } } });
    expect(await keepLogin(host, fred, variables)).toEqual({ path: config(), helper: 'x' });
    const sent = { ServerURL: host, Username: 'fred', Secret: secret };
    expect(store.calls()).toBe(`1 store ${JSON.stringify(sent)}\n`);
    expect(written()).toEqual({ credsStore: 'x', auths: { [host]: {} } });
  });

  it('that fails to keep a login, and repeats it, is told without it, and the file stays (ATTACKS 69)', async () => {
    helper('x', `echo "cannot store ${secret}"; exit 1`);
    write({ credsStore: 'x' });
    await expectRefusal(keepLogin(host, fred, variables), /failed to store \(exit code 1\)\./);
    expect(written()).toEqual({ credsStore: 'x' });
  });

  it('forgets a login', async () => {
    const store = helper('x', `if [ "$verb" = get ]; then ${saysFred}; fi`);
    write({ credsStore: 'x', auths: { [host]: {}, 'other.example.com': {} } });
    expect(await forgetLogin(host, variables)).toEqual({ found: true, left: undefined });
    expect(store.calls()).toContain(`1 erase ${host}\n`);
    expect(written()).toEqual({ credsStore: 'x', auths: { 'other.example.com': {} } });
  });
});

describe('what is written', () => {
  it('is readable by its owner only, and so is its folder', async () => {
    variables = { DOCKER_CONFIG: join(folder, 'new/docker') };
    const { path } = await keepLogin(host, fred, variables);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    chmodSync(path, 0o644);
    await keepLogin(host, fred, variables);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves all else in the file as it is, numbers that JavaScript has not too', async () => {
    const other =
      '"HttpHeaders":{"X":"1.50"},"big":12345678901234567890,"small":[-1.50e+3,0.10],"__proto__":{"a":1},"text":"\\u0000 \\" 1.0"';
    write(`{${other},"auths":{"b.example.com":{"auth":"YTpi","email":"x@y"}},"currentContext":"default"}`);
    await keepLogin(host, fred, variables);
    const text = readFileSync(config(), 'utf8');
    for (const kept of [
      '12345678901234567890',
      '-1.50e+3',
      '0.10',
      '"__proto__"',
      '"1.50"',
      '"\\u0000 \\" 1.0"',
    ]) {
      expect(text).toContain(kept);
    }
    expect(written()).toMatchObject({
      currentContext: 'default',
      auths: { 'b.example.com': { auth: 'YTpi', email: 'x@y' }, [host]: { auth: auth() } },
    });
    expect(await forgetLogin(host, variables)).toEqual({ found: true, left: undefined });
    expect(written()).toMatchObject({ auths: { 'b.example.com': { auth: 'YTpi', email: 'x@y' } } });
    expect(readFileSync(config(), 'utf8')).toContain('12345678901234567890');
  });

  it('goes to where a link leads, which stays a link', async () => {
    const target = join(folder, 'elsewhere.json');
    writeFileSync(target, '{"auths":{}}');
    symlinkSync(target, config());
    await keepLogin(host, fred, variables);
    expect(JSON.parse(readFileSync(target, 'utf8'))).toEqual({ auths: { [host]: { auth: auth() } } });
  });

  it('keeps Docker Hub under the key that docker has for it', async () => {
    await keepLogin('registry-1.docker.io', fred, variables);
    expect(written()).toEqual({ auths: { 'https://index.docker.io/v1/': { auth: auth() } } });
  });

  it('of old versions is forgotten too, and nothing is written where there was nothing', async () => {
    write({ auths: { [`https://${host}/v1/`]: fred, [`${host}/fred`]: fred } });
    expect(await forgetLogin(host, variables)).toEqual({ found: true, left: undefined });
    expect(written()).toEqual({ auths: { [`${host}/fred`]: fred } });
    const before = statSync(config()).ino;
    expect(await forgetLogin(host, variables)).toEqual({ found: false, left: undefined });
    expect(statSync(config()).ino).toBe(before);
    variables = { DOCKER_CONFIG: join(folder, 'none') };
    expect(await forgetLogin(host, variables)).toEqual({ found: false, left: undefined });
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it("that is podman's is told of, and left", async () => {
    variables['XDG_RUNTIME_DIR'] = folder;
    mkdirSync(join(folder, 'containers'));
    const left = join(folder, 'containers/auth.json');
    writeFileSync(left, JSON.stringify({ auths: { [host]: fred } }));
    expect(await forgetLogin(host, variables)).toEqual({ found: false, left });
  });
});
