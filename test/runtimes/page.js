// `node page.js ENGINE FORM MODULE`: runs a module in a browser, prints what it says, and ends with the exit code that it names.
// The browser is started as a person would, with an address: nothing drives it.
import { once } from 'node:events';
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { open } from './browsers.js';

const [engine, form, module] = process.argv.slice(2);

/** How a page has the module run; a service worker is sent messages, or it would be ended in the middle. */
const starts = {
  page: `await import('/run.mjs')`,
  'private-window': `await import('/run.mjs')`,
  'little-room': `await import('/run.mjs')`,
  worker: `const worker = new Worker('/run.mjs', { type: 'module' });
    worker.onerror = (event) => fail(event.message ?? 'the worker did not load');`,
  'shared-worker': `const worker = new SharedWorker('/run.mjs', { type: 'module' });
    worker.onerror = (event) => fail(event.message ?? 'the worker did not load');`,
  'service-worker': `const { installing } = await navigator.serviceWorker.register('/run.mjs', { type: 'module' });
    setInterval(() => installing.postMessage('stay'), 1000);`,
};

const script = `
const fail = async (error) => {
  await fetch('/said', { method: 'POST', body: String(error) });
  await fetch('/ended', { method: 'POST', body: '1' });
};
try { ${starts[form]} } catch (error) { fail(error); }`;

/** The strictest that a page with a registry elsewhere can have: the tests run under it too. */
const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src * blob:";

const home = mkdtempSync(join(tmpdir(), 'dtuf-page-'));
process.once('exit', () => rmSync(home, { recursive: true, force: true }));

const server = createServer(answer).listen(0, 'localhost');
await once(server, 'listening');
const address = `http://localhost:${server.address().port}/`;
const browser = await open(engine, address, home, form);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => end(1));
// Whoever started this may be killed: a browser must not go on by itself, with servers that are gone.
const parent = process.ppid;
setInterval(() => process.ppid === parent || end(1), 1000).unref();
browser.once('exit', (code) => {
  console.log(`${engine} ended with exit code ${code}`);
  process.exit(1);
});
browser.stderr.on('data', (data) => {
  if (process.env.DTUF_BROWSER_LOG) process.stderr.write(data);
  // WebKitGTK's window outlives its page.
  if (!String(data).includes('WebProcess CRASHED')) return;
  console.log(String(data));
  end(1);
});

async function answer(request, response) {
  const send = (file) => {
    response.writeHead(200, { 'Content-Type': 'text/javascript', 'Content-Security-Policy': policy });
    createReadStream(file).pipe(response);
  };
  const respond = (type, body) =>
    response.writeHead(200, { 'Content-Type': type, 'Content-Security-Policy': policy }).end(body);
  if (request.url === '/') {
    respond(
      'text/html',
      '<!doctype html><title>dtuf</title><script type="module" src="/start.mjs"></script>',
    );
  } else if (request.url === '/start.mjs') respond('text/javascript', script);
  else if (request.url === '/run.mjs') send(module);
  // Workers that tests start.
  else if (/^\/assets\/[\w.-]+$/.test(request.url)) send(join(dirname(module), request.url));
  else if (request.url === '/clear') {
    response.setHeader('Clear-Site-Data', '"storage"');
    respond('text/plain', '');
  } else if (request.url === '/said') {
    console.log(await text(request));
    respond('text/plain', '');
  } else if (request.url === '/ended') {
    const code = Number(await text(request));
    respond('text/plain', '');
    end(code);
  } else response.writeHead(404).end();
}

function end(code) {
  browser.removeAllListeners('exit');
  browser.once('exit', () => process.exit(code));
  browser.kill();
  // One that does not end is ended with its group, by who started this.
  setTimeout(() => process.exit(code), 5_000);
}
