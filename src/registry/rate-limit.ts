import { printable } from './printable.ts';

/** How many requests a registry still takes, as far as it says. */
export interface RateLimit {
  /** In the window; undefined where only the rest is told. */
  readonly limit: number | undefined;
  readonly remaining: number;
  /** The window, in seconds. */
  readonly window: number | undefined;
  /** Whom the registry counts: an address or an account. Docker Hub tells. */
  readonly source: string | undefined;
}

/** Where this part of what is allowed is left, it is little. */
const little = 0.1;

/** Reads `RateLimit-Limit: 100;w=21600`, `RateLimit-Remaining: 76;w=21600` and Docker Hub's `Docker-RateLimit-Source`. */
export function parseRateLimit(headers: Pick<Headers, 'get'>): RateLimit | undefined {
  const remaining = quota(headers.get('ratelimit-remaining'));
  if (remaining === undefined) return undefined;
  const limit = quota(headers.get('ratelimit-limit'));
  const source = headers.get('docker-ratelimit-source');
  return {
    limit: limit?.count,
    remaining: remaining.count,
    window: limit?.window ?? remaining.window,
    source: source === null ? undefined : printable(source, 80),
  };
}

/** In words: `7 of 100 requests in 6 h are left to 203.0.113.9`. */
export function rateLimitText({ limit, remaining, window, source }: RateLimit): string {
  const of = limit === undefined ? '' : ` of ${limit}`;
  const within = window === undefined ? '' : ` in ${duration(window)}`;
  return `${remaining}${of} requests${within} are left${source === undefined ? '' : ` to ${source}`}`;
}

/** Says once when little is left of what a registry allows, so that nobody learns it by being refused. */
export class RateLimits {
  readonly #host: string;
  readonly #show: (text: string) => void;
  #shown = false;

  constructor(host: string, show: (text: string) => void) {
    this.#host = host;
    this.#show = show;
  }

  take(headers: Pick<Headers, 'get'>): void {
    if (this.#shown) return;
    const rate = parseRateLimit(headers);
    if (rate?.limit === undefined || rate.remaining > rate.limit * little) return;
    this.#shown = true;
    this.#show(`${this.#host} limits requests: ${rateLimitText(rate)}`);
  }
}

function quota(header: string | null): { count: number; window: number | undefined } | undefined {
  const [, count, window] = /^ *(\d{1,12})(?: *; *w=(\d{1,9}))? *(?:[,;]|$)/.exec(header ?? '') ?? [];
  if (count === undefined) return undefined;
  return { count: Number(count), window: window === undefined ? undefined : Number(window) };
}

function duration(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600} h`;
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
