import { utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { cacheOption, refuseRedirects } from './abilities.ts';
import { Authenticator } from './auth.ts';
import { BodyReader, readBounded, readUpTo } from './body.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { aborted, refusal, unreachable } from './errors.ts';
import { checkScheme, redirectLocation, resolveLocation } from './redirect.ts';
import { type Retrying, retrying } from './retry.ts';
import { orAborted, whileAlive } from './silence.ts';
import type { TokenQuestion } from './token.ts';
import { type RequestBody, requestBody, smallBody } from './upload-body.ts';
import type { Warnings } from './warning.ts';

/** A request. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  /** What is being done, for the error: `to fetch the manifest 1.0 of fred/demo`. */
  readonly doing: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** What a token must allow. */
  readonly scope?: string;
  /** The Authorization of a token server, in the place of the registry's. */
  readonly authorization?: string | undefined;
  readonly body?: RequestBody;
  readonly cache?: RequestCache | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** An answer that was read to its end, or to its bound where it is an error. */
export interface Answer {
  readonly response: Response;
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Bytes;
}

/** A good answer whose body is still to be read. */
export interface Opened {
  readonly status: number;
  readonly headers: Headers;
  readonly body: BodyReader;
}

export interface TransportOptions {
  readonly registry: URL;
  readonly fetch: typeof fetch;
  readonly limits: Limits;
  readonly credentials?: Credentials | undefined;
  readonly authHost?: URL | undefined;
  readonly warnings?: Warnings | undefined;
}

/** Sends requests: logs in, follows redirects, repeats what may be repeated, and bounds all that it reads. */
export class Transport {
  readonly registry: URL;
  readonly limits: Limits;
  readonly auth: Authenticator;
  readonly repeat: Retrying;
  readonly #options: TransportOptions;
  /** Pages are not shown where they are redirected to; once seen, the runtime follows redirects itself. */
  #redirectsAreHidden = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.registry = options.registry;
    this.limits = options.limits;
    this.repeat = retrying(options.limits);
    const { registry, credentials, authHost } = options;
    this.auth = new Authenticator({
      registry,
      credentials,
      authHost,
      ask: (question) => this.#token(question),
    });
  }

  /** Sends a request, repeats it where that helps, and reads the answer, whatever its status. */
  async ask(call: Call, limit: number): Promise<Answer> {
    let answer: Answer | undefined;
    await this.#repeated(call, async () => {
      answer = await this.attempt(call, limit);
      return answer.response;
    });
    if (!answer) throw unreachable(call.url.host, undefined);
    return answer;
  }

  /** Like {@link ask}, with the body still to be read. @throws DTufError where the answer is not a good one. */
  async open(call: Call): Promise<Opened> {
    let opened: Opened | DTufError | undefined;
    await this.#repeated(call, async () => {
      const response = await this.#authorized(call);
      opened = response.ok
        ? { status: response.status, headers: response.headers, body: this.#body(response, call) }
        : this.refuse(call, await this.#read(response, call, 0));
      return response;
    });
    if (!opened || opened instanceof DTufError) throw opened ?? unreachable(call.url.host, undefined);
    return opened;
  }

  /** Sends a request once, and reads the answer. */
  async attempt(call: Call, limit: number): Promise<Answer> {
    return this.#read(await this.#authorized(call), call, limit);
  }

  /** The error for an answer that was not hoped for. */
  refuse(call: Call, answer: Answer): DTufError {
    return refusal(call.doing, call.url.host, answer.status, answer.bytes, (text) => this.auth.redact(text));
  }

  async #repeated(call: Call, attempt: () => Promise<Response>): Promise<void> {
    const { signal } = call;
    try {
      await this.repeat(call.url, signal, attempt);
    } catch (error) {
      if (signal?.aborted) throw aborted(signal);
      throw error;
    }
  }

  #body(response: Response, { url, signal }: Call): BodyReader {
    return new BodyReader(response.body, { idle: this.limits.idle, host: url.host, signal });
  }

  async #read(response: Response, call: Call, limit: number): Promise<Answer> {
    const { status, headers } = response;
    const body = this.#body(response, call);
    try {
      const bytes = response.ok
        ? await readBounded(body, limit, 'answer of the registry')
        : (await readUpTo(body, this.limits.answer)).bytes;
      return { response, status, headers, bytes };
    } catch (error) {
      if (error instanceof DTufError) throw error;
      if (response.ok) throw unreachable(call.url.host, error);
      // The status of a refusal counts also where its text breaks off, as it does in every 416 of distribution 2.8.
      return { response, status, headers, bytes: new Uint8Array() };
    }
  }

  async #authorized(call: Call): Promise<Response> {
    if (call.scope === undefined || call.url.origin !== this.registry.origin) {
      return (await this.#exchange(call, call.authorization)).response;
    }
    const used = await orAborted(this.auth.header(call.scope), call.signal);
    const { response, url } = await this.#exchange(call, used);
    // A storage that the registry redirected to has no say in how we log in.
    if (response.status !== 401 || url.origin !== this.registry.origin) return response;
    const challenges = parseChallenges(response.headers.get('www-authenticate'));
    discard(response);
    const renewed = await orAborted(this.auth.renew(call.scope, challenges, used), call.signal);
    return (await this.#exchange(call, renewed)).response;
  }

  async #token({ url, authorization, form }: TokenQuestion): Promise<Uint8Array> {
    const asked = { url, authorization, doing: 'to get a token', cache: 'no-store' } as const;
    const call: Call = form ? { ...asked, method: 'POST', ...formBody(form) } : { ...asked, method: 'GET' };
    const answer = await this.ask(call, this.limits.answer);
    if (answer.status !== 200) throw this.refuse(call, answer);
    return answer.bytes;
  }

  /** Sends a request and follows redirects; the Authorization stays with the origin that it is for. */
  async #exchange(call: Call, authorization: string | undefined): Promise<{ response: Response; url: URL }> {
    let [url, login] = [call.url, authorization];
    for (let hops = 0; ; hops++) {
      const response = await this.#fetch(call, url, login);
      if (response.type === 'opaqueredirect') {
        this.#redirectsAreHidden = true;
        if (!mayFollow(call)) throw redirected(call, 'elsewhere');
        continue;
      }
      if (url.origin === this.registry.origin) this.#options.warnings?.take(response.headers);
      const location = redirectLocation(response);
      if (location === undefined) return { response, url: reached(response, url) };
      discard(response);
      const next = resolveLocation(location, url);
      if (!mayFollow(call)) throw redirected(call, next.origin);
      if (hops >= this.limits.redirects) {
        throw new DTufError('REGISTRY_FAILED', `${call.url.host} redirects without end: given up.`, {
          expected: `at most ${this.limits.redirects} redirects`,
        });
      }
      if (next.origin !== url.origin) login = undefined;
      url = next;
    }
  }

  async #fetch(call: Call, url: URL, authorization: string | undefined): Promise<Response> {
    const { method, body, signal } = call;
    const headers =
      authorization === undefined ? call.headers : { ...call.headers, Authorization: authorization };
    const control = new AbortController();
    let failure: (() => unknown) | undefined;
    try {
      return await whileAlive({ idle: this.limits.idle, host: url.host, signal }, async (alive) => {
        const opened = await body?.open(alive);
        failure = opened?.failure;
        return this.#options.fetch(url.href, {
          method,
          ...(headers ? { headers } : {}),
          ...opened?.init,
          ...cacheOption(call.cache),
          ...this.#redirectOption(call),
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

  #redirectOption(call: Call): Pick<RequestInit, 'redirect'> {
    if (call.body && call.body.length > smallBody) return refuseRedirects();
    return { redirect: this.#redirectsAreHidden && mayFollow(call) ? 'follow' : 'manual' };
  }
}

function formBody(form: URLSearchParams): Pick<Call, 'body' | 'headers'> {
  const bytes = utf8(form.toString());
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  return { body: requestBody(bytes, bytes.length), headers };
}

function mayFollow({ method }: Call): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Where a request ended that the runtime led through redirects itself. */
function reached(response: Response, asked: URL): URL {
  if (!response.redirected || !response.url) return asked;
  const url = new URL(response.url);
  checkScheme(url, asked);
  return url;
}

/** Lets go of a body that nobody will read, so that the next request does not wait for it. */
function discard(response: Response): void {
  // It may have ended or failed by itself, and then there is nothing to let go of.
  response.body?.cancel().catch(() => undefined);
}

function redirected(call: Call, got: string): DTufError {
  return new DTufError(
    'REGISTRY_FAILED',
    `Failed ${call.doing}: ${call.url.host} redirects it to ${got}, which is not followed.`,
    { got },
  );
}
