import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that came to the proxy, and what can be done about it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Sends it on, and gives the upstream's answer back, changed as `change` says. */
  forward(change?: Change): void;
}

export interface Change {
  /** Headers to be set; undefined removes one. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Called with the body as it arrives; what it does with the response replaces passing it on. */
  readonly pipe?: (upstream: IncomingMessage, response: ServerResponse) => void;
}

export type Fault = (exchange: Exchange) => void;

export interface Rule {
  readonly method?: string;
  readonly path?: RegExp;
  /** Requests that it is applied to; all if left out. */
  readonly times?: number;
  readonly fault: Fault;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface FaultProxy {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly url: string;
  /** All requests so far, in order. */
  readonly seen: readonly Seen[];
  /** The newest rule that fits a request is applied. */
  add(rule: Rule): void;
  /** Forgets rules and requests. */
  reset(): void;
  /** Forgets the requests. */
  forget(): void;
  stop(): Promise<void>;
}

/** A proxy in front of a server that does what its rules say, and else passes everything through. */
export async function startFaultProxy(upstream?: string): Promise<FaultProxy> {
  let rules: { rule: Rule; left: number }[] = [];
  let seen: Seen[] = [];
  const server = createServer((incoming, outgoing) => {
    // Connections are broken here on purpose, on both sides.
    incoming.on('error', () => undefined);
    outgoing.on('error', () => undefined);
    const { method = 'GET', url = '/', headers } = incoming;
    seen.push({ method, path: url, headers });
    const found = rules.find(
      ({ rule, left }) => left > 0 && (rule.method ?? method) === method && (rule.path ?? /^/).test(url),
    );
    if (found) found.left--;
    const exchange: Exchange = {
      request: incoming,
      response: outgoing,
      forward: (change = {}) => forward(upstream, incoming, outgoing, change),
    };
    (found?.rule.fault ?? ((passed: Exchange) => passed.forward()))(exchange);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `http://${host}`,
    get seen() {
      return seen;
    },
    add: (rule) => void rules.unshift({ rule, left: rule.times ?? Number.POSITIVE_INFINITY }),
    reset: () => {
      rules = [];
      seen = [];
    },
    forget: () => {
      seen = [];
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function forward(
  upstream: string | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { headers, pipe = (from, to) => void from.pipe(to) }: Change,
): void {
  if (upstream === undefined) {
    outgoing.writeHead(404).end();
    return;
  }
  const target = new URL(incoming.url ?? '/', upstream);
  const sent = Object.fromEntries(
    Object.entries(incoming.headers).filter(([, value]) => value !== undefined),
  );
  const out = request(target, { method: incoming.method, headers: sent, agent: false }, (answer) => {
    for (const [name, value] of Object.entries({ ...answer.headers, ...headers })) {
      if (value !== undefined) outgoing.setHeader(name, value);
    }
    outgoing.statusCode = answer.statusCode ?? 500;
    answer.on('error', () => outgoing.destroy());
    pipe(answer, outgoing);
  });
  out.on('error', () => outgoing.destroy());
  outgoing.on('close', () => out.destroy());
  incoming.pipe(out);
}

/** Answers by itself. The body of the request is read first, as most servers do. */
export function answer(
  status: number,
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
): Fault {
  return ({ request: incoming, response }) => {
    incoming.resume();
    incoming.on('end', () => response.writeHead(status, headers).end(body));
  };
}

/** An error in the form that registries have. */
export function refuse(
  status: number,
  code: string,
  message = '',
  headers: Record<string, string> = {},
): Fault {
  const body = JSON.stringify({ errors: [{ code, message }] });
  return answer(status, body, { 'Content-Type': 'application/json', ...headers });
}

export function redirectTo(location: string, status = 307): Fault {
  return answer(status, '', { Location: location });
}

/** Breaks the connection before anything was answered. */
export const reset: Fault = ({ request: incoming }) => void incoming.socket.destroy();

/** Never answers. */
export const silence: Fault = ({ request: incoming }) => void incoming.resume();

/** Breaks the connection after `bytes` of the upstream's body. */
export function cutAfter(bytes: number): Fault {
  return stopAfter(bytes, (response) => response.destroy());
}

/** Falls silent after `bytes` of the upstream's body. */
export function silentAfter(bytes: number): Fault {
  return stopAfter(bytes, () => undefined);
}

function stopAfter(bytes: number, then: (response: ServerResponse) => void): Fault {
  return ({ forward: send }) =>
    send({
      pipe: (from, to) => {
        let left = bytes;
        let stopped = false;
        from.on('data', (chunk: Buffer) => {
          if (stopped) return;
          const part = chunk.subarray(0, left);
          left -= part.length;
          if (left > 0) {
            to.write(part);
            return;
          }
          stopped = true;
          // After the write has gone out, or the break would take it along.
          to.write(part, () => then(to));
        });
        from.on('end', () => {
          if (!stopped) to.end();
        });
      },
    });
}

/**
 * A first answer that stands still after 600 kB, so that a range is asked for beside it, and goes on when the reader has
 * made up its mind about that range: by the next request, where it is `taken`, and at the end of the answer otherwise.
 */
export function stalledFirst(
  second: Fault,
  others: Fault,
  range: 'taken' | 'refused',
): readonly [Fault, Fault, Fault] {
  const settled = new EventEmitter();
  return [
    pausedAfter(600_000, once(settled, 'settled')),
    (exchange) => {
      if (range === 'refused') exchange.response.once('close', () => settled.emit('settled'));
      second(exchange);
    },
    (exchange) => {
      settled.emit('settled');
      others(exchange);
    },
  ];
}

/** Stands still in the middle of the body until `goOn`. */
function pausedAfter(bytes: number, goOn: Promise<unknown>): Fault {
  return ({ forward: send }) =>
    send({
      pipe: (from, to) => {
        let sent = 0;
        from.on('data', (chunk: Buffer) => {
          sent += chunk.length;
          to.write(chunk);
          if (sent < bytes) return;
          sent = Number.NEGATIVE_INFINITY;
          from.pause();
          void goOn.then(() => from.resume());
        });
        from.once('end', () => to.end());
      },
    });
}

/** A body that never ends, under a Content-Length only where `headers` has one. */
export function endless(headers: Record<string, string> = {}, chunk = Buffer.alloc(64 * 1024, 'x')): Fault {
  return ({ response }) => {
    response.writeHead(200, headers);
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    more();
  };
}

/** The upstream's body, changed as a whole; its length follows. */
export function rewrite(change: (body: Buffer) => Uint8Array, headers: Change['headers'] = {}): Fault {
  return ({ forward: send }) =>
    send({
      headers: { ...headers, 'content-length': undefined },
      pipe: (from, to) => {
        const chunks: Buffer[] = [];
        from.on('data', (part: Buffer) => chunks.push(part));
        from.on('end', () => {
          to.removeHeader('content-length');
          to.end(change(Buffer.concat(chunks)));
        });
      },
    });
}

/** The upstream's answer under other headers. */
export function withHeaders(headers: Change['headers'] = {}): Fault {
  return ({ forward: send }) => send({ headers });
}

/** Passes the request on without its Range, as servers do that know none. */
export const withoutRange: Fault = ({ request: incoming, forward: send }) => {
  incoming.headers.range = undefined;
  send();
};
