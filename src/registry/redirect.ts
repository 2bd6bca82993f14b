import { DTufError } from '../errors.ts';
import { type Call, mayFollow } from './call.ts';
import { printable } from './printable.ts';

/**
 * Resolves where a server sends us.
 *
 * @throws DTufError REGISTRY_FAILED where that is not the web, is http after https, or carries a login.
 */
export function resolveLocation(location: string, from: URL): URL {
  let to: URL;
  try {
    to = new URL(location, from);
  } catch (cause) {
    throw refused(from, printable(withoutQuery(location), 120), 'no address', cause);
  }
  if (to.protocol !== 'https:' && to.protocol !== 'http:') {
    throw refused(from, printable(to.protocol), 'neither https nor http');
  }
  if (to.username || to.password) throw refused(from, to.host, 'an address with a login in it');
  checkScheme(to, from);
  return to;
}

/**
 * Where to ask next.
 *
 * @param hops how many redirects were followed before.
 * @throws DTufError REGISTRY_FAILED
 */
export function follow(call: Call, location: string, from: URL, hops: number, limit: number): URL {
  const next = resolveLocation(location, from);
  if (!mayFollow(call)) throw notFollowed(call, next.origin);
  if (hops < limit) return next;
  throw new DTufError('REGISTRY_FAILED', `${call.url.host} redirects without end: given up.`, {
    expected: `at most ${limit} redirects`,
  });
}

/** The error for a redirect that is not followed. */
export function notFollowed({ doing, url }: Call, got: string): DTufError {
  return new DTufError(
    'REGISTRY_FAILED',
    `Failed ${doing}: ${url.host} redirects it to ${got}, which is not followed.`,
    { got },
  );
}

/** @throws DTufError REGISTRY_FAILED where `to` is http and `from` is not. */
export function checkScheme(to: URL, from: URL): void {
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw refused(from, to.origin, 'http, after https');
  }
}

/**
 * Resolves an address for our next request to the registry (an upload's Location, a Link to the next page).
 *
 * Behind a proxy that ends TLS or maps ports, registries name themselves by http or without the port: the same host
 * name then means the address that we reached them under.
 *
 * @throws DTufError REGISTRY_FAILED
 */
export function resolveOwnLocation(location: string, from: URL): URL {
  let to: URL | undefined;
  try {
    to = new URL(location, from);
  } catch {
    // Said in full by resolveLocation below.
  }
  const web = to?.protocol === 'http:' || to?.protocol === 'https:';
  if (to && web && to.hostname === from.hostname && (to.port === '' || leavesTls(from, to))) {
    if (to.protocol === from.protocol || leavesTls(from, to)) {
      to.protocol = from.protocol;
      to.port = from.port;
      return resolveLocation(to.href, from);
    }
  }
  return resolveLocation(location, from);
}

function leavesTls(from: URL, to: URL): boolean {
  return from.protocol === 'https:' && to.protocol === 'http:';
}

/** Queries of storage addresses are as good as passwords, so no error shows one. */
function withoutQuery(location: string): string {
  return location.replace(/[?#].*$/s, '');
}

function refused(from: URL, got: string, why: string, cause?: unknown): DTufError {
  return new DTufError('REGISTRY_FAILED', `${from.host} sends us on to ${got}, which is ${why}: refused.`, {
    got,
    ...(cause === undefined ? {} : { cause }),
  });
}
