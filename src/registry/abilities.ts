/** What the runtime's fetch can do, found out by trying it, never by its name. */

/** Nothing is ever sent to it. */
export const nowhere = 'http://localhost/';

/** The cache mode, where requests have one (some server runtimes refuse the option). */
export function cacheOption(mode: RequestCache | undefined): Pick<RequestInit, 'cache'> {
  return mode !== undefined && accepts({ cache: mode }) ? { cache: mode } : {};
}

/** Whether the runtime makes such a request. */
export function accepts(init: RequestInit): boolean {
  try {
    new Request(nowhere, init);
    return true;
  } catch {
    // A runtime that throws at such a request cannot send it: that is the answer.
    return false;
  }
}
