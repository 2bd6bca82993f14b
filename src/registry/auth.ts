import { utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import { toBase64 } from '../to-base64.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Credentials, Login, LoginRequest } from './credentials.ts';
import { refusedStatus } from './registry-answer.ts';
import { type AskForToken, fetchToken, tokenRealm } from './token.ts';

export interface AuthenticatorOptions {
  readonly registry: URL;
  readonly credentials?: Credentials | undefined;
  readonly authHost?: URL | undefined;
  readonly ask: AskForToken;
}

/** A token that was got, and how to get the next one. */
interface Grant {
  readonly header: string;
  readonly until: number;
  readonly challenge: Challenge;
}

/** Who signs in: one for all repositories, or where credentials are a function, one for each. */
interface Account {
  login?: Promise<Login | undefined> | undefined;
  /** What requests begin with: Basic, or a token from outside. */
  header?: string | undefined;
  /** The newest refresh token: a server may replace it with each use (RFC 6749, 6). */
  refreshToken?: string | undefined;
}

/**
 * Finds the Authorization for a request to the registry: anonymous, Basic (RFC 7617) or Bearer (RFC 6750, and the
 * token flow of the distribution registry). What it makes is for the registry's own origin only.
 *
 * A scope is one or several of a token server's, joined by blanks; the one that matters most comes first.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  /** By scope. Requests at the same time wait for one token. */
  readonly #grants = new Map<string, Promise<Grant>>();
  readonly #accounts = new Map<string, Account>();
  readonly #secrets = new Set<string>();
  /** A token from outside: it goes with every request until the registry refuses it. */
  #given: string | undefined;
  #token: string | undefined;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    const { credentials } = options;
    if (!credentials || typeof credentials === 'function') return;
    if ('token' in credentials) this.token = credentials.token;
    else this.#keepLogin(credentials);
  }

  /** The token that was given or got last. */
  get token(): string | undefined {
    return this.#token;
  }

  set token(token: string | undefined) {
    if (token !== undefined) this.#keepSecret(token);
    this.#given = token;
    this.#token = token;
    this.#grants.clear();
    this.#accounts.clear();
  }

  /** The Authorization to begin with: undefined until the registry has asked for one. */
  async header(scope: string): Promise<string | undefined> {
    const pending = this.#grants.get(scope);
    if (!pending) return this.#account(scope).header ?? bearerHeader(this.#given);
    const grant = await pending;
    return isFresh(grant) ? grant.header : this.#request(scope, grant.challenge, pending);
  }

  /** {@link renew}, by the header WWW-Authenticate of the 401. */
  answer(scope: string, asked: string | null, used: string | undefined): Promise<string> {
    return this.renew(scope, parseChallenges(asked), used);
  }

  /**
   * The Authorization to try after a 401.
   *
   * @param used the one that was refused.
   * @throws DTufError ACCESS_DENIED where there is no other.
   */
  async renew(scope: string, challenges: readonly Challenge[], used: string | undefined): Promise<string> {
    const pending = this.#grants.get(scope);
    const grant = await pending;
    if (grant && grant.header !== used && isFresh(grant)) return grant.header;
    // That a token has ended says nothing against the login that it was got with.
    if (used !== undefined && used !== grant?.header) this.#forget(scope, used);
    const account = this.#account(scope);
    const login = await this.#readLogin(account, scope);
    if (login && 'token' in login) return this.#begin(account, `Bearer ${login.token}`, used);
    const bearer = challenges.find(
      ({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'),
    );
    if (bearer) {
      // A token that was given from outside cannot be renewed without a login.
      if (!login && used !== undefined && !grant) throw this.#denied(true);
      return this.#request(scope, bearer, pending);
    }
    // A page reads WWW-Authenticate only where the registry exposes it, so that a missing challenge may be a Basic one.
    const mayBeBasic = challenges.length === 0 || challenges.some(({ scheme }) => scheme === 'basic');
    if (!login || !mayBeBasic) throw this.#denied(login !== undefined);
    return this.#begin(account, this.#basicHeader(login), used);
  }

  /** Whether there is anybody to sign in as. */
  async hasLogin(scope: string): Promise<boolean> {
    return (await this.#readLogin(this.#account(scope), scope)) !== undefined;
  }

  /** Asks for a token in any case. @returns undefined where the registry does not work with tokens. */
  async logIn(scope: string, challenges: readonly Challenge[]): Promise<string | undefined> {
    if (!challenges.some(({ scheme }) => scheme === 'bearer')) return undefined;
    this.#grants.delete(scope);
    const header = await this.renew(scope, challenges, undefined);
    return header.replace(/^Bearer /, '');
  }

  /** Takes every secret that we know out of a text that came from a server. */
  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets) clean = clean.replaceAll(secret, '***');
    return clean;
  }

  #account(scope: string): Account {
    const key = typeof this.#options.credentials === 'function' ? (repositoryOf(scope) ?? '') : '';
    const found = this.#accounts.get(key) ?? {};
    this.#accounts.set(key, found);
    return found;
  }

  #begin(account: Account, header: string, used: string | undefined): string {
    if (header === used) throw this.#denied(true);
    account.header = header;
    return header;
  }

  /** A login that was refused is not offered again before whoever knows it was asked again. */
  #forget(scope: string, used: string): void {
    const account = this.#account(scope);
    if (account.header === used) account.header = undefined;
    if (bearerHeader(this.#given) === used) this.#given = undefined;
    account.login = undefined;
  }

  /** @param old what is to be replaced: where somebody else did that in the meantime, theirs is taken. */
  #request(scope: string, challenge: Challenge, old: Promise<Grant> | undefined): Promise<string> {
    const newer = this.#grants.get(scope);
    if (newer && newer !== old) return newer.then(({ header }) => header);
    const grant = this.#ask(scope, challenge);
    this.#grants.set(scope, grant);
    // The next request shall ask anew; the error itself goes to whoever waits for the token.
    grant.catch(() => this.#grants.delete(scope));
    return grant.then(({ header }) => header);
  }

  async #ask(scope: string, challenge: Challenge): Promise<Grant> {
    const { registry, authHost, ask } = this.#options;
    const realm = tokenRealm(challenge, registry, authHost);
    const account = this.#account(scope);
    const login = await this.#readLogin(account, scope);
    const how = {
      service: challenge.parameters.get('service'),
      // What we need, never what the challenge names: that may be more.
      scopes: scope.split(' ').filter((one) => one !== ''),
      basic: login && !('token' in login) ? this.#basicHeader(login) : undefined,
      refreshToken:
        login && 'identityToken' in login ? (account.refreshToken ?? login.identityToken) : undefined,
    };
    try {
      const { token, lifetime, refreshToken } = await fetchToken(ask, realm, how);
      this.#keepSecret(token);
      if (how.refreshToken !== undefined && refreshToken !== undefined) {
        this.#keepSecret(refreshToken);
        account.refreshToken = refreshToken;
      }
      this.#token = token;
      return { header: `Bearer ${token}`, until: performance.now() + lifetime, challenge };
    } catch (error) {
      account.login = undefined;
      const isRefused = [401, 403].includes(refusedStatus(error) ?? 0);
      throw login === undefined && isRefused ? this.#denied(false, error) : error;
    }
  }

  async #readLogin(account: Account, scope: string): Promise<Login | undefined> {
    const { credentials, registry } = this.#options;
    if (typeof credentials !== 'function') return credentials;
    account.login ??= credentials(wanted(registry, scope));
    try {
      const login = await account.login;
      if (login) this.#keepLogin(login);
      return login;
    } catch (error) {
      account.login = undefined;
      throw error;
    }
  }

  #keepLogin(login: Login): void {
    if ('token' in login) {
      this.#keepSecret(login.token);
      this.#token = login.token;
    } else {
      this.#keepSecret('password' in login ? login.password : login.identityToken);
      this.#basicHeader(login);
    }
  }

  #basicHeader(login: Exclude<Login, { token: string }>): string {
    // What docker's keychains have in the place of the name of who has an identity token.
    const { username = '<token>' } = login;
    // RFC 7617, 2: the first colon ends the user name.
    if (username.includes(':')) {
      throw new DTufError('INVALID_ARGUMENT', 'A user name has no colon in it.');
    }
    const password = 'password' in login ? login.password : login.identityToken;
    const encoded = toBase64(utf8(`${username}:${password}`));
    this.#keepSecret(encoded);
    return `Basic ${encoded}`;
  }

  #keepSecret(secret: string): void {
    if (!secret) return;
    this.#secrets.add(secret);
    // As it stands in a form that was sent.
    this.#secrets.add(new URLSearchParams({ '': secret }).toString().slice(1));
  }

  #denied(refused: boolean, cause?: unknown): DTufError {
    const { host } = this.#options.registry;
    return new DTufError(
      'ACCESS_DENIED',
      refused
        ? `${host} did not accept the login. Check the user name and password or token.`
        : `${host} wants a login. Give a user name and password or a token; on the command line, "dtuf login ${host}" keeps one.`,
      cause === undefined ? {} : { cause },
    );
  }
}

function bearerHeader(token: string | undefined): string | undefined {
  return token === undefined ? undefined : `Bearer ${token}`;
}

/** The repository that the first of the scopes is about. */
function repositoryOf(scope: string): string | undefined {
  return /^repository:([^\s:]+):/.exec(scope)?.[1];
}

function wanted({ host }: URL, scope: string): LoginRequest {
  const repository = repositoryOf(scope);
  return { host, ...(repository === undefined ? {} : { repository }) };
}

function isFresh({ until }: Grant): boolean {
  return until > performance.now();
}
