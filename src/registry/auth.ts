import { toBase64, utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import type { Challenge } from './challenge.ts';
import { parseToken, tokenAddress } from './token.ts';

export type Login = { readonly username: string; readonly password: string } | { readonly token: string };
/** What a registry is logged in to with; a function is asked when a login is wanted, and again when it was refused. */
export type Credentials = Login | (() => Promise<Login | undefined>);

/** Fetches a token server's answer, with this Authorization. */
export type AskForToken = (url: URL, authorization: string | undefined) => Promise<Uint8Array>;

export interface AuthenticatorOptions {
  readonly registry: URL;
  readonly credentials?: Credentials | undefined;
  readonly authHost?: URL | undefined;
  readonly ask: AskForToken;
}

interface Grant {
  readonly header: string;
  readonly until: number;
  readonly challenge: Challenge;
}

/**
 * Finds the Authorization for a request to the registry: anonymous, Basic (RFC 7617) or Bearer (RFC 6750, and the
 * token flow of the distribution registry). What it makes is for the registry's own origin only.
 */
export class Authenticator {
  readonly #options: AuthenticatorOptions;
  /** By scope. Requests at the same time wait for one token. */
  readonly #grants = new Map<string, Promise<Grant>>();
  readonly #secrets = new Set<string>();
  #login: Promise<Login | undefined> | undefined;
  #basic: string | undefined;
  /** A token from outside: it goes with every request until the registry refuses it. */
  #given: string | undefined;
  #token: string | undefined;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    const { credentials } = options;
    if (credentials && typeof credentials !== 'function') this.#useLogin(credentials);
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
  }

  /** The Authorization to begin with: undefined until the registry has asked for one. */
  async header(scope: string): Promise<string | undefined> {
    const pending = this.#grants.get(scope);
    if (!pending) return this.#basic ?? (this.#given === undefined ? undefined : `Bearer ${this.#given}`);
    const grant = await pending;
    return isFresh(grant) ? grant.header : this.#request(scope, grant.challenge, pending);
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
    const login = await this.#readLogin(used !== undefined);
    if (login && 'token' in login) {
      const header = `Bearer ${login.token}`;
      if (header === used) throw this.#denied(true);
      return header;
    }
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
    const header = this.#basicHeader(login.username, login.password);
    if (header === used) throw this.#denied(true);
    this.#basic = header;
    return header;
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
    const url = tokenAddress(challenge, scope, registry, authHost);
    const login = await this.#readLogin(false);
    const authorization =
      login && 'username' in login ? this.#basicHeader(login.username, login.password) : undefined;
    const { token, lifetime } = parseToken(await ask(url, authorization), url.host);
    this.#keepSecret(token);
    this.#token = token;
    return { header: `Bearer ${token}`, until: performance.now() + lifetime, challenge };
  }

  async #readLogin(refused: boolean): Promise<Login | undefined> {
    const { credentials } = this.#options;
    if (typeof credentials !== 'function') return credentials;
    if (refused || !this.#login) this.#login = credentials();
    const login = await this.#login;
    if (login) this.#useLogin(login);
    return login;
  }

  #useLogin(login: Login): void {
    if ('token' in login) {
      this.#keepSecret(login.token);
      this.#given = login.token;
      this.#token = login.token;
    } else {
      this.#keepSecret(login.password);
      this.#basicHeader(login.username, login.password);
    }
  }

  #basicHeader(username: string, password: string): string {
    // RFC 7617, 2: the first colon ends the user name.
    if (username.includes(':')) {
      throw new DTufError('INVALID_ARGUMENT', 'A user name has no colon in it.');
    }
    const encoded = toBase64(utf8(`${username}:${password}`));
    this.#keepSecret(encoded);
    return `Basic ${encoded}`;
  }

  #keepSecret(secret: string): void {
    if (secret) this.#secrets.add(secret);
  }

  #denied(refused: boolean): DTufError {
    const { host } = this.#options.registry;
    return new DTufError(
      'ACCESS_DENIED',
      refused
        ? `${host} did not accept the login. Check the user name and password or token.`
        : `${host} wants a login. Give a user name and password or a token.`,
    );
  }
}

function isFresh({ until }: Grant): boolean {
  return until > performance.now();
}
