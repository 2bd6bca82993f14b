/** How somebody signs in. */
export type Login =
  | { readonly username: string; readonly password: string }
  /** A bearer token: it goes with every request as it is. */
  | { readonly token: string }
  /**
   * A refresh token, as `docker login` keeps it where a registry gives one: tokens are asked for with it.
   * The user name is for token servers that know no OAuth2.
   */
  | { readonly identityToken: string; readonly username?: string };

/** For what a login is wanted. */
export interface LoginRequest {
  /** Of the registry, as in `registry.example.com:5000`. */
  readonly host: string;
  /** As in `fred/demo`; undefined where it is about the registry as a whole. */
  readonly repository?: string;
}

/**
 * What a registry is signed in to with. A function is asked when the registry wants a login, once for a repository, and
 * again when its answer was refused; what asks for no login never gets that far.
 *
 * @example
 * const credentials = async ({ host }) => ({ username: 'fred', password: await passwordFor(host) });
 */
export type Credentials = Login | ((wanted: LoginRequest) => Promise<Login | undefined>);
