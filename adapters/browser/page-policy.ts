import { nextTask } from '../../src/content/next-task.ts';

/** What tells whether the policy of the page itself (Content Security Policy) keeps it from asking. */
export interface PolicyWatch {
  /** Whether a request to `url` was kept from being sent since the watch began. */
  forbids(url: URL): Promise<boolean>;
  end(): void;
}

/** To a page a request that its own policy forbids fails as one that gets no answer; only an event tells (CSP 3, 5.3). */
export function watchPolicy(): PolicyWatch {
  // Node has no such events, and no policy.
  const target: Partial<EventTarget> = globalThis.document ?? globalThis;
  const blocked: string[] = [];
  const note = (event: Event): void => {
    if (!('blockedURI' in event && 'effectiveDirective' in event && 'disposition' in event)) return;
    // A policy that only reports keeps nothing back.
    if (event.effectiveDirective === 'connect-src' && event.disposition === 'enforce')
      blocked.push(String(event.blockedURI));
  };
  target.addEventListener?.('securitypolicyviolation', note);
  return {
    async forbids({ origin }) {
      // The event has a task of its own.
      await nextTask();
      return blocked.some((address) => address === origin || address.startsWith(`${origin}/`));
    },
    end: () => target.removeEventListener?.('securitypolicyviolation', note),
  };
}
