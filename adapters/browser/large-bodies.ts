import { late } from '../../src/late.ts';
import type { BoundedBodies } from './bounded-body.ts';

/** In bytes: a smaller body is read as it comes. */
const LARGE = 1024 * 1024;

/** Fetches as `fetch` does, and reads large bodies in a way of our own, which loads with the first of them. */
export function readingLargeBodies(fetch: typeof globalThis.fetch): typeof globalThis.fetch {
  let bodies: BoundedBodies | undefined;
  return async (input, init) => {
    const response = await fetch(input, init);
    // One whose length is not told may be large.
    const length = response.headers.get('content-length');
    if (length !== null && Number(length) <= LARGE) return response;
    const { BoundedBodies } = await late(import('./bounded-body.ts'));
    bodies ??= new BoundedBodies(fetch);
    return bodies.bound(response, input, init);
  };
}
