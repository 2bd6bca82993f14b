// The keys under which docker and podman keep logins, and which of them fits a registry.
import type { LoginRequest } from '../../../src/registry/credentials.ts';

/** Docker Hub has had many names; docker keeps its login under the oldest. */
const HUB_KEY = 'https://index.docker.io/v1/';
const hubHosts: readonly string[] = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];

/** The key under which docker keeps the login of a registry. @param host as in `registry.example.com:5000`. */
export function keyOf(host: string): string {
  return hubHosts.includes(host) ? HUB_KEY : host;
}

/**
 * Those of `keys` that fit, the best first: the longest path (podman's keys may name a repository, or what it begins
 * with), then docker's own form before those of old versions (`https://host/`, `https://host/v1/`).
 *
 * @throws never: a key that is no address fits nothing.
 */
export function fittingKeys(keys: readonly string[], { host, repository }: LoginRequest): readonly string[] {
  return keys
    .map((key) => ({ key, ...parseKey(key) }))
    .filter(({ host: one, path }) => sameHost(one, host) && leadsTo(path, repository))
    .sort((a, b) => b.path.length - a.path.length || rank(a.key, host) - rank(b.key, host))
    .map(({ key }) => key);
}

/** Those of `keys` that are about a registry as a whole. */
export function keysOfHost(keys: readonly string[], host: string): readonly string[] {
  return fittingKeys(keys, { host });
}

interface ParsedKey {
  readonly host: string;
  readonly path: string;
}

function parseKey(key: string): ParsedKey {
  const [, scheme, host = '', path = ''] = /^(https?:\/\/)?([^/]*)\/?(.*)$/is.exec(key) ?? [];
  // What follows an address is the version of its protocol, and no repository.
  return { host: host.toLowerCase(), path: scheme ? '' : path.replace(/\/+$/, '') };
}

function sameHost(one: string, host: string): boolean {
  if (hubHosts.includes(host)) return hubHosts.includes(one);
  // A URL leaves out the port that its scheme means anyway. What listens on port 80 is another server.
  return one === host || one === `${host}:443`;
}

function leadsTo(path: string, repository: string | undefined): boolean {
  if (path === '') return true;
  return repository !== undefined && `${repository}/`.startsWith(`${path}/`);
}

function rank(key: string, host: string): number {
  return key === keyOf(host) ? 0 : 1;
}
