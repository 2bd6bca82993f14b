import { defaultLimits, type Limits } from '../limits.ts';
import { Blobs } from './blobs.ts';
import type { Credentials } from './credentials.ts';
import { Manifests } from './manifests.ts';
import { parsePlace, parseRepositoryName } from './reference.ts';
import { Transport } from './transport.ts';

export interface RegistryOptions {
  /** `registry.example.com:5000`, the same with a scheme, or a handler that is called in the process. */
  readonly place: string | URL | { fetch: typeof fetch };
  /** Whether a place without a scheme is spoken to over http, as loopback names are anyway. */
  readonly insecure?: boolean;
  readonly fetch?: typeof fetch;
  readonly limits?: Partial<Limits>;
  readonly credentials?: Credentials;
  /** Takes the place of the host that the registry names for tokens. */
  readonly authHost?: string;
  /** Whether If-None-Match may be sent. Not in a page: it costs a preflight. */
  readonly conditional?: boolean;
  /** Gets each text that the registry warns with, once, made fit to be shown. */
  readonly onWarning?: ((text: string) => void) | undefined;
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
  /** @internal */
  readonly transport: Transport;
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
    const { place, insecure, limits, credentials, authHost, onWarning } = options;
    this.transport = new Transport({
      registry: isHandler(place) ? new URL(inProcess) : parsePlace(place, insecure),
      fetch: fetchOf(options),
      limits: { ...defaultLimits, ...limits },
      credentials,
      authHost: authHost === undefined ? undefined : parsePlace(authHost),
      onNotice: onWarning,
    });
  }

  /** The token that was given or got last; one that is set goes with every request until the registry refuses it. */
  get token(): string | undefined {
    return this.transport.auth.token;
  }

  set token(token: string | undefined) {
    this.transport.auth.token = token;
  }

  /** @throws DTufError INVALID_ARGUMENT where the name is none. */
  repository(name: string): Repository {
    const { conditional = false } = this.#options;
    return new Repository(this.transport, parseRepositoryName(name), conditional);
  }
}

/** One repository of a registry. */
export class Repository {
  readonly name: string;
  readonly blobs: Blobs;
  readonly manifests: Manifests;
  /** @internal */
  readonly transport: Transport;

  /** @internal */
  constructor(transport: Transport, name: string, conditional: boolean) {
    this.name = name;
    this.transport = transport;
    this.blobs = new Blobs(transport, name);
    this.manifests = new Manifests(transport, name, conditional);
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
