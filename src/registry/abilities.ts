/** What the runtime's fetch can do, found out by trying it, never by its name. */

/** Nothing is ever sent to it. */
export const nowhere = 'http://localhost/';

/** The cache mode, where requests have one (some server runtimes refuse the option). */
export function cacheOption(mode: RequestCache | undefined): Pick<RequestInit, 'cache'> {
  return mode !== undefined && accepts({ cache: mode }) ? { cache: mode } : {};
}

/**
 * How to have a request fail that is redirected. `error` keeps fetch from holding on to the body in order to send
 * it again; where that does not exist, the redirect is handed to us and refused.
 */
export function refuseRedirects(): Pick<RequestInit, 'redirect'> {
  return { redirect: accepts({ redirect: 'error' }) ? 'error' : 'manual' };
}

function accepts(init: RequestInit): boolean {
  try {
    new Request(nowhere, init);
    return true;
  } catch {
    // A runtime that throws at such a request cannot send it: that is the answer.
    return false;
  }
}
