import { portableDigester } from './content/digester.ts';
import { defaultLimits, type Limits } from './limits.ts';
import type { Connection } from './options.ts';
import type { Digester } from './ports.ts';
import { Registry } from './registry/registry.ts';

/** A registry: what {@link DTufMaster} and {@link DTufCopy} share, and what needs no repository. */
export class DTufBase {
  /** The repository that {@link authenticate} asks for; undefined where it is about the registry. */
  protected readonly repositoryName?: string;
  protected readonly registry: Registry;
  protected readonly limits: Limits;
  protected readonly digester: Digester;
  protected readonly notice: (text: string) => void;

  constructor(options: Connection & { repository?: string }) {
    const { host, onNotice, repository, ...connection } = options;
    if (repository !== undefined) this.repositoryName = repository;
    this.limits = Object.freeze({ ...defaultLimits, ...options.limits });
    this.digester = options.digester ?? portableDigester;
    this.notice = onNotice ?? (() => undefined);
    this.registry = new Registry({
      ...connection,
      place: host,
      digester: this.digester,
      onWarning: this.notice,
    });
  }

  /**
   * The names of the repositories of the registry, where it tells them (many public ones do not).
   *
   * @throws DTufError ACCESS_DENIED, NOT_SUPPORTED, UNREACHABLE
   * @example
   * for await (const name of new DTufBase({ host: 'localhost:5000' }).listRepos()) console.log(name);
   */
  listRepos(signal?: AbortSignal): AsyncIterable<string> {
    return this.registry.catalog(signal);
  }

  /**
   * Signs in with the credentials of the options, or as nobody without.
   *
   * @param actions `pull`, `push`, `*`.
   * @returns the token, or undefined where the registry takes Basic authentication or asks for nothing.
   * @throws DTufError ACCESS_DENIED
   */
  authenticate(actions: readonly string[] = ['pull']): Promise<string | undefined> {
    return this.registry.authenticate(this.repositoryName, [...actions]);
  }

  /** A token that was obtained before. It ends the use of other credentials. */
  get token(): string | undefined {
    return this.registry.token;
  }

  set token(token: string | undefined) {
    this.registry.token = token;
  }
}
