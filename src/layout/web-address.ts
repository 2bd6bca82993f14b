// Addresses of a plain TUF repository on a web server.
import { DTufError } from '../errors.ts';
import type { Place } from '../options.ts';
import { parseUrl } from '../url.ts';

/**
 * Reads the address of metadata: a base, or a bundle in it.
 *
 * @throws DTufError INVALID_ARGUMENT
 */
export function parseMetadataAddress(address: Place): { base: URL; bundle: URL | undefined } {
  const url = parseBase(address);
  if (!url.pathname.endsWith('.json/')) return { base: url, bundle: undefined };
  url.pathname = url.pathname.slice(0, -1);
  return { base: new URL('.', url), bundle: url };
}

/**
 * Reads a base address: what has no slash at its end gets one.
 *
 * @throws DTufError INVALID_ARGUMENT
 */
export function parseBase(base: Place): URL {
  const url = parseUrl(String(base));
  const web = url?.protocol === 'https:' || url?.protocol === 'http:';
  // A login would show up in messages; below a query or a fragment no names can be put.
  if (!url || !web || url.username || url.password || /[?#]/.test(url.href)) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      'A TUF repository on a web server is named by the address of its metadata, as in https://example.com/metadata/, without login, query or fragment.',
      { expected: 'https://host/path/' },
    );
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}
