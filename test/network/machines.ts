// A registry behind TLS that only a proxy can find, and the proxy.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { promisify } from 'node:util';
import { type Serving, serve } from '../../adapters/registry/serve.ts';

/** A name that no resolver knows: who reaches it came through our proxy. */
export const NAME = 'registry.invalid';

const run = promisify(execFile);

/** Certificates made by openssl: an authority, and a server of it called {@link NAME} and localhost. */
export class Authority {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<Authority> {
    const folder = await mkdtemp(join(tmpdir(), 'dtuf-ca-'));
    const openssl = (...args: string[]) => run('openssl', args, { cwd: folder });
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    await openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      '/CN=test',
    );
    const names = `subjectAltName=DNS:${NAME},DNS:localhost,IP:127.0.0.1`;
    await openssl(
      'req',
      ...key,
      '-keyout',
      'server.key',
      '-out',
      'server.csr',
      '-subj',
      `/CN=${NAME}`,
      '-addext',
      names,
    );
    const sign = [
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-copy_extensions',
      'copy',
    ];
    await openssl('x509', '-req', '-in', 'server.csr', '-out', 'server.pem', ...sign);
    return new Authority(folder);
  }

  /** The file of the authority's certificate. */
  get file(): string {
    return join(this.folder, 'ca.pem');
  }

  async server(): Promise<{ key: Buffer; cert: Buffer }> {
    const [key, cert] = await Promise.all(
      ['server.key', 'server.pem'].map((one) => readFile(join(this.folder, one))),
    );
    if (key === undefined || cert === undefined) throw new Error('both were read');
    return { key, cert };
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true, force: true });
  }
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function closeAll(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** A registry over a folder, at `https://localhost:port` under a certificate of `authority`. */
export async function secureRegistry(authority: Authority) {
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-secure-'));
  const plain: Serving = await serve({ folder });
  const target = new URL(plain.url);
  const server = createSecureServer(await authority.server(), (incoming, outgoing) => {
    const { method, url: path, headers } = incoming;
    const onward = request(target, { method, path, headers: { ...headers, host: target.host } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  const port = await listen(server);
  return {
    port,
    plain: target,
    async stop() {
      await closeAll(server);
      await plain.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A proxy that alone knows where {@link NAME} is. */
export class ForwardProxy {
  readonly port: number;
  /** What was asked for: `CONNECT registry.invalid:443` or `GET http://…`, in order. */
  readonly asked: string[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
  }

  /** @param login as in `user:password`; without one it lets everybody through. */
  static async start(places: { https: number; http?: URL }, login?: string): Promise<ForwardProxy> {
    const server = createServer();
    const proxy = new ForwardProxy(server, await listen(server));
    const expected = login && `Basic ${Buffer.from(login).toString('base64')}`;
    const admitted = ({ headers }: IncomingMessage) =>
      expected === undefined || headers['proxy-authorization'] === expected;
    server.on('connect', (incoming: IncomingMessage, socket: Duplex) => {
      proxy.asked.push(`CONNECT ${incoming.url}`);
      if (!admitted(incoming)) return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      const onward = connect(places.https, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      for (const one of [socket, onward]) {
        proxy.#sockets.add(one);
        one.on('error', () => [socket, onward].map((each) => each.destroy()));
      }
    });
    server.on('request', (incoming, outgoing) => {
      proxy.asked.push(`${incoming.method} ${incoming.url}`);
      if (!admitted(incoming) || places.http === undefined) return void outgoing.writeHead(407).end();
      const { pathname, search } = new URL(incoming.url ?? '');
      const { host, ...headers } = incoming.headers;
      const onward = request(
        new URL(pathname + search, places.http),
        { method: incoming.method, headers: { ...headers, host: places.http.host } },
        (answer) => {
          outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(outgoing);
        },
      );
      onward.on('error', () => outgoing.destroy());
      incoming.pipe(onward);
    });
    return proxy;
  }

  stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return closeAll(this.#server);
  }
}
