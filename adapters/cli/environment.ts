import { DTufError } from '../../src/errors.ts';
import { proxySecrets } from '../node/proxies.ts';
import { parseLifetime } from './lifetime.ts';
import { type Level, parseLevel } from './log-level.ts';

export const roles = ['root', 'targets', 'snapshot', 'timestamp'] as const;
export type Role = (typeof roles)[number];

/** All that the command takes from its environment, checked. */
export interface Environment {
  readonly host: string | undefined;
  /** Of a TUF repository on a web server, in the place of `host`. */
  readonly web: { readonly metadata: string; readonly targets: string | undefined } | undefined;
  readonly insecure: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly authHost: string | undefined;
  readonly repositoriesRoot: string;
  readonly layout: 'native' | 'legacy' | undefined;
  readonly keyType: 'ed25519' | 'ecdsa' | 'rsa' | undefined;
  readonly keyPasswords: Readonly<Partial<Record<Role, string>>>;
  /** Seconds. */
  readonly lifetimes: Readonly<Partial<Record<Role, number>>>;
  readonly progress: 'always' | 'never' | 'on a terminal';
  readonly blobInfo: boolean;
  readonly logFile: string | undefined;
  readonly fileLogLevel: Level;
  readonly consoleLogLevel: Level;
  readonly color: boolean;
}

export type Variables = Readonly<Record<string, string | undefined>>;

/** The variable that holds the password of a role's key. */
export const passwordVariable = (role: Role) => `DTUF_${role.toUpperCase()}_KEY_PASSWORD`;

/**
 * Reads and checks every DTUF_ variable. A variable that is empty counts as not set,
 * but for DTUF_LOG_FILE, where it means: no log.
 *
 * @throws DTufError INVALID_ARGUMENT, naming the variable.
 */
export function readEnvironment(variables: Variables): Environment {
  return Object.freeze({
    host: host(variables),
    web: web(variables),
    insecure: variables.DTUF_INSECURE === '1',
    username: variables.DTUF_USERNAME || undefined,
    password: variables.DTUF_PASSWORD || undefined,
    token: variables.DTUF_TOKEN || undefined,
    authHost: variables.DTUF_AUTH_HOST || undefined,
    repositoriesRoot: variables.DTUF_REPOSITORIES_ROOT || 'dtuf_repos',
    layout: choice(variables, 'DTUF_LAYOUT', ['native', 'legacy'] as const),
    keyType: choice(variables, 'DTUF_KEY_TYPE', ['ed25519', 'ecdsa', 'rsa'] as const),
    keyPasswords: perRole((role) => variables[passwordVariable(role)] || undefined),
    lifetimes: perRole((role) => lifetime(variables, `DTUF_${role.toUpperCase()}_LIFETIME`)),
    progress: progress(variables.DTUF_PROGRESS),
    blobInfo: variables.DTUF_BLOB_INFO === '1',
    logFile: variables.DTUF_LOG_FILE === undefined ? 'dtuf.log' : variables.DTUF_LOG_FILE || undefined,
    fileLogLevel: level(variables, 'DTUF_FILE_LOG_LEVEL'),
    consoleLogLevel: level(variables, 'DTUF_CONSOLE_LOG_LEVEL'),
    // no-color.org: any value that is not empty
    color: !variables.NO_COLOR,
  });
}

/** What must not appear in a message or a log (ATTACKS 69). */
export function secretsOf(variables: Variables): readonly string[] {
  const { DTUF_USERNAME: username = '', DTUF_PASSWORD: password, DTUF_TOKEN: token } = variables;
  const basic = password && Buffer.from(`${username}:${password}`).toString('base64');
  const keys = roles.map((role) => variables[passwordVariable(role)]);
  const secrets = [password, basic, token, ...keys, ...proxySecrets(variables)];
  return secrets.flatMap((value) => (value ? [value] : []));
}

function host(variables: Variables): string | undefined {
  const value = variables.DTUF_HOST || undefined;
  // A login in the address would show up in messages and process lists.
  if (value !== undefined && !value.startsWith('oci:') && value.includes('@')) {
    throw refuse('DTUF_HOST', 'holds a login', 'put it in DTUF_USERNAME and DTUF_PASSWORD');
  }
  return value;
}

function web(variables: Variables): Environment['web'] {
  const { DTUF_HOST: registry, DTUF_METADATA_URL: metadata, DTUF_TARGETS_URL: targets } = variables;
  if (targets && !metadata) {
    throw refuse('DTUF_TARGETS_URL', 'is set alone', 'expected DTUF_METADATA_URL with it');
  }
  if (!metadata) return undefined;
  if (registry) throw refuse('DTUF_METADATA_URL', 'is set as well as DTUF_HOST', 'expected one of them');
  for (const name of ['DTUF_METADATA_URL', 'DTUF_TARGETS_URL'] as const) {
    if (!isAddress(variables[name] || metadata)) {
      throw refuse(name, 'is no address', 'expected one like https://example.com/metadata/, without a login');
    }
  }
  return { metadata, targets: targets || undefined };
}

/** Whether names can be put below an address, and it holds no login, which would show up in messages. */
function isAddress(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return /^https?:$/.test(url?.protocol ?? '') && !url?.username && !url?.password && !/[?#]/.test(text);
}

function choice<T extends string>(variables: Variables, name: string, allowed: readonly T[]): T | undefined {
  const value = variables[name] || undefined;
  if (value === undefined) return undefined;
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw refuse(name, `is "${value}"`, `expected ${allowed.join(' or ')}`);
  return found;
}

function lifetime(variables: Variables, name: string): number | undefined {
  const value = variables[name] || undefined;
  if (value === undefined) return undefined;
  const seconds = parseLifetime(value);
  if (seconds === undefined) {
    throw refuse(name, `is "${value}"`, 'expected a span of time such as "1 day", "2w 3d" or "12:00:00"');
  }
  if (seconds <= 0) throw refuse(name, `is "${value}"`, 'what is signed must be valid for some time');
  return seconds;
}

function level(variables: Variables, name: string): Level {
  const value = variables[name] || 'WARNING';
  const found = parseLevel(value);
  if (found === undefined) {
    throw refuse(name, `is "${value}"`, 'expected DEBUG, INFO, WARNING, ERROR or CRITICAL');
  }
  return found;
}

function progress(value: string | undefined): Environment['progress'] {
  if (value === '1') return 'always';
  return value === '0' ? 'never' : 'on a terminal';
}

function perRole<T>(read: (role: Role) => T | undefined): Readonly<Partial<Record<Role, T>>> {
  const found: Partial<Record<Role, T>> = {};
  for (const role of roles) {
    const value = read(role);
    if (value !== undefined) found[role] = value;
  }
  return Object.freeze(found);
}

const refuse = (name: string, what: string, expected: string) =>
  new DTufError('INVALID_ARGUMENT', `the variable ${name} ${what}: ${expected}`);
