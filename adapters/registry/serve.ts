import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { DTufError } from '../../src/errors.ts';
import { refuse } from './answer.ts';
import { folderStorage } from './folder.ts';
import { refuseForeign } from './guard.ts';
import { type EmbeddedRegistry, type EmbeddedRegistryOptions, embeddedRegistry } from './index.ts';
import { bodyOf, sendBody } from './socket.ts';

export interface ServeOptions extends Omit<EmbeddedRegistryOptions, 'storage'> {
  /** The folder of the registry; or `storage`. */
  folder?: string;
  storage?: EmbeddedRegistryOptions['storage'];
  /** 0, and where it is left out: any that is free. */
  port?: number;
  /** The address to listen on: 127.0.0.1 where it is left out, so that only this machine comes in. */
  host?: string;
  /** Further names, with or without a port, under which it may be addressed (in the `Host` header). */
  hosts?: readonly string[];
}

export interface Serving {
  /** As in `http://127.0.0.1:5000`. */
  readonly url: string;
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** In milliseconds. */
const headersTimeout = 15_000;
const idleTimeout = 120_000;
/** In bytes. */
const maxHeaderSize = 16 * 1024;

/**
 * Serves a registry over HTTP. There is no sign-in: whoever reaches the address may read and write, but for
 * pages of other origins, which never write.
 *
 * @throws DTufError INVALID_ARGUMENT without `folder` and `storage`; UNREACHABLE where the address cannot be had.
 * @example
 * const { url, close } = await serve({ folder: '/srv/registry', port: 5000 });
 */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { folder, port = 0, host = '127.0.0.1', hosts = [], ...rest } = options;
  const storage = options.storage ?? (folder === undefined ? undefined : folderStorage(folder));
  if (!storage) throw new DTufError('INVALID_ARGUMENT', 'serve() needs a folder or a storage.');
  const registry = embeddedRegistry({ ...rest, storage });
  const names = new Set([host, ...hosts].map((name) => bracketed(name).toLowerCase()));
  // A large blob on a slow line takes its time: it is silence that ends a connection, not the length of a request.
  const server = createServer(
    { maxHeaderSize, headersTimeout, requestTimeout: 0, keepAliveTimeout: 5000 },
    (request, response) => {
      void answerTo(request, response, registry, names).catch((error: unknown) => {
        response.destroy();
        if (!isGone(error)) options.onError?.(error);
      });
    },
  );
  server.timeout = idleTimeout;
  server.maxHeadersCount = 100;
  await listen(server, port, host);
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  return { url: `http://${reachable(host)}:${bound}`, port: bound, close: () => close(server) };
}

/** A client that went away is no failure of ours. */
function isGone(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return ['ABORTED', 'ERR_STREAM_PREMATURE_CLOSE', 'ECONNRESET', 'EPIPE'].includes(String(error.code));
}

async function answerTo(
  request: IncomingMessage,
  response: ServerResponse,
  registry: EmbeddedRegistry,
  names: ReadonlySet<string>,
): Promise<void> {
  // Without a listener, writing to a connection that was reset would end the process.
  response.on('error', () => undefined);
  const body = bodyOf(request);
  const answered = await answerOf(request, body.stream, registry, names);
  // A client that is still sending would not read the answer: a rest that is small is read, before it is given.
  const complete = await body.drain();
  if (!complete) response.setHeader('Connection', 'close');
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  await sendBody(answered.body, response);
  if (!complete) request.socket.destroySoon();
}

async function answerOf(
  request: IncomingMessage,
  body: ReadableStream<Uint8Array> | null,
  registry: EmbeddedRegistry,
  names: ReadonlySet<string>,
): Promise<Response> {
  const { method = 'GET', url = '' } = request;
  const headers = headersOf(request);
  // "GET http://other/ HTTP/1.1" is for proxies.
  if (!headers || !url.startsWith('/')) return refuse(400, 'UNSUPPORTED', 'that is no request to a registry');
  const refused = refuseForeign(method, headers, names);
  return refused ?? registry.fetch(`http://localhost${url}`, { method, headers, body });
}

function headersOf(request: IncomingMessage): Headers | undefined {
  const headers = new Headers();
  try {
    for (const [name, values] of Object.entries(request.headersDistinct)) {
      for (const value of values ?? []) headers.append(name, value);
    }
  } catch {
    return undefined; // A name or value that Fetch does not take: answered with 400.
  }
  return headers;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      reject(new DTufError('UNREACHABLE', `Cannot listen on ${host}, port ${port}.`, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // Closing twice is as good as once.
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? '127.0.0.1' : bracketed(host);
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}
