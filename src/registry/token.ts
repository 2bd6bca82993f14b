import { DTufError } from '../errors.ts';
import type { Challenge } from './challenge.ts';
import { isObject } from './descriptor.ts';
import { isLoopback, isPrivateAddress } from './host.ts';
import { printable } from './printable.ts';

/** A token of a token server (distribution, docs/spec/auth/token). */
export interface Token {
  readonly token: string;
  /** Milliseconds that it may be used for, from when it came. */
  readonly lifetime: number;
}

/** distribution, docs/spec/auth/token: what a missing `expires_in` means. */
const usualLifetime = 60;
/** A token is given up this many milliseconds before its end, so that it does not end on its way. */
const margin = 10_000;

/**
 * The address at which a token is asked for.
 *
 * @param authHost takes the place of the realm's host, as in python-dxf.
 * @throws DTufError ACCESS_DENIED where the realm must not see a login.
 */
export function tokenAddress(
  challenge: Challenge,
  scope: string,
  registry: URL,
  authHost: URL | undefined,
): URL {
  const realm = parseRealm(challenge.parameters.get('realm') ?? '', registry);
  if (authHost) {
    realm.hostname = authHost.hostname;
    realm.port = authHost.port;
  }
  checkRealm(realm, registry, authHost !== undefined);
  const service = challenge.parameters.get('service');
  if (service !== undefined) realm.searchParams.append('service', service);
  // What we need, never what the challenge names: that may be more.
  for (const one of scope.split(' ')) realm.searchParams.append('scope', one);
  return realm;
}

function parseRealm(text: string, registry: URL): URL {
  try {
    return new URL(text);
  } catch (cause) {
    throw refused(registry, printable(text.replace(/[?#].*$/s, ''), 120), 'no address', cause);
  }
}

/**
 * A registry may send us anywhere with its login (Docker Hub's and GitLab's realms are other hosts), but not in the
 * clear, and not to machines behind our firewall.
 */
function checkRealm(realm: URL, registry: URL, chosen: boolean): void {
  const sameHost = realm.hostname === registry.hostname;
  const bothHere = isLoopback(realm.hostname) && isLoopback(registry.hostname);
  if (realm.username || realm.password) throw refused(registry, realm.host, 'an address with a login in it');
  if (realm.protocol === 'http:') {
    const asUnsafeAsTheRegistry = registry.protocol === 'http:' && (sameHost || chosen);
    if (!bothHere && !asUnsafeAsTheRegistry) throw refused(registry, realm.origin, 'not https');
  } else if (realm.protocol !== 'https:') {
    throw refused(registry, printable(realm.protocol), 'not https');
  }
  if (!chosen && !sameHost && !bothHere && isPrivateAddress(realm.hostname)) {
    throw refused(registry, realm.host, 'an address in a private network');
  }
}

function refused(registry: URL, got: string, why: string, cause?: unknown): DTufError {
  return new DTufError(
    'ACCESS_DENIED',
    `${registry.host} wants a login to be sent to ${got}, which is ${why}: refused. Where that is right, name the host with authHost.`,
    { got, ...(cause === undefined ? {} : { cause }) },
  );
}

/**
 * Reads a token server's answer: `token`, `access_token`, or both.
 *
 * @throws DTufError ACCESS_DENIED where there is none in it.
 */
export function parseToken(body: Uint8Array, host: string): Token {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(body));
  } catch {
    // The parser's message would quote the answer, and with it perhaps a token: it is not carried as the cause.
    throw noToken(host);
  }
  if (!isObject(value)) throw noToken(host);
  const token = [value['token'], value['access_token']].find((entry) => typeof entry === 'string' && entry);
  // RFC 6750, 2.1; anything else would break the header that it goes into.
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) throw noToken(host);
  const seconds = value['expires_in'];
  const lifetime = 1000 * (typeof seconds === 'number' && seconds > 0 ? seconds : usualLifetime);
  return { token, lifetime: lifetime - Math.min(margin, lifetime / 2) };
}

function noToken(host: string): DTufError {
  return new DTufError('ACCESS_DENIED', `The token server ${host} sent no token.`, {
    expected: 'JSON with token or access_token',
  });
}
