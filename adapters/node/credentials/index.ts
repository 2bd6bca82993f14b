// Logins as docker and podman keep them.
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Login, LoginRequest } from '../../../src/registry/credentials.ts';
import { editAuths, replaceSecretFile } from './edit.ts';
import { type CredentialsFile, helperOf, loginIn, readCredentialsFile, serversOf } from './file.ts';
import { eraseWithHelper, getFromHelper, storeWithHelper } from './helper.ts';
import { keyOf, keysOfHost } from './key.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Where a login was kept. */
export interface Kept {
  readonly path: string;
  /** The helper that keeps it; undefined: it stands in the file, unencrypted. */
  readonly helper: string | undefined;
}

/**
 * The logins of `docker login`, `podman login` and `dtuf login`, for the option `credentials`: a file is read, and a
 * credential helper run, only when a registry asks for a login.
 *
 * The files are `$REGISTRY_AUTH_FILE` alone where that is set; else docker's `config.json` (in `$DOCKER_CONFIG` or
 * `~/.docker`), then podman's `$XDG_RUNTIME_DIR/containers/auth.json`.
 *
 * @throws DTufError from where a login is wanted: STORAGE_FAILED where a file cannot be understood, or a helper fails.
 * @example
 * const copy = new DTufCopy({ host: 'ghcr.io', repository: 'fred/demo', credentials: dockerCredentials() });
 */
export function dockerCredentials(
  variables: Variables = process.env,
): (wanted: LoginRequest) => Promise<Login | undefined> {
  return async (wanted) => {
    for (const path of filesIn(variables)) {
      const login = await lookUp(path, wanted);
      if (login) return login;
    }
    return undefined;
  };
}

/**
 * Keeps a login where docker looks for it: with the credential helper that is configured for the registry, else in the
 * file itself, unencrypted and readable by its owner only.
 *
 * @param host as in `registry.example.com:5000`.
 * @throws DTufError STORAGE_FAILED
 */
export async function keepLogin(
  host: string,
  login: { readonly username: string; readonly password: string },
  variables: Variables = process.env,
): Promise<Kept> {
  const [path] = filesIn(variables);
  const file = await readOrNew(path);
  const helper = helperOf(file, { host });
  const key = keyOf(host);
  if (helper !== undefined) await storeWithHelper(helper, key, login, path);
  const auth = Buffer.from(`${login.username}:${login.password}`).toString('base64');
  // Beside a helper docker leaves an empty entry, from which it knows where it is signed in.
  await replaceSecretFile(path, editAuths(file.text, { [key]: helper === undefined ? { auth } : {} }));
  return { path, helper };
}

/**
 * Forgets the login of a registry in the file in which {@link keepLogin} keeps it, and with its helper.
 *
 * @returns whether there was one, and the file in which there still is another, which is podman's.
 * @throws DTufError STORAGE_FAILED
 */
export async function forgetLogin(
  host: string,
  variables: Variables = process.env,
): Promise<{ readonly found: boolean; readonly left: string | undefined }> {
  const [path, ...others] = filesIn(variables);
  const file = await readOrNew(path);
  const helper = helperOf(file, { host });
  const keys = keysOfHost([...file.auths.keys()], host);
  let found = keys.length > 0;
  if (helper !== undefined) {
    for (const server of serversOf(file, { host })) {
      if ((await getFromHelper(helper, server, path)) === undefined) continue;
      found = true;
      await eraseWithHelper(helper, server, path);
    }
  }
  if (keys.length > 0) {
    const change = Object.fromEntries(keys.map((key) => [key, undefined]));
    await replaceSecretFile(path, editAuths(file.text, change));
  }
  for (const left of others) if (await lookUp(left, { host })) return { found, left };
  return { found, left: undefined };
}

/** The files that are looked into; the first is that which is written to. */
function filesIn(variables: Variables): readonly [string, ...string[]] {
  const { REGISTRY_AUTH_FILE: podman, DOCKER_CONFIG: docker, XDG_RUNTIME_DIR: runtime } = variables;
  // As podman has it: who names one means that one.
  if (podman) return [podman];
  const first = join(docker || join(homedir(), '.docker'), 'config.json');
  return runtime ? [first, join(runtime, 'containers/auth.json')] : [first];
}

async function lookUp(path: string, wanted: LoginRequest): Promise<Login | undefined> {
  const file = await readCredentialsFile(path);
  if (file === undefined) return undefined;
  const helper = helperOf(file, wanted);
  if (helper === undefined) return loginIn(file, wanted);
  for (const server of serversOf(file, wanted)) {
    const login = await getFromHelper(helper, server, path);
    if (login) return login;
  }
  // Somebody may have written one there before the helper was configured.
  return loginIn(file, wanted);
}

async function readOrNew(path: string): Promise<CredentialsFile> {
  const none = { auths: new Map(), credHelpers: new Map(), credsStore: undefined };
  return (await readCredentialsFile(path)) ?? { path, text: '{}', ...none };
}
