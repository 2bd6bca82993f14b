// Signing in for its own sake, rather than with the first request that needs it.
import { DTufError } from '../errors.ts';
import type { Authenticator } from './auth.ts';
import type { Call } from './call.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { parseRepositoryName } from './reference.ts';
import type { Registry } from './registry.ts';
import type { Answer, Transport } from './transport.ts';

/**
 * Logs in now rather than with the first request.
 *
 * @param repository undefined for the list of repositories.
 * @param actions what the token is to allow, as in `['pull', 'push']`.
 * @returns the token, or undefined where the registry does not work with tokens.
 * @throws DTufError ACCESS_DENIED
 */
export async function authenticate(
  registry: Registry,
  repository: string | undefined,
  actions: readonly string[],
): Promise<string | undefined> {
  const scope = scopeOf(repository, actions);
  const { transport } = registry;
  const door = await knock(transport);
  const { authenticator, answer, challenges } = door;
  const token = await authenticator.logIn(scope, challenges);
  const asksForMore = !answer.response.ok || (challenges.length > 0 && (await authenticator.hasLogin(scope)));
  if (token === undefined && asksForMore) await enter(transport, door, scope);
  return token;
}

/**
 * Checks the credentials, and asks for no right with them.
 *
 * @returns false where the registry asked for no login, so that nothing was checked.
 * @throws DTufError ACCESS_DENIED
 */
export async function checkLogin(registry: Registry, signal?: AbortSignal): Promise<boolean> {
  const { transport } = registry;
  const door = await knock(transport, signal);
  if (door.answer.response.ok && door.challenges.length === 0) return false;
  await enter(transport, door, '');
  return true;
}

/** What a registry that was asked answers. */
interface Door {
  readonly authenticator: Authenticator;
  readonly call: Call;
  readonly answer: Answer;
  readonly challenges: readonly Challenge[];
}

/** Asks the registry how it wants to be signed in to. */
async function knock(transport: Transport, signal?: AbortSignal): Promise<Door> {
  // First: it keeps our secrets out of whatever the registry says, which may know them from another time.
  const authenticator = await transport.auth.authenticator();
  const url = new URL('/v2/', transport.registry);
  const call: Call = { method: 'GET', url, doing: 'to sign in', cache: 'no-store', signal };
  const answer = await transport.ask(call, transport.limits.answer);
  // Some registries answer 200 and name their token server all the same.
  const challenges = parseChallenges(answer.headers.get('www-authenticate'));
  if (!answer.response.ok && answer.status !== 401) throw await transport.refuse(call, answer);
  return { authenticator, call, answer, challenges };
}

async function enter(
  transport: Transport,
  { authenticator, call, challenges }: Door,
  scope: string,
): Promise<void> {
  const authorization = await authenticator.renew(scope, challenges, undefined);
  const answer = await transport.ask({ ...call, authorization }, transport.limits.answer);
  if (!answer.response.ok) throw await transport.refuse(call, answer);
}

function scopeOf(repository: string | undefined, actions: readonly string[]): string {
  const wrong = actions.find((action) => !/^(?:[a-z]+|\*)$/.test(action));
  if (wrong !== undefined) {
    throw new DTufError('INVALID_ARGUMENT', 'An action is a word like pull, push or delete, or *.', {
      got: wrong.slice(0, 80),
    });
  }
  if (repository === undefined) return `registry:catalog:${actions.join(',') || '*'}`;
  return `repository:${parseRepositoryName(repository)}:${actions.join(',') || 'pull'}`;
}
