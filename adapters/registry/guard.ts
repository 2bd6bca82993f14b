/**
 * Keeps web pages away from a registry on this machine. Any page that a user visits can send requests to loopback:
 * to its address (a form, `fetch`), or under a name of its own that it makes point there (DNS rebinding).
 */
import { refuse } from './answer.ts';

const reading = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * @param hosts the names, in lower case, that are ours besides those of loopback; with or without a port.
 * @returns the answer that refuses the request, or undefined where it may pass.
 */
export function refuseForeign(
  method: string,
  headers: Headers,
  hosts: ReadonlySet<string>,
): Response | undefined {
  const host = parseHost(headers.get('host') ?? '');
  if (!host || !(isLoopback(host.name) || hosts.has(host.name) || hosts.has(host.whole))) {
    return refuse(
      403,
      'DENIED',
      'this registry answers to the names of loopback and to those that it was started with (--host)',
    );
  }
  if (reading.has(method) || isOurs(headers, host.whole)) return undefined;
  return refuse(403, 'DENIED', 'a web page of another origin cannot write to this registry');
}

interface Host {
  readonly name: string;
  readonly whole: string;
}

function parseHost(header: string): Host | undefined {
  const whole = header.trim().toLowerCase();
  const name = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+?)\.?(?::\d{1,5})?$/.exec(whole)?.[1];
  return name === undefined ? undefined : { name, whole };
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '[::1]' || /^127(\.\d{1,3}){3}$/.test(name);
}

/** Programs send neither header; browsers send `Origin` with every write, and those of today the other, too. */
function isOurs(headers: Headers, host: string): boolean {
  const site = headers.get('sec-fetch-site');
  // `same-site` is not enough: another port of localhost is another's page.
  if (site !== null && site !== 'same-origin' && site !== 'none') return false;
  const origin = headers.get('origin');
  return origin === null || origin === `http://${host}` || origin === `https://${host}`;
}
