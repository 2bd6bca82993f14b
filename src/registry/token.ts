import { utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import { isObject } from '../is-object.ts';
import type { Call } from './call.ts';
import type { Challenge } from './challenge.ts';
import { isLoopback } from './host.ts';
import { printable } from './printable.ts';
import { isPrivateAddress } from './private-address.ts';
import { refusedStatus } from './registry-answer.ts';
import { requestBody } from './upload-body.ts';

/** A token of a token server (distribution, docs/spec/auth/token). */
export interface Token {
  readonly token: string;
  /** Milliseconds that it may be used for, from when it came. */
  readonly lifetime: number;
  /** With which the next one may be asked for. */
  readonly refreshToken?: string | undefined;
}

/** A question to a token server: a GET, or the POST of a form. */
export type TokenQuestion = Pick<Call, 'method' | 'url' | 'authorization' | 'headers' | 'body'>;

/** Fetches a token server's answer. @throws DTufError whose cause has the status, where that is not 200. */
export type AskForToken = (question: TokenQuestion) => Promise<Uint8Array>;

/** What a token is asked for, and how. */
export interface TokenWish {
  readonly service: string | undefined;
  readonly scopes: readonly string[];
  /** Authorization of a GET; undefined: as nobody. */
  readonly basic: string | undefined;
  /** An identity token. */
  readonly refreshToken: string | undefined;
}

/** distribution, docs/spec/auth/token: what a missing `expires_in` means. */
const usualLifetime = 60;
/** A token is given up this many milliseconds before its end, so that it does not end on its way. */
const margin = 10_000;

/** What servers that know no OAuth2 answer to a POST: GCR and others 404, Artifactory 401, ACR 400, Harbor and GHCR 405. */
const knowsNoPost: readonly unknown[] = [400, 401, 404, 405];

/**
 * Asks for a token: by GET, which every token server knows (distribution, docs/spec/auth/token). Only an identity token
 * goes by POST (docs/spec/auth/oauth), and by GET in the place of a password where the server knows no POST.
 *
 * @throws DTufError ACCESS_DENIED
 */
export async function fetchToken(ask: AskForToken, realm: URL, wish: TokenWish): Promise<Token> {
  const { refreshToken } = wish;
  if (refreshToken === undefined) return parseToken(await ask(getQuestion(realm, wish)), realm.host);
  let refused: unknown;
  try {
    return parseToken(await ask(postQuestion(realm, wish, refreshToken)), realm.host);
  } catch (error) {
    if (!knowsNoPost.includes(refusedStatus(error))) throw error;
    refused = error;
  }
  try {
    return parseToken(await ask(getQuestion(realm, wish)), realm.host);
  } catch (error) {
    if (refusedStatus(error) === undefined) throw error;
    throw new DTufError(
      'ACCESS_DENIED',
      `${realm.host} did not accept the identity token: it has ended, or was taken back. Log in anew.`,
      { cause: refused },
    );
  }
}

function getQuestion(realm: URL, { service, scopes, basic }: TokenWish): TokenQuestion {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.append('service', service);
  for (const scope of scopes) url.searchParams.append('scope', scope);
  return { method: 'GET', url, authorization: basic };
}

function postQuestion(url: URL, { service, scopes }: TokenWish, refreshToken: string): TokenQuestion {
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: 'dtuf' });
  if (service !== undefined) form.append('service', service);
  if (scopes.length > 0) form.append('scope', scopes.join(' '));
  form.append('refresh_token', refreshToken);
  const bytes = utf8(form.toString());
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return { method: 'POST', url, headers, body: requestBody(bytes, bytes.length) };
}

/**
 * The address of the token server.
 *
 * @param authHost takes the place of the realm's host, as in python-dxf.
 * @throws DTufError ACCESS_DENIED where the realm must not see a login.
 */
export function tokenRealm(challenge: Challenge, registry: URL, authHost: URL | undefined): URL {
  const realm = parseRealm(challenge.parameters.get('realm') ?? '', registry);
  if (authHost) {
    realm.hostname = authHost.hostname;
    realm.port = authHost.port;
  }
  checkRealm(realm, registry, authHost !== undefined);
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
  const refreshToken = value['refresh_token'];
  return {
    token,
    lifetime: lifetime - Math.min(margin, lifetime / 2),
    ...(typeof refreshToken === 'string' && refreshToken ? { refreshToken } : {}),
  };
}

function noToken(host: string): DTufError {
  return new DTufError('ACCESS_DENIED', `The token server ${host} sent no token.`, {
    expected: 'JSON with token or access_token',
  });
}
