import { join } from 'node:path';
import { DTufError } from '../../src/errors.ts';
import type { Environment } from './environment.ts';

/** Where a repository is, and where its state is kept. */
export interface Located {
  readonly host: string;
  readonly repository: string;
  /** On a web server, where `host` is the address of the metadata. */
  readonly layout?: 'http';
  readonly targetsHost?: string;
  /** The folder in which `<repository>/master` and `<repository>/copy` lie. */
  readonly repositoriesRoot: string;
}

/**
 * Finds the registry of `reference`: DTUF_HOST, or where that is not set, the reference's own first part.
 *
 * With DTUF_HOST the state lies under the repository's name alone, as python-dtuf has it. Of a whole
 * reference it lies under `@host` as well: `@` and `+` are in no repository name, so two registries
 * never share a state by mistake.
 *
 * With DTUF_METADATA_URL the reference only names the state.
 *
 * @param reference `fred/demo`, or `ghcr.io/fred/demo` where DTUF_HOST is not set.
 * @throws DTufError INVALID_ARGUMENT
 */
export function locate(
  environment: Pick<Environment, 'host' | 'repositoriesRoot'> & Partial<Pick<Environment, 'web'>>,
  reference: string,
): Located {
  const root = environment.repositoriesRoot;
  if (environment.web !== undefined) {
    const { metadata, targets } = environment.web;
    return {
      host: metadata,
      repository: reference,
      repositoriesRoot: root,
      layout: 'http',
      ...(targets === undefined ? {} : { targetsHost: targets }),
    };
  }
  if (environment.host !== undefined) {
    return { host: environment.host, repository: reference, repositoriesRoot: root };
  }
  const [, scheme = '', host = '', repository = ''] = /^(https?:\/\/)?([^/]+)\/(.+)$/.exec(reference) ?? [];
  if (!scheme && !isHost(host)) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      `no registry is named: set DTUF_HOST, or give the repository with its registry, as in ghcr.io/fred/demo (got "${reference}")`,
    );
  }
  if (host.includes('@')) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      'the reference holds a login: put it in DTUF_USERNAME and DTUF_PASSWORD',
    );
  }
  const folder = `@${host.toLowerCase().replaceAll(':', '+')}`;
  return { host: scheme + host, repository, repositoriesRoot: join(root, folder) };
}

/** The registry that is given to a command, or DTUF_HOST. @throws DTufError INVALID_ARGUMENT where there is neither. */
export function chosenRegistry({ host }: Pick<Environment, 'host'>, given: string | undefined): string {
  const registry = given ?? host;
  if (registry !== undefined) return registry;
  throw new DTufError(
    'INVALID_ARGUMENT',
    'no registry is named: set DTUF_HOST, or give it after the command',
  );
}

/** Refuses what a web server cannot do. @throws DTufError INVALID_ARGUMENT */
export function requireRegistry({ web }: Pick<Environment, 'web'>): void {
  if (web === undefined) return;
  throw new DTufError(
    'INVALID_ARGUMENT',
    'this command needs a registry, and DTUF_METADATA_URL names a web server: set DTUF_HOST in its place',
  );
}

/** As docker tells a registry from the first part of a repository's name. */
function isHost(part: string): boolean {
  return part === 'localhost' || /[.:]/.test(part);
}
