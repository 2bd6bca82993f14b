// An embedded registry, served, behind proxies with one fault each: what pages meet, whose tests cannot start servers. A page
// asks for a proxy by the name of its fault.
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { TestProject } from 'vitest/node';
import { embeddedRegistry, memoryStorage } from '../../adapters/registry/index.ts';
import { serve } from '../../adapters/registry/serve.ts';
import { publisher } from '../core/people.ts';
import { noise } from '../registry/content.ts';
import {
  answer,
  cutAfter,
  endless,
  type Fault,
  type FaultProxy,
  redirectTo,
  refuse,
  reset,
  rewrite,
  silence,
  silentAfter,
  stalledFirst,
  startFaultProxy,
  withHeaders,
  withoutRange,
} from '../registry/fault-proxy.ts';

export interface FaultyRegistry {
  /** Starts a proxy by `POST /start?fault=NAME`; the answer is {@link Started}. `GET /seen?id=N` tells what it was asked. */
  readonly control: string;
  /** Of the registry itself. */
  readonly url: string;
  /** It has the targets `small` (text), `large` (5 MB), `archive.tar.gz` and `manifest.json`. */
  readonly repository: string;
  readonly rootKey: string;
}

export interface Started {
  readonly id: number;
  readonly url: string;
  /** Of the second host, where the fault leads to one. */
  readonly other: number | undefined;
}

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  /** Whether a login came with it. */
  readonly authorization: boolean;
}

declare module 'vitest' {
  export interface ProvidedContext {
    faultyRegistry: FaultyRegistry;
  }
}

const zeros = `sha256:${'0'.repeat(64)}`;
const shared = {
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers':
    'Docker-Content-Digest, Location, WWW-Authenticate, Content-Range, ETag, Retry-After',
};

/** Changes the JSON of a manifest. */
const manifest = (change: (manifest: Record<string, unknown>) => object): Fault =>
  rewrite((body) => Buffer.from(JSON.stringify(change(JSON.parse(String(body))))), {
    'docker-content-digest': undefined,
  });

type Layer = Record<string, unknown>;
const layers = (change: (layer: Layer) => Layer): Fault =>
  manifest((all) => ({ ...all, layers: (all['layers'] as Layer[]).map(change) }));

const index = (): object => ({
  schemaVersion: 2,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  manifests: [{ mediaType: 'application/vnd.oci.image.index.v1+json', digest: zeros, size: 100 }],
});

/** Asks for a login, once or for ever. */
const challenge =
  (header: string, body: string | Uint8Array = '', { always = false } = {}): Fault =>
  (exchange) => {
    if (exchange.request.headers.authorization !== undefined && !always) return exchange.forward();
    answer(401, body, { 'WWW-Authenticate': header })(exchange);
  };

const basic = 'Basic realm="test"';
const token = (realm: string) => `Bearer realm="${realm}",service="test",scope="repository:a/b:pull"`;

/** A Content-Length that is not that of the body. */
const wrongLength =
  (more: number): Fault =>
  ({ forward }) =>
    forward({
      pipe: (from, to) => {
        to.setHeader('content-length', Number(to.getHeader('content-length')) + more);
        from.pipe(to);
      },
    });

const compressed: Fault = ({ forward }) =>
  forward({
    headers: { 'content-encoding': 'gzip', 'content-length': undefined },
    pipe: (from, to) => {
      const chunks: Buffer[] = [];
      from.on('data', (chunk: Buffer) => chunks.push(chunk));
      from.on('end', () => to.end(gzipSync(Buffer.concat(chunks))));
    },
  });

/** A gigabyte of zeros in a megabyte. */
const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024));

