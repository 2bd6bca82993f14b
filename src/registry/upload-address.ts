import { DTufError } from '../errors.ts';
import type { Digest } from './digest.ts';
import { resolveOwnLocation } from './redirect.ts';

/** Where an upload goes on, as the newest answer says (distribution-spec v1.1, "Pushing a blob in chunks"). */
export function uploadLocation(headers: Headers, from: URL): URL {
  const location = headers.get('location');
  if (location === null) {
    throw new DTufError(
      'REGISTRY_FAILED',
      'The registry did not say where to upload to. To a page it must expose the Location header (Access-Control-Expose-Headers).',
      { expected: 'Location' },
    );
  }
  const url = resolveOwnLocation(location, from);
  url.hash = '';
  return url;
}

/** The Location of an upload with the digest in its query, and all else in it as it came. */
export function closingAddress(location: URL, digest: Digest): URL {
  const url = new URL(location);
  url.search = `${url.search === '' ? '?' : `${url.search}&`}digest=${encodeURIComponent(digest)}`;
  return url;
}
