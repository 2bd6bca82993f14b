// Programs that keep logins for docker, in a keychain or elsewhere (docker-credential-helpers).
import { spawn } from 'node:child_process';
import { DTufError } from '../../../src/errors.ts';
import type { Login } from '../../../src/registry/credentials.ts';
import { printable } from '../../../src/registry/printable.ts';
import { errnoOf } from '../storage-error.ts';

type Verb = 'get' | 'store' | 'erase';

/** Of what a helper prints, in bytes. */
const longest = 256 * 1024;
/** In milliseconds: a keychain may ask a person to unlock it. */
const patience = 60_000;

/** In the place of a user name: the secret is an identity token. */
const TOKEN = '<token>';
/** What helpers say that have no such login; other words are failures. */
const NOT_FOUND = 'credentials not found in native keychain';

/**
 * @param named the file that names the helper, for errors.
 * @returns undefined where it has no such login.
 * @throws DTufError STORAGE_FAILED
 */
export async function getFromHelper(name: string, server: string, named: string): Promise<Login | undefined> {
  const answer = await run({ name, named }, 'get', server);
  if (answer === undefined) return undefined;
  const { Username: username, Secret: secret } = parse(answer, { name, named });
  if (username === '' && secret === '') return undefined;
  return username === TOKEN ? { identityToken: secret } : { username, password: secret };
}

/** @throws DTufError STORAGE_FAILED */
export async function storeWithHelper(
  name: string,
  server: string,
  login: { readonly username: string; readonly password: string },
  named: string,
): Promise<void> {
  const { username: Username, password: Secret } = login;
  await run({ name, named }, 'store', JSON.stringify({ ServerURL: server, Username, Secret }), Secret);
}

/** @throws DTufError STORAGE_FAILED; not where there was nothing to erase. */
export async function eraseWithHelper(name: string, server: string, named: string): Promise<void> {
  await run({ name, named }, 'erase', server);
}

interface Helper {
  readonly name: string;
  readonly named: string;
}

/** @returns what it printed; undefined where it says that it has no such login. */
async function run(helper: Helper, verb: Verb, input: string, secret?: string): Promise<string | undefined> {
  // It becomes the name of a program: a path in it would run any.
  if (!/^[\w.-]{1,100}$/.test(helper.name)) {
    throw failed(helper, `is named "${printable(helper.name, 60)}", which is no name of a helper`);
  }
  const { code, output } = await start(helper, verb, input);
  if (code === 0) return output;
  if (output.includes(NOT_FOUND)) return undefined;
  // By the protocol this is a message; what looks like data could hold a secret.
  const isData = /[{}"]/.test(output) || (secret !== undefined && output.includes(secret));
  const said = isData ? '' : printable(output.trim(), 120);
  throw failed(helper, `failed to ${verb} (exit code ${code})${said && `: ${said}`}`);
}

function start(
  helper: Helper,
  verb: Verb,
  input: string,
): Promise<{ code: number | string; output: string }> {
  return new Promise((resolve, reject) => {
    // The secret goes by standard input: arguments are seen by everybody on the machine.
    const child = spawn(`docker-credential-${helper.name}`, [verb], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: withoutOurs(process.env),
    });
    const chunks: Buffer[] = [];
    let length = 0;
    const giveUp = (why: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      // A child of its own may still hold the pipe, which would be waited for.
      child.stdout.destroy();
      reject(failed(helper, why));
    };
    const timer = setTimeout(() => giveUp(`did not answer within ${patience / 1000} seconds`), patience);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(
        failed(
          helper,
          errnoOf(error) === 'ENOENT' ? 'is not installed (on the PATH)' : 'cannot be run',
          error,
        ),
      );
    });
    child.stdout.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length > longest) giveUp('answered with too much');
    });
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal ?? 'none', output: Buffer.concat(chunks).toString() });
    });
    // One that ends without reading says by its exit code what it thinks of that.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

/** Passwords of keys are none of a helper's business. */
function withoutOurs(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !name.startsWith('DTUF_')));
}

function parse(answer: string, helper: Helper): { Username: string; Secret: string } {
  let value: unknown;
  try {
    value = JSON.parse(answer);
  } catch {
    // The parser's message would quote the answer, and with it perhaps the secret.
  }
  if (typeof value === 'object' && value !== null && 'Username' in value && 'Secret' in value) {
    const { Username, Secret } = value;
    if (typeof Username === 'string' && typeof Secret === 'string') return { Username, Secret };
  }
  throw failed(helper, 'answered with something else than Username and Secret');
}

function failed({ name, named }: Helper, what: string, cause?: unknown): DTufError {
  const program = /^[\w.-]{1,100}$/.test(name) ? ` docker-credential-${name}` : '';
  return new DTufError(
    'STORAGE_FAILED',
    `The credential helper${program} that ${JSON.stringify(named)} names ${what}. Mend that, take it out of the file, or sign in by DTUF_USERNAME and DTUF_PASSWORD.`,
    { got: name.slice(0, 100), ...(cause === undefined ? {} : { cause }) },
  );
}