/** By name: what happens to GETs of the bundle, of blobs, or of both. `other` is the address of a second host. */
const faults: Readonly<Record<string, { of?: 'bundle' | 'blobs'; fault: (other: string) => Fault }>> = {
  none: { fault: () => (exchange) => exchange.forward() },
  'bundle: other bytes than its digest': {
    of: 'bundle',
    fault: () => rewrite((body) => Buffer.concat([body, Buffer.from(' ')])),
  },
  'bundle: a lying Docker-Content-Digest': {
    of: 'bundle',
    fault: () => withHeaders({ 'docker-content-digest': zeros }),
  },
  'bundle: layers that are smaller than they say': {
    of: 'bundle',
    fault: () => layers(({ data: _, ...layer }) => ({ ...layer, size: Number(layer['size']) + 1 })),
  },
  'bundle: layers that are larger than they say': {
    of: 'bundle',
    fault: () => layers(({ data: _, ...layer }) => ({ ...layer, size: Number(layer['size']) - 1 })),
  },
  'bundle: inline data of other bytes': {
    of: 'bundle',
    fault: () => layers((layer) => ({ ...layer, data: Buffer.from('{"evil":true}').toString('base64') })),
  },
  'bundle: an index of indexes': { of: 'bundle', fault: () => manifest(index) },
  'bundle: a Docker image': {
    of: 'bundle',
    fault: () =>
      manifest(({ artifactType: _, ...all }) => ({
        ...all,
        mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      })),
  },
  'bundle: without end': { of: 'bundle', fault: () => endless() },
  'bundle: 403': { of: 'bundle', fault: () => refuse(403, 'DENIED') },
  'bundle: 404': { of: 'bundle', fault: () => refuse(404, 'MANIFEST_UNKNOWN') },
  'bundle: 405': { of: 'bundle', fault: () => refuse(405, 'UNSUPPORTED') },
  'bundle: 500': { of: 'bundle', fault: () => refuse(500, 'UNKNOWN') },
  'bundle: HTML with 200': {
    of: 'bundle',
    fault: () => answer(200, '<!doctype html>Welcome', { 'Content-Type': 'text/html' }),
  },
  'bundle: silence': { of: 'bundle', fault: () => silence },
  'bundle: reset': { of: 'bundle', fault: () => reset },
  'blobs: other bytes': { of: 'blobs', fault: () => rewrite((body) => body.map((byte) => byte ^ 1)) },
  'blobs: redirected for ever': {
    of: 'blobs',
    fault:
      () =>
      ({ request, ...exchange }) =>
        redirectTo(request.url ?? '/')({ request, ...exchange }),
  },
  'blobs: redirected to file:': { of: 'blobs', fault: () => redirectTo('file:///etc/passwd') },
  'blobs: redirected to another host': {
    of: 'blobs',
    fault: (other) => (exchange) => {
      if (exchange.request.headers.authorization === undefined) return challenge(basic)(exchange);
      redirectTo(`${other}${exchange.request.url}`)(exchange);
    },
  },
  '401 for ever': { fault: () => challenge(basic, '', { always: true }) },
  '401 with 2 MB, then 200': { fault: () => challenge(basic, Buffer.alloc(2_000_000, 'x')) },
  'a token from another host, over http': {
    fault: () => challenge(token('http://registry.example.com/token')),
  },
  'a token from a private address': { fault: () => challenge(token('https://10.0.0.1/token')) },
  'blobs: 416': { of: 'blobs', fault: () => answer(416) },
  'blobs: 429 with Retry-After, once': {
    of: 'blobs',
    fault: () => first(refuse(429, 'TOOMANYREQUESTS', '', { 'Retry-After': '1' })),
  },
  'blobs: 429 for ever': {
    of: 'blobs',
    fault: () => refuse(429, 'TOOMANYREQUESTS', '', { 'Retry-After': '1' }),
  },
  'blobs: 503, once': { of: 'blobs', fault: () => first(answer(503)) },
  'blobs: reset, once': { of: 'blobs', fault: () => first(reset) },
  'blobs: cut in the middle, once': { of: 'blobs', fault: () => first(cutAfter(5)) },
  'blobs: a Content-Length that is too large': { of: 'blobs', fault: () => wrongLength(1) },
  'blobs: a gzip bomb': {
    of: 'blobs',
    fault: () => answer(200, bomb, { 'Content-Encoding': 'gzip' }),
  },
  'blobs: no ranges': { of: 'blobs', fault: () => slowThen(withoutRange, 'refused') },
  'blobs: another range': {
    of: 'blobs',
    fault: () => slowThen(withHeaders({ 'content-range': 'bytes 0-499999/5000000' }), 'refused'),
  },
  'blobs: a range that is too short': {
    of: 'blobs',
    fault: () =>
      slowThen(
        rewrite((body) => body.subarray(0, body.length - 1)),
        'taken',
      ),
  },
  'blobs: a range that is too long': {
    of: 'blobs',
    fault: () =>
      slowThen(
        rewrite((body) => Buffer.concat([body, body])),
        'taken',
      ),
  },
  'blobs: ranges as multipart': {
    of: 'blobs',
    fault: () => slowThen(withHeaders({ 'content-type': 'multipart/byteranges; boundary=x' }), 'refused'),
  },
  'blobs: compressed on the way': { of: 'blobs', fault: () => compressed },
  'blobs: labelled as compressed, which they are': {
    of: 'blobs',
    fault: () => withHeaders({ 'content-encoding': 'gzip' }),
  },
  'blobs: no Content-Length': { of: 'blobs', fault: () => withHeaders({ 'content-length': undefined }) },
  'blobs: cut after every MB': { of: 'blobs', fault: () => cutAfter(1_000_000) },
  'blobs: cut after every MB, and no ranges': {
    of: 'blobs',
    fault: () => (exchange) => {
      exchange.request.headers.range = undefined;
      cutAfter(1_000_000)(exchange);
    },
  },
  'blobs: silent at half': { of: 'blobs', fault: () => silentAfter(2_500_000) },
};

