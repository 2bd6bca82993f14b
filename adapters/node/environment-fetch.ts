// A fetch that goes through the proxies and trusts the certificate authorities that the environment names.
import { readFile } from 'node:fs/promises';
import { rootCertificates } from 'node:tls';
import { DTufError } from '../../src/errors.ts';
import { type Proxies, readProxies, type Variables } from './proxies.ts';

/** Where fetch takes certificate authorities from outside of Node: Bun with each request, Deno in a client. */
interface OwnInit extends RequestInit {
  tls?: { ca: string[] };
  client?: unknown;
}

interface DenoNamespace {
  createHttpClient(options: { caCerts: string[] }): unknown;
}

/**
 * A fetch as the environment wants it. `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` (or in lower case) name proxies; loopback
 * addresses are reached without. `DTUF_CA_FILE` names a PEM file of authorities that are trusted beside those that the
 * runtime knows. Deno and Bun follow the variables of proxies by themselves.
 *
 * @returns undefined where the environment names none of these: the runtime's own fetch is right then.
 * @throws DTufError INVALID_ARGUMENT where a proxy is no address. The fetch throws INVALID_ARGUMENT where `DTUF_CA_FILE`
 * cannot be read or holds no certificate, and UNREACHABLE where the way through a proxy fails.
 * @example
 * const copy = new DTufCopy({ host, repository, trust, fetch: environmentFetch() ?? fetch });
 */
export function environmentFetch(variables: Variables = process.env): typeof fetch | undefined {
  const file = variables['DTUF_CA_FILE'] || undefined;
  const proxies = 'Deno' in globalThis || 'Bun' in globalThis ? undefined : readProxies(variables);
  if (file === undefined && proxies === undefined) return undefined;
  // Made with the first request: most of a process is there without any.
  let made: Promise<typeof fetch> | undefined;
  return async (input, init) => {
    made ??= make(file, proxies, variables);
    return (await made)(input, init);
  };
}

async function make(file: string | undefined, proxies: Proxies | undefined, variables: Variables) {
  const further = file === undefined ? [] : [await readAuthorities(file, 'DTUF_CA_FILE')];
  if ('Bun' in globalThis) return withInit({ tls: { ca: [...rootCertificates, ...further] } });
  const { Deno }: { Deno?: DenoNamespace } = Object(globalThis);
  if (Deno !== undefined) return withInit({ client: Deno.createHttpClient({ caCerts: further }) });
  const { undiciFetchFor } = await import('./undici-fetch.ts');
  if (file === undefined) return undiciFetchFor(proxies, undefined);
  // A list of our own replaces what Node trusts, also what this variable added to it.
  const extra = variables['NODE_EXTRA_CA_CERTS'];
  const extras = extra ? [await readAuthorities(extra, 'NODE_EXTRA_CA_CERTS')] : [];
  return undiciFetchFor(proxies, [...rootCertificates, ...extras, ...further]);
}

function withInit(own: OwnInit): typeof fetch {
  return (input, init) => fetch(input, { ...init, ...own });
}

async function readAuthorities(file: string, variable: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new DTufError(
      'INVALID_ARGUMENT',
      `the variable ${variable} names a file that cannot be read: ${cause.message}`,
      {
        cause,
      },
    );
  });
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new DTufError(
    'INVALID_ARGUMENT',
    `${file}, which the variable ${variable} names, holds no certificate in PEM`,
    {
      expected: '-----BEGIN CERTIFICATE-----',
    },
  );
}
