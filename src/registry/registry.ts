import { DTufError } from '../errors.ts';
import { defaultLimits, type Limits } from '../limits.ts';
import type { Digester } from '../ports.ts';
import { Blobs } from './blobs.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { list } from './listing.ts';
import { Manifests } from './manifests.ts';
import { isRepositoryName, isTag, parsePlace, parseRepositoryName } from './reference.ts';
import { type Call, Transport } from './transport.ts';
import { Warnings } from './warning.ts';

export interface RegistryOptions {
  /** `registry.example.com:5000`, the same with a scheme, or a handler that is called in the process. */
  readonly place: string | URL | { fetch: typeof fetch };
  /** Whether a place without a scheme is spoken to over http, as loopback names are anyway. */
  readonly insecure?: boolean;
  readonly fetch?: typeof fetch;
  readonly limits?: Partial<Limits>;
  /** In the place of Web Crypto. */
  readonly digester?: Digester;
  readonly credentials?: Credentials;
  /** Takes the place of the host that the registry names for tokens. */
  readonly authHost?: string;
  /** Whether If-None-Match may be sent. Not in a page: it costs a preflight. */
  readonly conditional?: boolean;
  /** Gets each text that the registry warns with, once, made fit to be shown. */
  readonly onWarning?: (text: string) => void;
}

/** Where a handler in the process is taken to be: nothing listens there for us. */
const inProcess = 'http://localhost';

/**
 * An OCI registry (distribution-spec v1.1).
 *
 * @throws DTufError INVALID_ARGUMENT where the place or authHost is none.
 * @example
 * const registry = new Registry({ place: 'localhost:5000' });
 * const manifest = await registry.repository('fred/demo').manifests.fetch('latest');
 */
export class Registry {
  readonly #transport: Transport;
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
    const { place, insecure, limits, credentials, authHost, onWarning } = options;
    this.#transport = new Transport({
      registry: isHandler(place) ? new URL(inProcess) : parsePlace(place, insecure),
      fetch: fetchOf(options),
      limits: { ...defaultLimits, ...limits },
      credentials,
      authHost: authHost === undefined ? undefined : parsePlace(authHost),
      warnings: onWarning && new Warnings(onWarning),
    });
  }

  /** The token that was given or got last; one that is set goes with every request until the registry refuses it. */
  get token(): string | undefined {
    return this.#transport.auth.token;
  }

  set token(token: string | undefined) {
    this.#transport.auth.token = token;
  }

  /** @throws DTufError INVALID_ARGUMENT where the name is none. */
  repository(name: string): Repository {
    const { conditional = false, digester } = this.#options;
    return new Repository(this.#transport, parseRepositoryName(name), conditional, digester);
  }

  /** The names of all repositories, where the registry lists them. */
  catalog(signal?: AbortSignal): AsyncIterable<string> {
    const listing = {
      path: '/v2/_catalog',
      field: 'repositories',
      scope: 'registry:catalog:*',
      doing: 'to list the repositories',
      isName: isRepositoryName,
    } as const;
    return list(this.#transport, listing, signal);
  }

  /**
   * Logs in now rather than with the first request.
   *
   * @param repository undefined for the list of repositories.
   * @param actions what the token is to allow, as in `['pull', 'push']`.
   * @returns the token, or undefined where the registry does not work with tokens.
   * @throws DTufError ACCESS_DENIED
   */
  async authenticate(repository: string | undefined, actions: string[]): Promise<string | undefined> {
    const scope = scopeOf(repository, actions);
    const { call, answer, challenges } = await this.#knock();
    const token = await this.#transport.auth.logIn(scope, challenges);
    const asksForMore =
      !answer.response.ok || (challenges.length > 0 && (await this.#transport.auth.hasLogin(scope)));
    if (token === undefined && asksForMore) await this.#enter(call, scope, challenges);
    return token;
  }

  /**
   * Checks the credentials, and asks for no right with them.
   *
   * @returns false where the registry asked for no login, so that nothing was checked.
   * @throws DTufError ACCESS_DENIED
   */
  async checkLogin(signal?: AbortSignal): Promise<boolean> {
    const { call, answer, challenges } = await this.#knock(signal);
    if (answer.response.ok && challenges.length === 0) return false;
    await this.#enter(call, '', challenges);
    return true;
  }

  /** Asks the registry how it wants to be signed in to. */
  async #knock(signal?: AbortSignal) {
    const url = new URL('/v2/', this.#transport.registry);
    const call: Call = { method: 'GET', url, doing: 'to sign in', cache: 'no-store', signal };
    const answer = await this.#transport.ask(call, this.#transport.limits.answer);
    // Some registries answer 200 and name their token server all the same.
    const challenges = parseChallenges(answer.headers.get('www-authenticate'));
    if (!answer.response.ok && answer.status !== 401) throw this.#transport.refuse(call, answer);
    return { call, answer, challenges };
  }

  async #enter(call: Call, scope: string, challenges: readonly Challenge[]): Promise<void> {
    const authorization = await this.#transport.auth.renew(scope, challenges, undefined);
    const answer = await this.#transport.ask({ ...call, authorization }, this.#transport.limits.answer);
    if (!answer.response.ok) throw this.#transport.refuse(call, answer);
  }
}

/** One repository of a registry. */
export class Repository {
  readonly name: string;
  readonly blobs: Blobs;
  readonly manifests: Manifests;
  readonly #transport: Transport;

  /** @internal */
  constructor(transport: Transport, name: string, conditional: boolean, digester?: Digester) {
    this.name = name;
    this.#transport = transport;
    this.blobs = new Blobs(transport, name, digester);
    this.manifests = new Manifests(transport, name, conditional, digester);
  }

  /** All tags. @throws DTufError NOT_FOUND where there is no such repository. */
  tags(signal?: AbortSignal): AsyncIterable<string> {
    const listing = {
      path: `/v2/${this.name}/tags/list`,
      field: 'tags',
      scope: `repository:${this.name}:pull`,
      doing: `to list the tags of ${this.name}`,
      isName: isTag,
    } as const;
    return list(this.#transport, listing, signal);
  }
}

function isHandler(place: RegistryOptions['place']): place is { fetch: typeof fetch } {
  return typeof place === 'object' && 'fetch' in place;
}

function fetchOf({ place, fetch: injected }: RegistryOptions): typeof fetch {
  if (isHandler(place)) return (input, init) => place.fetch(input, init);
  // Called as a function of its own: a page's fetch insists on its window.
  return injected ?? ((input, init) => globalThis.fetch(input, init));
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
