import { DTufError } from '../errors.ts';
import { late } from '../late.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { Authorization } from './authorization.ts';
import { type BodyReader, readBounded, readUpTo } from './body.ts';
import type { Call } from './call.ts';
import type { Credentials } from './credentials.ts';
import { aborted, unreachable } from './errors.ts';
import { Exchange, type Received } from './exchange.ts';
import type { Notices } from './notices.ts';
import { retrying } from './retry.ts';
import { orAborted, whileAlive } from './silence.ts';
import type { TokenQuestion } from './token.ts';
import type { UploadSize } from './upload-size.ts';

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

/** Headers by which registries say what a person should know. */
const noticed = ['warning', 'ratelimit-remaining'];

export interface TransportOptions {
  readonly registry: URL;
  readonly fetch: typeof fetch;
  readonly limits: Limits;
  readonly credentials?: Credentials | undefined;
  readonly authHost?: URL | undefined;
  /** Gets each text once that a registry says in headers, made fit to be shown. */
  readonly onNotice?: ((text: string) => void) | undefined;
}

/** Sends requests: logs in, repeats what may be repeated, and bounds all that it reads. */
export class Transport {
  readonly registry: URL;
  readonly limits: Limits;
  readonly auth: Authorization;
  /** What uploads have learned of the registry. @internal */
  uploadSize: UploadSize | undefined;
  readonly #exchange: Exchange;
  readonly #onNotice: ((text: string) => void) | undefined;
  #notices: Promise<Notices | undefined> | undefined;

  constructor({ registry, fetch, limits, credentials, authHost, onNotice }: TransportOptions) {
    this.registry = registry;
    this.limits = limits;
    this.#onNotice = onNotice;
    this.#exchange = new Exchange({
      fetch,
      limits,
      onHeaders: (headers, url) => this.#notice(headers, url),
    });
    this.auth = new Authorization({
      registry,
      credentials,
      authHost,
      ask: (question) => this.#token(question),
    });
  }

  /** Sends a request, repeats it where that helps, and reads the answer, whatever its status. */
  async ask(call: Call, limit: number): Promise<Answer> {
    let answer: Answer | undefined;
    await this.repeated(call, async () => {
      answer = await this.attempt(call, limit);
      return answer.response;
    });
    if (!answer) throw unreachable(call.url.host, undefined);
    return answer;
  }

  /** Like {@link ask}, with the body still to be read. @throws DTufError where the answer is not a good one. */
  async open(call: Call): Promise<Opened> {
    let opened: Opened | DTufError | undefined;
    await this.repeated(call, async () => {
      const received = await this.#authorized(call);
      const { response, body } = received;
      opened = response.ok
        ? { status: response.status, headers: response.headers, body }
        : await this.refuse(call, await this.#read(received, call, 0));
      return response;
    });
    if (!opened || opened instanceof DTufError) throw opened ?? unreachable(call.url.host, undefined);
    return opened;
  }

  /** Sends a request once, and reads the answer. */
  async attempt(call: Call, limit: number): Promise<Answer> {
    const timed = { ...call, ...this.#until(call) };
    return this.#read(await this.#authorized(timed), timed, limit);
  }

  /** Makes attempts as {@link retrying} says. */
  async repeated({ signal }: Call, attempt: () => Promise<Response>): Promise<void> {
    try {
      await retrying(this.limits, signal, attempt);
    } catch (error) {
      if (signal?.aborted) throw aborted(signal);
      throw error;
    }
  }

  async #notice(headers: Headers, { origin }: URL): Promise<void> {
    const show = this.#onNotice;
    // What a storage says, which the registry redirected to, is not the registry's word.
    if (show === undefined || origin !== this.registry.origin) return;
    if (!noticed.some((name) => headers.has(name))) return;
    const { limits, registry } = this;
    // What does not come is not shown: that is no reason to fail, nor to wait longer than for a registry.
    this.#notices ??= whileAlive({ ...limits, host: origin }, () => import('./notices.ts')).then(
      ({ Notices }) => new Notices(registry.host, show),
      () => undefined,
    );
    (await this.#notices)?.take(headers, (text) => this.auth.redact(text));
  }

  /** The error for an answer that was not hoped for. */
  async refuse(call: Call, answer: Answer): Promise<DTufError> {
    const { refusal } = await late(import('./refusal.ts'));
    return refusal(call.doing, call.url.host, answer, (text) => this.auth.redact(text));
  }

  /** An upload takes as long as it takes: there only silence ends it. */
  #until({ method, until }: Call): Pick<Call, 'until'> {
    if (until !== undefined || method === 'PUT' || method === 'PATCH') return {};
    return { until: performance.now() + this.limits.total };
  }

  async #read({ response, body }: Received, call: Call, limit: number): Promise<Answer> {
    const { status, headers } = response;
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

  async #authorized(call: Call): Promise<Received> {
    if (call.scope === undefined || call.url.origin !== this.registry.origin) {
      return this.#exchange.send(call, call.authorization);
    }
    const used = await orAborted(this.auth.header(call.scope), call.signal);
    const received = await this.#exchange.send(call, used);
    const { response, url, body } = received;
    // A storage that the registry redirected to has no say in how we log in.
    if (response.status !== 401 || url.origin !== this.registry.origin) return received;
    const asked = response.headers.get('www-authenticate');
    body.cancel();
    const renewed = await orAborted(this.auth.renew(call.scope, asked, used), call.signal);
    return this.#exchange.send(call, renewed);
  }

  async #token(question: TokenQuestion): Promise<Uint8Array> {
    const call: Call = { ...question, doing: 'to get a token', cache: 'no-store' };
    const answer = await this.ask(call, this.limits.answer);
    if (answer.status !== 200) throw await this.refuse(call, answer);
    return answer.bytes;
  }
}
