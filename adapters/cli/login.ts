import type { Command } from 'commander';
import { DTufError } from '../../src/errors.ts';
import type { Act, Context } from './context.ts';
import { command } from './help.ts';
import { passwordFromInput, registryPassword, registryUsername } from './password.ts';
import { chosenRegistry, requireRegistry } from './reference.ts';
import { openRegistry } from './session.ts';
import { credentialsVariables, registryVariables } from './variables.ts';

interface Who {
  username?: string;
  passwordStdin?: true;
}

/** Keeping a login, and forgetting it. */
export function loginCommands(program: Command, act: Act): void {
  command(program, 'login [registry]', {
    does: 'Sign in at a registry, and keep the login where docker keeps it: with the credential helper that is configured for the registry, else unencrypted in a file that only you can read. It is kept only if the registry takes it. The password is asked for; there is no option for it, since everybody on a machine sees the arguments.',
    reads: registryVariables.filter((name) => name !== 'DTUF_TOKEN'),
    example: `dtuf login registry.example.com --username fred
      dtuf login ghcr.io --username fred --password-stdin < token.txt`,
  })
    .option('-u, --username <name>', 'whom to sign in as (default: DTUF_USERNAME, else it is asked for)')
    .option('--password-stdin', 'read the password from standard input')
    .action((registry: string | undefined, who: Who) => act((context) => logIn(context, registry, who)));

  command(program, 'logout [registry]', {
    does: 'Forget the login of a registry that dtuf login or docker login kept.',
    reads: ['DTUF_HOST', ...credentialsVariables],
    example: 'dtuf logout registry.example.com',
  }).action((registry: string | undefined) => act((context) => logOut(context, registry)));
}

async function logIn(context: Context, registry: string | undefined, who: Who): Promise<undefined> {
  const { place, host } = await locateRegistry(context, registry);
  const username = who.username ?? context.environment.username ?? (await registryUsername(context));
  const password = await passwordOf(context, username, who);
  context.keepSecret(password);
  const environment = { ...context.environment, token: undefined, username, password };
  const checked = await (await openRegistry({ ...context, environment }, place)).checkLogin(context.signal);
  const { keepLogin } = await import('../node/credentials/index.ts');
  const { path, helper } = await keepLogin(host, { username, password });
  if (!checked) context.log.warning(`${host} asks for no login, so that this one could not be checked`);
  if (helper === undefined) {
    context.log.warning(
      `the login is kept unencrypted in ${path}; a credential helper, named there as credsStore, would keep it in a keychain`,
    );
  }
  context.log.note(`signed in at ${host} as ${username}`);
}

async function passwordOf(context: Context, username: string, who: Who): Promise<string> {
  if (who.passwordStdin) return passwordFromInput();
  return context.environment.password ?? registryPassword(context, username);
}

async function logOut(context: Context, registry: string | undefined): Promise<undefined> {
  const { host } = await locateRegistry(context, registry);
  const { forgetLogin } = await import('../node/credentials/index.ts');
  const { found, left } = await forgetLogin(host);
  context.log.note(found ? `signed out of ${host}` : `there was no login of ${host}`);
  if (left !== undefined)
    context.log.warning(`${left} still holds a login of ${host}: podman logout forgets it`);
}

async function locateRegistry(context: Context, registry: string | undefined) {
  requireRegistry(context.environment);
  const place = chosenRegistry(context.environment, registry);
  if (place.startsWith('oci:')) {
    throw new DTufError('INVALID_ARGUMENT', 'a folder (oci:) asks for no login: name a registry');
  }
  const { parsePlace } = await import('../../src/registry/reference.ts');
  return { place, host: parsePlace(place, context.environment.insecure).host };
}
