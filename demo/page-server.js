// Serves the page that was built, and beside it the registry that the story filled, on a free port of this machine.
import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

const TYPES = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};

/** What the page's own policy cannot say from within it (CSP 3, `frame-ancestors`), and what servers should say. */
const HEADERS = {
  'Content-Security-Policy': "frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
};

/** Of a request to the registry: what changes its answer. */
const PASSED_ON = ['accept', 'if-none-match', 'range'];

/**
 * @param site the folder of the built page.
 * @param registry a fetch handler, which is asked for everything under `/v2/`; undefined for none.
 * @param told what the page is told of the registry, and the root public key.
 */
export async function servePage(site, registry, { rootKey, ...told }) {
  const files = new Set(readdirSync(site, { recursive: true }).map((name) => name.replaceAll('\\', '/')));
  const texts = new Map([
    ['demo.json', [JSON.stringify(told), 'application/json']],
    ['root_key.pub', [rootKey, 'application/x-pem-file']],
  ]);

  const contentOf = async (name) => {
    const type = TYPES[extname(name)];
    return (
      texts.get(name) ?? (files.has(name) && type ? [await readFile(join(site, name)), type] : undefined)
    );
  };

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    // A name that somebody points at this machine is not ours (DNS rebinding).
    const isOurs = request.headers.host === `localhost:${port}`;
    if (!isOurs || request.method !== 'GET') return response.writeHead(404).end();
    if (registry && pathname.startsWith('/v2/')) return answerWith(registry, request, response);
    const content = await contentOf(pathname === '/' ? 'index.html' : pathname.slice(1));
    if (content === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': content[1], ...HEADERS }).end(content[0]);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();

  return {
    origin: `http://localhost:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answerWith(registry, request, response) {
  const headers = PASSED_ON.flatMap((name) =>
    request.headers[name] === undefined ? [] : [[name, request.headers[name]]],
  );
  const answer = await registry.fetch(`http://localhost${request.url}`, { headers });
  response.writeHead(answer.status, Object.fromEntries(answer.headers));
  // A page that was closed reads no further.
  await pipeline(answer.body ? Readable.fromWeb(answer.body) : [], response).catch(() => undefined);
}
