import { DTufError } from '../errors.ts';
import { late } from '../late.ts';
import type { Limits } from '../limits.ts';
import { cacheOption } from './abilities.ts';
import { BodyReader } from './body.ts';
import { type Call, mayFollow } from './call.ts';
import { unreachable } from './errors.ts';
import { orAborted, whileAlive } from './silence.ts';
import { type Slot, Slots } from './slots.ts';

const redirects = [301, 302, 303, 307, 308];

/** An answer whose body must be read to its end, or let go of. */
export interface Received {
  readonly response: Response;
  /** Where it came from, after redirects. */
  readonly url: URL;
  readonly body: BodyReader;
}

export interface ExchangeOptions {
  readonly fetch: typeof fetch;
  readonly limits: Limits;
  /** Told the headers of each answer, and where they came from. */
  readonly onHeaders: (headers: Headers, url: URL) => Promise<void>;
}

/** Sends a request and follows redirects, with an eye on the clock, and no more at once than a host is to be asked. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #slots: Slots;
  /** Pages are not shown where they are redirected to; once seen, the runtime follows redirects itself. */
  #redirectsAreHidden = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#slots = new Slots(options.limits.requests);
  }

  /**
   * @param authorization stays with the origin of the call: no redirect takes it elsewhere.
   * @throws DTufError UNREACHABLE, TIMED_OUT, ABORTED, REGISTRY_FAILED
   */
  async send(call: Call, authorization: string | undefined): Promise<Received> {
    let [url, login] = [call.url, authorization];
    for (let hops = 0; ; hops++) {
      const { response, body } = await this.#fetch(call, url, login);
      try {
        if (response.type === 'opaqueredirect') {
          this.#redirectsAreHidden = true;
          if (!mayFollow(call)) {
            const { notFollowed } = await late(import('./redirect.ts'));
            throw notFollowed(call, 'elsewhere');
          }
          body.cancel();
          continue;
        }
        await orAborted(this.#options.onHeaders(response.headers, url), call.signal);
        const location = redirectLocation(response);
        if (location === undefined) return { response, url: await reached(response, url), body };
        // Lets go of a body that nobody will read, so that the next request does not wait for it.
        body.cancel();
        const { follow } = await late(import('./redirect.ts'));
        const next = follow(call, location, url, hops, this.#options.limits.redirects);
        if (next.origin !== url.origin) login = undefined;
        url = next;
      } catch (error) {
        body.cancel();
        throw error;
      }
    }
  }

  async #fetch(
    call: Call,
    url: URL,
    authorization: string | undefined,
  ): Promise<{ response: Response; body: BodyReader }> {
    const slot = await this.#slots.take(url.origin, call.signal);
    try {
      const response = await this.#answer(call, url, authorization);
      return { response, body: this.#reader(response, call, url, slot) };
    } catch (error) {
      slot.release();
      throw error;
    }
  }

  async #answer(call: Call, url: URL, authorization: string | undefined): Promise<Response> {
    const { method, body } = call;
    const headers =
      authorization === undefined ? call.headers : { ...call.headers, Authorization: authorization };
    const control = new AbortController();
    let failure: (() => unknown) | undefined;
    try {
      return await whileAlive(this.#patience(call, url), async (alive) => {
        const opened = await body?.open(alive);
        failure = opened?.failure;
        return this.#options.fetch(url.href, {
          method,
          ...(headers ? { headers } : {}),
          redirect: this.#redirectsAreHidden && mayFollow(call) ? 'follow' : 'manual',
          ...opened?.init,
          ...cacheOption(call.cache),
          signal: control.signal,
        });
      });
    } catch (error) {
      control.abort();
      const source = failure?.();
      if (source !== undefined) throw source;
      throw error instanceof DTufError ? error : unreachable(url.host, error);
    }
  }

  #reader(response: Response, call: Call, url: URL, slot: Slot): BodyReader {
    return new BodyReader(response.body, this.#patience(call, url), slot);
  }

  #patience({ signal, until }: Call, url: URL) {
    return { ...this.#options.limits, host: url.host, signal, until };
  }
}

/** Where an answer sends us, or undefined where it does not. */
function redirectLocation({ status, headers }: Response): string | undefined {
  return redirects.includes(status) ? (headers.get('location') ?? undefined) : undefined;
}

/** Where a request ended that the runtime led through redirects itself. */
async function reached(response: Response, asked: URL): Promise<URL> {
  if (!response.redirected || !response.url) return asked;
  const url = new URL(response.url);
  const { checkScheme } = await late(import('./redirect.ts'));
  checkScheme(url, asked);
  return url;
}