/** Strikes one request, and no other. */
function first(fault: Fault): Fault {
  let struck = false;
  return (exchange) => {
    if (struck) return exchange.forward();
    struck = true;
    fault(exchange);
  };
}

/** The faults of {@link stalledFirst}, each for a request in its turn. */
function slowThen(fault: Fault, range: 'taken' | 'refused'): Fault {
  const [first, second, others] = stalledFirst(fault, fault, range);
  const turns = [first, second];
  return (exchange) => (turns.shift() ?? others)(exchange);
}

const paths = { bundle: /\/manifests\/timestamp\.json$/, blobs: /\/blobs\// };

export default async function setup(project: Pick<TestProject, 'provide'>): Promise<() => Promise<void>> {
  const storage = memoryStorage();
  const served = await serve({ storage, allowOrigin: '*' });
  const { master, repository, rootKey } = await publisher(embeddedRegistry({ storage }));
  await master.pushTarget('small', new TextEncoder().encode('Hello World!\n'));
  await master.pushTarget('large', noise(5_000_000));
  await master.pushTarget('archive.tar.gz', new Uint8Array(gzipSync('an archive')));
  await master.pushTarget('manifest.json', new TextEncoder().encode(JSON.stringify(index())));
  await master.pushMetadata();

  const started: FaultProxy[] = [];
  const open = async (): Promise<{ id: number; proxy: FaultProxy }> => {
    const proxy = await startFaultProxy(served.url);
    return { id: started.push(proxy) - 1, proxy };
  };
  const start = async (name: string): Promise<Started> => {
    const found = faults[name];
    if (found === undefined) throw new Error(`there is no fault ${name}`);
    const { id, proxy } = await open();
    const other = found.fault.length > 0 ? await open() : undefined;
    const fault = found.fault(other?.proxy.url ?? '');
    proxy.add({
      method: 'GET',
      ...(found.of === undefined ? {} : { path: paths[found.of] }),
      fault: (exchange) => {
        for (const [header, value] of Object.entries(shared)) exchange.response.setHeader(header, value);
        fault(exchange);
      },
    });
    return { id, url: proxy.url, other: other?.id };
  };
  const control = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
    const asked = started[Number(searchParams.get('id'))]?.seen.map(
      ({ method, path, headers }): Asked => ({
        method,
        path,
        range: headers.range,
        authorization: headers.authorization !== undefined,
      }),
    );
    const told = pathname === '/start' ? await start(searchParams.get('fault') ?? '') : asked;
    response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end(JSON.stringify(told));
  });
  control.listen(0, '127.0.0.1');
  await once(control, 'listening');
  const provided: FaultyRegistry = {
    control: `http://127.0.0.1:${(control.address() as AddressInfo).port}`,
    url: served.url,
    repository,
    rootKey,
  };
  project.provide('faultyRegistry', provided);
  return async () => {
    control.close();
    control.closeAllConnections();
    for (const proxy of started) await proxy.stop();
    await served.close();
  };
}
