import type { Call, Credentials, DTufBase, DTufCopy, DTufMaster, Login, Trust } from '../node/index.ts';
import type { Context } from './context.ts';
import { passwordsOf, registryPassword } from './password.ts';
import { locate, requireRegistry } from './reference.ts';
import { tracedFetch } from './trace.ts';

// What is behind these is most of the program. It is loaded only by a command that works with it,
// so that --help and a wrong argument are answered at once.
const load = () => import('../node/index.ts');

/** The publisher's side of a repository. */
export async function openMaster(context: Context, reference: string): Promise<DTufMaster> {
  requireRegistry(context.environment);
  const { DTufMaster, environmentFetch } = await load();
  const { lifetimes, keyType } = context.environment;
  return new DTufMaster({
    ...place(context, reference, environmentFetch()),
    lifetimes,
    passwords: passwordsOf(context),
    ...(keyType && { keyType }),
  });
}

/** The client's side of a repository. */
export async function openCopy(context: Context, reference: string, trust?: Trust): Promise<DTufCopy> {
  const { DTufCopy, environmentFetch } = await load();
  return new DTufCopy({
    ...place(context, reference, environmentFetch()),
    ...(trust !== undefined && { trust }),
  });
}

/** The client's side, and what writes it out as files. */
export async function openExport(context: Context, reference: string) {
  const { exportFolder } = await load();
  const copy = await openCopy(context, reference);
  return (folder: string, call: Call) => exportFolder(copy, folder, call);
}

/** A registry as a whole. */
export async function openRegistry(context: Context, host: string): Promise<DTufBase> {
  const { DTufBase, environmentFetch } = await load();
  return new DTufBase({ host, ...access(context, environmentFetch()) });
}

type Fetch = typeof fetch | undefined;

function place(context: Context, reference: string, send: Fetch) {
  const { layout } = context.environment;
  return { ...access(context, send), ...(layout && { layout }), ...locate(context.environment, reference) };
}

function access(context: Context, send: Fetch) {
  const { insecure, authHost } = context.environment;
  const credentials = credentialsOf(context);
  return {
    insecure,
    ...(authHost !== undefined && { authHost }),
    credentials,
    ...(context.log.debugs ? { fetch: tracedFetch(context.log, send ?? fetch) } : send && { fetch: send }),
    onNotice: (text: string) => context.log.warning(text),
  };
}

function credentialsOf(context: Context): Credentials {
  const { token, username, password } = context.environment;
  if (token !== undefined) return { token };
  if (username === undefined) return keptLogin(context);
  if (password !== undefined) return { username, password };
  // Asked for only when the registry wants it, and once.
  let typed: Promise<string> | undefined;
  return async () => {
    typed ??= registryPassword(context, username);
    return { username, password: await typed };
  };
}

/** What `dtuf login`, docker or podman keep: looked up only when the registry wants a login. */
function keptLogin(context: Context): Credentials {
  return async (wanted) => {
    const { dockerCredentials } = await load();
    const login = await dockerCredentials()(wanted);
    for (const secret of login ? secretsIn(login) : []) context.keepSecret(secret);
    return login;
  };
}

function secretsIn(login: Login): readonly string[] {
  if ('token' in login) return [login.token];
  return ['password' in login ? login.password : login.identityToken];
}
