/** Lets pages of another origin read, and only read (Fetch, "CORS protocol"). */
import { answer } from './answer.ts';
import type { Asked } from './request.ts';

const exposed =
  'Docker-Content-Digest, Link, Location, WWW-Authenticate, Content-Range, ETag, Range, OCI-Filters-Applied, Docker-Distribution-Api-Version';

export function isPreflight(asked: Asked): boolean {
  return asked.method === 'OPTIONS' && asked.headers.has('access-control-request-method');
}

export function preflight(allowOrigin: string): Response {
  return answer(204, {
    ...origin(allowOrigin),
    'Access-Control-Allow-Methods': 'GET, HEAD',
    'Access-Control-Allow-Headers': 'Accept, Authorization, If-None-Match, If-Range, Range',
    'Access-Control-Max-Age': '600',
  });
}

/** Adds what a page needs to read an answer. */
export function share(asked: Asked, response: Response, allowOrigin: string): void {
  if (asked.method !== 'GET' && asked.method !== 'HEAD') return;
  for (const [name, value] of Object.entries(origin(allowOrigin))) response.headers.append(name, value);
  response.headers.set('Access-Control-Expose-Headers', exposed);
}

function origin(allowOrigin: string): Record<string, string> {
  const vary: Record<string, string> = allowOrigin === '*' ? {} : { Vary: 'Origin' };
  return { 'Access-Control-Allow-Origin': allowOrigin, ...vary };
}
