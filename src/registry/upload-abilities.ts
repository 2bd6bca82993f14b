// What the runtime's fetch can do with a large body.
import { accepts, nowhere } from './abilities.ts';

/**
 * Whether a body can be sent while it is read, under a Content-Length of ours.
 *
 * Two kinds of runtime cannot: those that turn the stream into the text "[object ReadableStream]" (and then set a
 * Content-Type), and pages, where Content-Length is a forbidden header and streams go over HTTP/2 only. Whether `duplex`
 * is looked at says nothing: Deno and Bun stream without it.
 */
export function canStreamUploads(): boolean {
  const init = {
    method: 'PUT',
    body: new ReadableStream(),
    headers: { 'Content-Length': '1' },
    duplex: 'half',
  };
  try {
    const { headers } = new Request(nowhere, init);
    return !headers.has('Content-Type') && headers.has('Content-Length');
  } catch {
    // A runtime that throws at such a request cannot send it: that is the answer.
    return false;
  }
}

/**
 * How to have a request fail that is redirected. `error` keeps fetch from holding on to the body in order to send
 * it again; where that does not exist, the redirect is handed to us and refused.
 */
export function refuseRedirects(): Pick<RequestInit, 'redirect'> {
  return { redirect: accepts({ redirect: 'error' }) ? 'error' : 'manual' };
}
