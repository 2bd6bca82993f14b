import { late } from '../late.ts';
import type { Authenticator, AuthenticatorOptions } from './auth.ts';

/** The Authorization of requests. Who reads as nobody, as most do, needs no {@link Authenticator} and loads none. */
export class Authorization {
  readonly #options: AuthenticatorOptions;
  /** What was set before there was an authenticator. */
  #given: { readonly token: string | undefined } | undefined;
  #loading: Promise<Authenticator> | undefined;
  #loaded: Authenticator | undefined;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    const { credentials } = options;
    if (typeof credentials === 'object' && 'token' in credentials) this.#given = credentials;
  }

  /** The token that was given or got last. */
  get token(): string | undefined {
    return this.#loaded === undefined ? this.#given?.token : this.#loaded.token;
  }

  /** One that is set goes with every request until the registry refuses it. */
  set token(token: string | undefined) {
    if (this.#loaded === undefined) this.#given = { token };
    else this.#loaded.token = token;
  }

  /** The Authorization to begin with: undefined until the registry has asked for one. */
  async header(scope: string): Promise<string | undefined> {
    const isNobody = this.#loading === undefined && this.#given === undefined && !this.#options.credentials;
    return isNobody ? undefined : (await this.authenticator()).header(scope);
  }

  /**
   * The Authorization to try after a 401.
   *
   * @param asked the header WWW-Authenticate.
   * @param used the one that was refused.
   * @throws DTufError ACCESS_DENIED where there is no other.
   */
  async renew(scope: string, asked: string | null, used: string | undefined): Promise<string> {
    const authenticator = await this.authenticator();
    return authenticator.answer(scope, asked, used);
  }

  /** Takes every secret that we know out of a text that came from a server. */
  redact(text: string): string {
    return this.#loaded?.redact(text) ?? text;
  }

  authenticator(): Promise<Authenticator> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  async #load(): Promise<Authenticator> {
    try {
      const { Authenticator } = await late(import('./auth.ts'));
      const loaded = new Authenticator(this.#options);
      if (this.#given !== undefined) loaded.token = this.#given.token;
      this.#loaded = loaded;
      return loaded;
    } catch (error) {
      this.#loading = undefined;
      throw error;
    }
  }
}
