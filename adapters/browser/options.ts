// The options of the public classes with what a page or worker has filled in.
import { DTufError } from '../../src/errors.ts';
import { parseBase } from '../../src/layout/web-address.ts';
import type { Connection, Options } from '../../src/options.ts';
import type { Lock, Store } from '../../src/ports.ts';
import { parsePlace } from '../../src/registry/reference.ts';
import { parseUrl } from '../../src/url.ts';
import { tellingCors } from './cross-origin.ts';
import { indexedDbStore } from './indexed-db-store.ts';
import { readingLargeBodies } from './large-bodies.ts';
import { webLock } from './web-lock.ts';

/**
 * @throws DTufError NOT_SUPPORTED where the page is no secure context: browsers keep Web Crypto, with which everything
 * is verified, from pages that came over http.
 */
export function connectionOf<T extends Connection>(options: T): T {
  const subtle: SubtleCrypto | undefined = globalThis.crypto?.subtle;
  if (subtle === undefined) {
    throw new DTufError(
      'NOT_SUPPORTED',
      'This page is no secure context, so that the browser gives it no Web Crypto and nothing can be verified: open it over https, or from localhost.',
    );
  }
  return { fetch: told, ...options };
}

/**
 * A browser's cache keeps what a registry answered once, for as long as that said, also what was refused here, and
 * goes on with it long after the registry is honest again: it is left out.
 */
const uncached: typeof fetch = (input, init) => fetch(input, { ...init, cache: 'no-store' });

const told = tellingCors(readingLargeBodies(uncached));

/** Fills in the store of one repository. @param side `master` or `copy`. */
export function stateOf<T extends Options>(given: T, side: 'master' | 'copy'): T & { store: Store } {
  const options = given.layout === 'http' ? inThePage(given) : given;
  return { ...connectionOf(options), store: options.store ?? indexedDbStore(stateName(options, side)) };
}

/** Addresses of static files may be relative to the page, or to the worker's script: `./metadata/bundle.json`. */
function inThePage<T extends Options>(options: T): T {
  const { targetsHost } = options;
  return {
    ...options,
    host: resolved(options.host),
    ...(targetsHost === undefined ? {} : { targetsHost: resolved(targetsHost) }),
  };
}

function resolved<A>(address: A): A | string {
  if (typeof address !== 'string' || !/^\.{0,2}\//.test(address)) return address;
  // Nothing is relative to a worker that was made of a blob, or to no page: whoever reads the address says what it has to be.
  return parseUrl(address, globalThis.document?.baseURI ?? globalThis.location?.href)?.href ?? address;
}

/** Fills in the store and the lock of a publisher. */
export function publisherOf<T extends Options>(options: T): T & { store: Store; lock: Lock } {
  // Where a store was passed in, only a handler in the page has no name of its own.
  const prefix = () =>
    isHandler(options.host) ? `dtuf/${options.repository}/master` : stateName(options, 'master');
  return { ...stateOf(options, 'master'), lock: options.lock ?? webLock(prefix()) };
}

/**
 * One database for each registry, repository and side: state is trust, and that of one must never be taken for another's.
 *
 * @throws DTufError INVALID_ARGUMENT where the registry is a handler, which has no address.
 */
function stateName({ host, insecure, repository, layout }: Options, side: string): string {
  if (isHandler(host)) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      'A registry within the page has no address to keep its state under: pass store, as memoryStore() or indexedDbStore(name).',
    );
  }
  const base = layout === 'http' ? parseBase(host) : undefined;
  if (base !== undefined)
    return ['dtuf http', base.href, ...(repository ? [repository] : []), side].join(' ');
  // No part holds a blank, so that two different triples never have one name.
  return `dtuf ${parsePlace(host, insecure).origin} ${repository} ${side}`;
}

function isHandler(host: Options['host']): host is Exclude<Options['host'], string | URL> {
  return typeof host !== 'string' && !(host instanceof URL);
}
