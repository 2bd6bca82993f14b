// Serves the page and nothing else, on a free port of this machine.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** @param dist the folder of the built modules. */
export async function servePage(dist) {
  const files = new Map([
    ['/', [join(here, 'index.html'), 'text/html; charset=utf-8']],
    ['/demo.css', [join(here, 'demo.css'), 'text/css; charset=utf-8']],
    ['/demo.js', [join(here, 'demo.js'), 'text/javascript; charset=utf-8']],
    ['/icon.svg', [join(here, 'icon.svg'), 'image/svg+xml']],
    ['/dtuf.min.js', [join(dist, 'dtuf.min.js'), 'text/javascript; charset=utf-8']],
    ['/element.min.js', [join(dist, 'element.min.js'), 'text/javascript; charset=utf-8']],
  ]);
  let shown = { registry: '', mirror: '', rootKey: '' };

  const contentOf = async (path) => {
    if (path === '/demo.json') {
      const { rootKey: _, ...demo } = shown;
      return [JSON.stringify(demo), 'application/json'];
    }
    if (path === '/root_key.pub') return [shown.rootKey, 'application/x-pem-file'];
    const file = files.get(path);
    return file && [await readFile(file[0]), file[1]];
  };

  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    // A name that somebody points at this machine is not ours (DNS rebinding).
    const isOurs = request.headers.host === `localhost:${port}`;
    const content = isOurs && request.method === 'GET' ? await contentOf(pathname) : undefined;
    if (content === undefined) return response.writeHead(404).end();
    response.writeHead(200, { 'Content-Type': content[1], ...policy(shown) }).end(content[0]);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address();

  return {
    origin: `http://localhost:${port}`,
    /** What the page is about, from now on. */
    show(demo) {
      shown = demo;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As strict as a page can be that downloads and verifies: no inline script or style, nothing from elsewhere. */
function policy({ registry, mirror }) {
  return {
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "img-src 'self'",
      `connect-src 'self' ${registry} ${mirror}`,
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "require-trusted-types-for 'script'",
    ].join('; '),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
  };
}
