// config.json of docker and auth.json of podman: where logins are kept, or which helper keeps them.
import { pathToFileURL } from 'node:url';
import { DTufError } from '../../../src/errors.ts';
import { isObject } from '../../../src/is-object.ts';
import type { Login, LoginRequest } from '../../../src/registry/credentials.ts';
import { readSmallFile } from '../file-content.ts';
import { errnoOf } from '../storage-error.ts';
import { fittingKeys, keyOf } from './key.ts';

/** In bytes. */
const longest = 1024 * 1024;

/** What a file says, checked. Fields that are not about logins are passed over. */
export interface CredentialsFile {
  readonly path: string;
  /** As it stands there; `{}` where there is no file, or an empty one. */
  readonly text: string;
  /** Entries are looked at when they are wanted: one that is broken spoils no other. */
  readonly auths: ReadonlyMap<string, unknown>;
  readonly credHelpers: ReadonlyMap<string, unknown>;
  readonly credsStore: string | undefined;
}

/**
 * @returns undefined where there is no such file.
 * @throws DTufError STORAGE_FAILED where it cannot be read or understood; it is not quoted, since it holds secrets.
 */
export async function readCredentialsFile(path: string): Promise<CredentialsFile | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  // Without a BOM, which editors of Windows put there.
  const text = new TextDecoder().decode(bytes).trim() || '{}';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message would quote what stands there.
    throw unreadable(path, 'it is not JSON');
  }
  if (!isObject(value)) throw unreadable(path, 'it is no JSON object');
  const { auths, credHelpers, credsStore } = value;
  if (typeof (credsStore ?? '') !== 'string') throw unreadable(path, 'its credsStore is no string');
  return {
    path,
    text,
    auths: entries(path, 'auths', auths),
    credHelpers: entries(path, 'credHelpers', credHelpers),
    credsStore: typeof credsStore === 'string' && credsStore !== '' ? credsStore : undefined,
  };
}

/**
 * The helper that keeps the login of a registry; undefined: it is kept in the file.
 *
 * @throws DTufError STORAGE_FAILED
 */
export function helperOf(file: CredentialsFile, wanted: LoginRequest): string | undefined {
  const { path, credHelpers, credsStore } = file;
  const [key] = fittingKeys([...credHelpers.keys()], wanted);
  if (key === undefined) return credsStore;
  const helper = credHelpers.get(key);
  if (typeof helper !== 'string') throw unreadable(path, `the helper of ${JSON.stringify(key)} is no string`);
  // As docker has it: an empty name takes the registry out of credsStore.
  return helper || undefined;
}

/**
 * The names under which a helper may keep the login: docker's own, and those of entries that docker leaves beside a
 * helper (`{}`), which may be of an older form.
 */
export function serversOf({ auths }: CredentialsFile, wanted: LoginRequest): readonly string[] {
  return [...new Set([keyOf(wanted.host), ...fittingKeys([...auths.keys()], wanted)])];
}

/** The login that stands in the file itself. @throws DTufError STORAGE_FAILED where it cannot be understood. */
export function loginIn({ path, auths }: CredentialsFile, wanted: LoginRequest): Login | undefined {
  for (const key of fittingKeys([...auths.keys()], wanted)) {
    const entry = auths.get(key) ?? {};
    if (!isObject(entry)) throw unreadable(path, `the entry of ${JSON.stringify(key)} is no JSON object`);
    const login = parseEntry(path, key, entry);
    if (login) return login;
  }
  return undefined;
}

function parseEntry(path: string, key: string, entry: Readonly<Record<string, unknown>>): Login | undefined {
  const field = (name: string): string => {
    const value = entry[name] ?? '';
    if (typeof value === 'string') return value;
    throw unreadable(path, `${name} of ${JSON.stringify(key)} is no string`);
  };
  const token = field('registrytoken');
  if (token) return { token };
  const auth = field('auth');
  const [username, password] = auth ? parseAuth(path, key, auth) : [field('username'), field('password')];
  const identityToken = field('identitytoken');
  if (identityToken) return { identityToken, ...(username && { username }) };
  return username || password ? { username, password } : undefined;
}

function parseAuth(path: string, key: string, auth: string): readonly [string, string] {
  const broken = () => unreadable(path, `auth of ${JSON.stringify(key)} is not "user:password" in base64`);
  // `base64` breaks long lines, and docker reads them.
  const base64 = auth.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) throw broken();
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    throw broken();
  }
  const colon = text.indexOf(':');
  if (colon < 0) throw broken();
  // Old versions of docker filled up with NULs.
  return [text.slice(0, colon), text.slice(colon + 1).replace(/\0+$/, '')];
}

function entries(path: string, name: string, value: unknown): ReadonlyMap<string, unknown> {
  if (!isObject(value ?? {})) throw unreadable(path, `its ${name} are no JSON object`);
  return new Map(Object.entries(value ?? {}));
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readSmallFile(pathToFileURL(path), longest);
  } catch (error) {
    if (!(error instanceof DTufError)) throw error;
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error.cause) ?? '')) return undefined;
    throw unreadable(path, error.code === 'INVALID_ARGUMENT' ? 'it is no file' : error.message, error);
  }
}

function unreadable(path: string, why: string, cause?: unknown): DTufError {
  return new DTufError(
    'STORAGE_FAILED',
    `The logins in ${JSON.stringify(path)} cannot be read: ${why.replace(/\.$/, '')}. Mend the file, or sign in by DTUF_USERNAME and DTUF_PASSWORD.`,
    cause === undefined ? {} : { cause },
  );
}
