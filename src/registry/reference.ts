import { DTufError } from '../errors.ts';
import { parseUrl } from '../url.ts';
import { isDigest } from './digest.ts';
import { isLoopback } from './host.ts';
import { printable } from './printable.ts';

/** Names of the OCI distribution specification v1.1 ("Pulling manifests"), checked before any request is made of them. */

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const repositoryGrammar = new RegExp(`^${component}(?:/${component})*$`);
const tagGrammar = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** distribution-spec v1.1: many implementations limit host and name together to 255 characters. */
const longestRepository = 255;

export function isRepositoryName(text: string): boolean {
  return text.length <= longestRepository && repositoryGrammar.test(text);
}

export function isTag(text: string): boolean {
  return tagGrammar.test(text);
}

/** @throws DTufError INVALID_ARGUMENT */
export function parseRepositoryName(text: string): string {
  if (isRepositoryName(text)) return text;
  throw new DTufError(
    'INVALID_ARGUMENT',
    `${JSON.stringify(printable(text, 80))} is not a repository name, which is made of lower-case letters and digits, joined by . _ __ - or /, in at most 255 characters.`,
    { expected: 'a name like fred/demo', got: printable(text, 80) },
  );
}

/** A tag or a digest. @throws DTufError INVALID_ARGUMENT */
export function parseReference(text: string): string {
  if (isTag(text) || isDigest(text)) return text;
  throw new DTufError(
    'INVALID_ARGUMENT',
    'A tag is made of letters, digits, _ . and -, begins with none of the last two, and has at most 128 characters.',
    { expected: 'a tag, or sha256:<64 hex>', got: printable(text, 150) },
  );
}

/**
 * Reads where a registry is.
 *
 * @param place `registry.example.com:5000` or the same with `https://` or `http://` before it.
 * @param insecure whether a place without a scheme is spoken to over http. Loopback names are anyway.
 * @returns the origin, with the path `/`.
 * @throws DTufError INVALID_ARGUMENT
 */
export function parsePlace(place: string | URL, insecure = false): URL {
  const text = String(place);
  const hasScheme = /^https?:\/\//i.test(text);
  const url = parseUrl(hasScheme ? text : `https://${text}`);
  // What URL would drop in silence or take for another part is refused: `user@host`, `host/path`, `host\path`, a blank.
  const plain = /^(?:https?:\/\/)?(?:\[[0-9a-fA-F:.]+\]|[^\s/\\?#@:[\]]+)(?::\d+)?\/?$/i.test(text);
  if (!url || !plain || !isHostname(url.hostname)) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      'A registry is named by its host and port only, as in registry.example.com:5000, or by https:// and these.',
      { expected: 'host[:port]', got: printable(text.replace(/^(.*\/\/)?[^/]*@/, '$1…@'), 120) },
    );
  }
  // Docker Hub is named by its site, and its registry is elsewhere.
  if (/^(?:index\.)?docker\.io$/.test(url.hostname)) return new URL('https://registry-1.docker.io/');
  if (!hasScheme && (insecure || isLoopback(url.hostname))) return new URL(`http://${text}`);
  return url;
}

function isHostname(hostname: string): boolean {
  return hostname.length <= 253 && /^(?:\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?)$/.test(hostname);
}
