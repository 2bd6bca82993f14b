// The variables that name proxies, as curl and Go read them.
import { DTufError } from '../../src/errors.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** The proxies that the environment names. */
export interface Proxies {
  readonly http: URL | undefined;
  readonly https: URL | undefined;
  /** Hosts that are reached without one, as in `example.com,.internal`; `*` are all. */
  readonly none: string;
}

/**
 * `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, each in lower case too, which counts first.
 *
 * @returns undefined where there is no proxy.
 * @throws DTufError INVALID_ARGUMENT where one is no address; its text is not shown, since it may hold a password.
 */
export function readProxies(variables: Variables): Proxies | undefined {
  const [http, https] = [readProxy(variables, 'http_proxy'), readProxy(variables, 'https_proxy')];
  if (http === undefined && https === undefined) return undefined;
  return { http, https, none: read(variables, 'no_proxy')?.value ?? '' };
}

/** The passwords in the addresses of proxies: they must not appear in a message or a log. */
export function proxySecrets(variables: Variables): readonly string[] {
  return ['http_proxy', 'https_proxy'].flatMap((name) => {
    const address = read(variables, name)?.value ?? '';
    const { password = '' } = parseProxy(address) ?? {};
    return password === '' ? [] : [address, password, decoded(password)];
  });
}

function read(variables: Variables, name: string): { name: string; value: string } | undefined {
  for (const one of [name, name.toUpperCase()]) {
    const value = variables[one];
    if (value) return { name: one, value };
  }
  return undefined;
}

function readProxy(variables: Variables, variable: string): URL | undefined {
  const found = read(variables, variable);
  if (found === undefined) return undefined;
  const url = parseProxy(found.value);
  if (url !== undefined && /^https?:$/.test(url.protocol)) return url;
  throw new DTufError(
    'INVALID_ARGUMENT',
    `the variable ${found.name} is no address of a proxy: expected one like http://proxy.example.com:3128`,
  );
}

function parseProxy(address: string): URL | undefined {
  // `proxy:3128` is common, and no address to the parser.
  const text = address.includes('://') ? address : `http://${address}`;
  return URL.canParse(text) ? new URL(text) : undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that encodes nothing: the password is what is written.
    return text;
  }
}
