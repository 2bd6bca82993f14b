import { portableDigester } from './content/digester.ts';
import { DTufError } from './errors.ts';
import { late } from './late.ts';
import type { LayoutName } from './layout/layout.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { Connection } from './options.ts';
import type { Digester } from './ports.ts';
import { Registry, type Repository } from './registry/registry.ts';

/** A registry: what {@link DTufMaster} and {@link DTufCopy} share, and what needs no repository. */
export class DTufBase {
  /** The repository that {@link authenticate} asks for; undefined where it is about the registry. */
  protected readonly repositoryName?: string;
  protected readonly limits: Limits;
  protected readonly digester: Digester;
  readonly #registry: Registry | undefined;

  constructor(options: Connection & { repository?: string; layout?: LayoutName }) {
    const { host, onNotice, repository, layout, ...connection } = options;
    if (repository !== undefined) this.repositoryName = repository;
    this.limits = Object.freeze({ ...defaultLimits, ...options.limits });
    this.digester = options.digester ?? portableDigester;
    if (layout === 'http') return;
    this.#registry = new Registry({ ...connection, place: host, onWarning: onNotice });
  }

  /** @throws DTufError NOT_SUPPORTED where the repository is on a web server. */
  protected get registry(): Registry {
    if (this.#registry !== undefined) return this.#registry;
    throw new DTufError(
      'NOT_SUPPORTED',
      'that needs a registry, and this repository is read from a web server (layout "http")',
      { expected: 'a layout of registries', got: 'http' },
    );
  }

  /** @throws DTufError INVALID_ARGUMENT where no repository was named. */
  protected get repository(): Repository {
    if (this.repositoryName !== undefined) return this.registry.repository(this.repositoryName);
    throw new DTufError(
      'INVALID_ARGUMENT',
      'no repository is named, which only the layout "http" can do without',
      { expected: 'a name like fred/demo' },
    );
  }

  /**
   * The names of the repositories of the registry, where it tells them (many public ones do not).
   *
   * @throws DTufError ACCESS_DENIED, NOT_SUPPORTED, UNREACHABLE
   * @example
   * for await (const name of new DTufBase({ host: 'localhost:5000' }).listRepos()) console.log(name);
   */
  listRepos(signal?: AbortSignal): AsyncIterable<string> {
    return repositoriesOf(this.registry, signal);
  }

  /**
   * Signs in with the credentials of the options, or as nobody without.
   *
   * @param actions `pull`, `push`, `*`.
   * @returns the token, or undefined where the registry takes Basic authentication or asks for nothing.
   * @throws DTufError ACCESS_DENIED
   */
  async authenticate(actions: readonly string[] = ['pull']): Promise<string | undefined> {
    const { registry } = this;
    const { authenticate } = await late(import('./registry/sign-in.ts'));
    return authenticate(registry, this.repositoryName, actions);
  }

  /**
   * Checks the credentials of the options, without asking for any right.
   *
   * @returns false where the registry asked for no login, so that nothing was checked.
   * @throws DTufError ACCESS_DENIED
   */
  async checkLogin(signal?: AbortSignal): Promise<boolean> {
    const { registry } = this;
    const { checkLogin } = await late(import('./registry/sign-in.ts'));
    return checkLogin(registry, signal);
  }

  /** A token that was obtained before. It ends the use of other credentials. */
  get token(): string | undefined {
    return this.#registry?.token;
  }

  set token(token: string | undefined) {
    this.registry.token = token;
  }
}

async function* repositoriesOf(registry: Registry, signal?: AbortSignal): AsyncIterable<string> {
  const { listRepositories } = await late(import('./registry/listing.ts'));
  yield* listRepositories(registry, signal);
}
