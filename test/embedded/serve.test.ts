import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, statSync } from 'node:fs';
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { type ServeOptions, type Serving, serve } from '../../adapters/registry/serve.ts';
import { bytes, Repository, repository, sha256, temporaryFolder } from './places.ts';

async function serving(options: ServeOptions = { storage: memoryStorage() }): Promise<Serving> {
  const server = await serve(options);
  onTestFinished(() => server.close());
  return server;
}

/** Speaks to a repository with the global fetch. */
function over({ url }: Serving, name?: string): Repository {
  const fetchThere = (input: Request | string | URL, init?: RequestInit) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input, url);
    // Node wants to be told that a stream goes one way, and keeps a copy of it for a redirect that may come.
    return fetch(url + pathname + search, { ...init, ...{ duplex: 'half', redirect: 'error' } });
  };
  return new Repository({ fetch: fetchThere }, name);
}

interface Answered {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request with headers of the test's choice, also those that fetch keeps to itself. */
async function raw(
  { port }: Serving,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string,
): Promise<Answered> {
  const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false });
  request.end(body);
  const [response] = await once(request, 'response');
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

describe('over HTTP', () => {
  test('an image goes up and comes down with the global fetch', async () => {
    const demo = over(await serving({ folder: temporaryFolder() }));
    const text = await demo.pushImage('v1', 'layer');
    expect(await (await demo.ask('manifests/v1')).text()).toBe(text);
    expect(await (await demo.ask(`blobs/${sha256('layer')}`)).text()).toBe('layer');
    const part = await demo.ask(`blobs/${sha256('layer')}`, { headers: { Range: 'bytes=1-2' } });
    expect([part.status, await part.text()]).toEqual([206, 'ay']);
    const head = await demo.ask('manifests/v1', { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe(String(text.length));
    const unchanged = await demo.ask('manifests/v1', {
      headers: { 'If-None-Match': head.headers.get('etag') ?? '' },
    });
    expect(unchanged.status).toBe(304);
    expect((await demo.ask('manifests/v1', { method: 'DELETE' })).status).toBe(202);
  });

  test('a large blob goes up and down as a stream while memory stays flat (ATTACKS 90)', async () => {
    const folder = temporaryFolder();
    const server = await serving({ folder });
    const demo = over(server);
    const [piece, count] = [bytes(2 ** 20), 256];
    const hash = createHash('sha256');
    for (let i = 0; i < count; i++) hash.update(piece);
    const digest = `sha256:${hash.digest('hex')}`;
    let left = count;
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => (left-- > 0 ? controller.enqueue(piece.slice()) : controller.close()),
      },
      { highWaterMark: 0 },
    );
    const before = process.memoryUsage().rss;
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss - before);
    }, 5);
    onTestFinished(() => clearInterval(watch));
    expect((await demo.put(body, digest)).status).toBe(201);
    const reader = (await demo.ask(`blobs/${digest}`)).body?.getReader();
    let received = 0;
    for (let part = await reader?.read(); part && !part.done; part = await reader?.read()) {
      received += part.value.length;
    }
    expect(received).toBe(piece.length * count);
    // Deno frees late where the machine is busy: 118 MB were seen. Who held the blob would have 256.
    expect(most).toBeLessThan(160 * 2 ** 20);
    expect(statSync(join(folder, 'fred/demo/blobs/sha256', digest.slice(7))).size).toBe(piece.length * count);
  });

  test('a reader that stops takes no more from the storage than the buffers on the way hold', async () => {
    const storage = memoryStorage();
    const large = bytes(2 ** 20);
    await repository(storage).pushBlob(large);
    let given = 0;
    const endless = () =>
      new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            given += large.length;
            controller.enqueue(large);
          },
        },
        { highWaterMark: 0 },
      );
    const size = 2 ** 40;
    const server = await serving({
      storage: { ...storage, blobSize: async () => size, openBlob: endless },
    });
    const reader = (await over(server).ask(`blobs/${sha256(large)}`)).body?.getReader();
    await reader?.read();
    // Other requests go through meanwhile; by their end the buffers are full.
    let before = -1;
    while (before !== given) {
      before = given;
      for (let i = 0; i < 20; i++) await over(server).ask('tags/list');
    }
    expect(given).toBeLessThan(64 * 2 ** 20);
    await reader?.cancel();
  });

  test('an upload whose client goes away leaves nothing and does no harm (ATTACKS 59)', async () => {
    const folder = temporaryFolder();
    const told: unknown[] = [];
    const server = await serving({ folder, onError: (error) => told.push(error) });
    const demo = over(server);
    const location = (await demo.begin()).headers.get('location');
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      `PUT ${location}?digest=${sha256('x')} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf`,
    );
    // The upload is refused to others while it is written to: then the server has begun to read.
    while ((await demo.registry.fetch(location ?? '', { method: 'PATCH' })).status !== 409);
    socket.destroy();
    while ((await demo.registry.fetch(location ?? '', { method: 'GET' })).status !== 404);
    await demo.pushBlob('content');
    expect(told).toEqual([]);
    expect(readdirSync(join(folder, '_uploads'))).toEqual([]);
  });

  test('a download whose client goes away does no harm', async () => {
    const told: unknown[] = [];
    const server = await serving({ folder: temporaryFolder(), onError: (error) => told.push(error) });
    const demo = over(server);
    const digest = await demo.pushBlob(bytes(8 * 2 ** 20));
    for (let i = 0; i < 5; i++) {
      const controller = new AbortController();
      const response = await demo.ask(`blobs/${digest}`, { signal: controller.signal });
      await response.body?.getReader().read();
      controller.abort();
    }
    expect((await demo.ask(`blobs/${digest}`, { headers: { Range: 'bytes=0-0' } })).status).toBe(206);
    expect(told).toEqual([]);
  });

  test('a client reads why its large body was refused', async () => {
    const demo = over(await serving({ storage: memoryStorage(), limits: { manifest: 1000 } }));
    const response = await demo.putManifest('v1', ' '.repeat(8 * 2 ** 20));
    expect(response.status).toBe(413);
    expect(await response.text()).toContain('SIZE_INVALID');
    await demo.pushImage('v1', 'layer');
  });

  test('a body without end that was refused is not read on: the connection is closed (ATTACKS 37)', async () => {
    const socket = connect((await serving()).port, '127.0.0.1').on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    let sent = 0;
    const send = () => {
      const piece = new Uint8Array(2 ** 20);
      do sent += piece.length;
      while (!socket.destroyed && socket.write(piece));
    };
    socket.on('drain', send).resume();
    socket.write(
      `PUT /v2/a/blobs/uploads/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${2 ** 40}\r\n\r\n`,
    );
    send();
    await closed;
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  test('a storage that breaks off in the middle breaks the answer off, and is reported', async () => {
    const storage = memoryStorage();
    const digest = await repository(storage).pushBlob('content');
    const told: unknown[] = [];
    const failure = new Error('the disk');
    const openBlob = () =>
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(failure),
      });
    const server = await serving({ storage: { ...storage, openBlob }, onError: (error) => told.push(error) });
    const broken = over(server)
      .ask(`blobs/${digest}`)
      .then((response) => response.text());
    await expect(broken).rejects.toThrow();
    expect(told).toEqual([failure]);
  });

  test('close() ends the connections that are open', async () => {
    const server = await serve({ storage: memoryStorage() });
    const socket = connect(server.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write('GET /v2/ HTTP/1.1\r\nHost: localhost\r\n');
    const closed = new Promise((resolve) => socket.on('error', () => undefined).once('close', resolve));
    await server.close();
    await closed;
    await expect(fetch(`${server.url}/v2/`)).rejects.toThrow();
    await server.close();
  });

  test('a port that is taken is a clear error', async () => {
    const { port } = await serving();
    await expect(serve({ storage: memoryStorage(), port })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    await expect(serve({})).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('headers that are too large, too many or malformed are refused, and the next request is answered', async () => {
    const server = await serving();
    const large = await raw(server, 'GET', '/v2/', { Host: 'localhost', 'X-Large': 'x'.repeat(20_000) });
    expect(large.status).toBe(431);
    const absolute = await raw(server, 'GET', 'http://localhost/v2/', { Host: 'localhost' });
    expect(absolute.status).toBe(400);
    expect((await raw(server, 'GET', '//evil/v2/', { Host: 'localhost' })).status).toBe(404);
    expect((await raw(server, 'GET', '/v2/..%2f..%2fetc/tags/list', { Host: 'localhost' })).status).toBe(400);
    expect((await fetch(`${server.url}/v2/`)).status).toBe(200);
  });
});

describe('against web pages', () => {
  const own = (server: Serving) => `127.0.0.1:${server.port}`;

  test.each([
    'evil.example',
    'evil.example:80',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    '10.0.0.1',
    '[::2]',
    'a@localhost',
    '128.0.0.1',
  ])('the Host "%s" is refused, for reading too: a rebound name (ATTACKS 98)', async (host) => {
    const server = await serving();
    const answered = await raw(server, 'GET', '/v2/_catalog', { Host: host });
    expect([answered.status, answered.text]).toEqual([403, expect.stringContaining('DENIED')]);
    expect((await raw(server, 'POST', '/v2/a/blobs/uploads/', { Host: host })).status).toBe(403);
  });

  test.each(['localhost', 'LOCALHOST:1234', 'localhost.', '127.0.0.1', '127.1.2.3:80', '[::1]', '[::1]:99'])(
    'the Host "%s" is loopback (ATTACKS 98)',
    async (host) => {
      expect((await raw(await serving(), 'GET', '/v2/', { Host: host })).status).toBe(200);
    },
  );

  test.each([
    ['no Host', ''],
    ['two Hosts', 'Host: localhost\r\nHost: evil.example\r\n'],
  ])('a request with %s is refused (ATTACKS 98)', async (_what, host) => {
    const socket = connect((await serving()).port, '127.0.0.1');
    socket.write(`GET /v2/ HTTP/1.0\r\n${host}\r\n`);
    let text = '';
    for await (const part of socket.setEncoding('utf8')) text += part;
    expect(text).toMatch(/^HTTP\/1\.1 403 /);
  });

  test('further names are answered to where they were named (ATTACKS 98)', async () => {
    const server = await serving({ storage: memoryStorage(), hosts: ['Registry.lan', 'other.lan:5000'] });
    const status = async (host: string) => (await raw(server, 'GET', '/v2/', { Host: host })).status;
    expect([
      await status('registry.lan'),
      await status('registry.LAN:8443'),
      await status('other.lan:5000'),
    ]).toEqual([200, 200, 200]);
    expect([await status('other.lan'), await status('other.lan:5001')]).toEqual([403, 403]);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE'])(
    '%s from a page of another origin is refused, whatever it says (ATTACKS 98)',
    async (method) => {
      const storage = memoryStorage();
      await repository(storage).pushImage('v1', 'layer');
      const server = await serving({ storage, allowOrigin: '*' });
      const path = method === 'POST' ? '/v2/fred/demo/blobs/uploads/' : '/v2/fred/demo/manifests/v1';
      for (const foreign of [
        { Origin: 'https://evil.example' },
        { Origin: 'null' },
        { Origin: `http://localhost:${server.port}` },
        { Origin: `http://127.0.0.1:${server.port + 1}` },
        { Origin: 'http://127.0.0.1' },
        { 'Sec-Fetch-Site': 'cross-site' },
        { 'Sec-Fetch-Site': 'same-site' },
      ]) {
        const answered = await raw(server, method, path, { Host: own(server), ...foreign });
        expect([answered.status, answered.text]).toEqual([403, expect.stringContaining('DENIED')]);
      }
      expect((await over(server).ask('manifests/v1')).status).toBe(200);
    },
  );

  test('a page of the registry itself, and a program, may write (ATTACKS 98)', async () => {
    const server = await serving();
    for (const headers of [
      {},
      { Origin: server.url, 'Sec-Fetch-Site': 'same-origin' },
      { 'Sec-Fetch-Site': 'none' },
    ]) {
      const answered = await raw(server, 'POST', '/v2/a/blobs/uploads/', { Host: own(server), ...headers });
      expect(answered.status).toBe(202);
    }
  });

  test('without allowOrigin no page of another origin can read an answer (ATTACKS 98)', async () => {
    const server = await serving();
    const headers = { Host: own(server), Origin: 'https://evil.example' };
    const read = await raw(server, 'GET', '/v2/', headers);
    expect(Object.keys(read.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    const preflight = { ...headers, 'Access-Control-Request-Method': 'PUT' };
    expect((await raw(server, 'OPTIONS', '/v2/', preflight)).status).toBe(405);
  });

  test('with allowOrigin pages may read, and a preflight for a write names no method for it (ATTACKS 98)', async () => {
    const server = await serving({ storage: memoryStorage(), allowOrigin: '*' });
    const headers = { Host: own(server), Origin: 'https://page.example' };
    const read = await raw(server, 'GET', '/v2/', headers);
    expect(read.headers['access-control-allow-origin']).toBe('*');
    const preflight = await raw(server, 'OPTIONS', '/v2/a/manifests/b', {
      ...headers,
      'Access-Control-Request-Method': 'PUT',
    });
    expect([preflight.status, preflight.headers['access-control-allow-methods']]).toEqual([204, 'GET, HEAD']);
  });
});
