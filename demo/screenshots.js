// `node demo/screenshots.js`: the pictures of docs/demo.md, taken in Chromium, Firefox and WebKit (which Debian has).
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { crc32, deflateSync, inflateSync } from 'node:zlib';
import { chromium } from 'playwright';
import { WebSocket } from 'undici';
import { whyNot } from '../test/runtimes/browsers.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const images = join(here, '../docs/images');
const home = mkdtempSync(join(tmpdir(), 'dtuf-screenshots-'));

/**
 * `after`: the attack that was carried out before; `from` and `to`: the elements at the top and at the bottom of the picture.
 */
const attacked = { from: '#attack .act-head', to: '#outcome', width: 1280 };
const pictures = [
  {
    name: 'demo-chromium',
    engine: 'chromium',
    from: '#download .act-head',
    to: '#download .panel:last-child',
    width: 1280,
  },
  { ...attacked, name: 'demo-chromium-dark', engine: 'chromium', dark: true, after: 'stolen-timestamp-key' },
  {
    ...attacked,
    name: 'demo-phone',
    engine: 'chromium',
    width: 390,
    from: '#outcome',
    to: '#outcome .chain',
    after: 'rollback',
  },
  { ...attacked, name: 'demo-firefox', engine: 'firefox', after: 'mix-and-match' },
  { ...attacked, name: 'demo-webkit', engine: 'webkit', after: 'tampered-file' },
];

/** Around what is shown, in CSS pixels. */
const MARGIN = 28;

/** Run in the page: once what is wanted is there, scrolls to it and answers with where it is. */
const ready = ({ after, from, to }) => `(async () => {
  const isThere = () => document.body.dataset.busy === 'false' && document.querySelector('.target')
    && (${after === undefined} || document.querySelector('#outcome[data-state=refused]'));
  for (let i = 0; i < 400 && !isThere(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  if (!isThere()) throw new Error('the page did not get there');
  document.documentElement.style.scrollBehavior = 'auto';
  await Promise.all(document.getAnimations().map(({ finished }) => finished));
  const top = document.querySelector('${from}').getBoundingClientRect().top + scrollY - ${MARGIN};
  const bottom = document.querySelector('${to}').getBoundingClientRect().bottom + scrollY + ${MARGIN};
  scrollTo(0, top);
  await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  return JSON.stringify({ y: Math.max(0, Math.round(top)), height: Math.round(bottom - Math.max(0, top)), innerWidth, innerHeight });
})()`;

const takers = { chromium: withChromium, firefox: withFirefox, webkit: withWebKit };

async function withChromium(address, picture) {
  const browser = await chromium.launch({
    executablePath: process.env.DTUF_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars'],
  });
  try {
    const { width, dark } = picture;
    const page = await browser.newPage({
      viewport: { width, height: 900 },
      colorScheme: dark ? 'dark' : 'light',
    });
    await page.goto(address);
    const { y, height } = JSON.parse(await page.evaluate(ready(picture)));
    return await page.screenshot({ fullPage: true, clip: { x: 0, y, width, height } });
  } finally {
    await browser.close();
  }
}

/** By WebDriver BiDi, which Firefox speaks itself. */
async function withFirefox(address, picture) {
  const profile = join(home, 'firefox');
  mkdirSync(profile);
  writeFileSync(
    join(profile, 'user.js'),
    `user_pref('layout.css.prefers-color-scheme.content-override', ${picture.dark ? 0 : 1});\nuser_pref('ui.useOverlayScrollbars', 1);\nuser_pref('services.settings.server', 'data:,');\n`,
  );
  const args = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0'];
  const browser = start('firefox-esr', args);
  try {
    const [, url] = await said(browser.stderr, /WebDriver BiDi listening on (\S+)/);
    const ask = await speakBidi(`${url}/session`);
    await ask('session.new', { capabilities: {} });
    const { contexts } = await ask('browsingContext.getTree', {});
    const { context } = contexts[0];
    const { width } = picture;
    await ask('browsingContext.setViewport', { context, viewport: { width, height: 900 } });
    await ask('browsingContext.navigate', { context, url: address, wait: 'complete' });
    const target = { context };
    const got = await ask('script.evaluate', { expression: ready(picture), target, awaitPromise: true });
    if (got.type !== 'success') throw new Error(`the page said ${JSON.stringify(got.exceptionDetails)}`);
    const { y, height } = JSON.parse(got.result.value);
    const clip = { type: 'box', x: 0, y, width, height };
    const { data } = await ask('browsingContext.captureScreenshot', { context, origin: 'document', clip });
    return Buffer.from(data, 'base64');
  } finally {
    await end(browser);
  }
}

async function speakBidi(url) {
  const socket = new WebSocket(url);
  const waiting = new Map();
  let last = 0;
  socket.addEventListener('message', ({ data }) => {
    const { id, result, message } = JSON.parse(data);
    if (result) waiting.get(id)?.resolve(result);
    else waiting.get(id)?.reject(new Error(message));
  });
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', () => reject(new Error(`${url} cannot be reached`)));
  });
  return (method, params) =>
    new Promise((resolve, reject) => {
      last += 1;
      waiting.set(last, { resolve, reject });
      socket.send(JSON.stringify({ id: last, method, params }));
    });
}

/** By WebDriver, on a display that nobody sees. */
async function withWebKit(address, picture) {
  const display = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x2400x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = await once(display.stdio[3], 'data');
  const port = await freePort();
  const driver = start('WebKitWebDriver', [`--port=${port}`], {
    DISPLAY: `:${String(number).trim()}`,
    GDK_BACKEND: 'x11',
    LIBGL_ALWAYS_SOFTWARE: '1',
    NO_AT_BRIDGE: '1',
    WEBKIT_DISABLE_COMPOSITING_MODE: '1',
  });
  try {
    const ask = async (method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const { value } = await response.json();
      if (!response.ok) throw new Error(`${path}: ${value?.message}`);
      return value;
    };
    await until(() => ask('GET', '/status'));
    const { sessionId } = await ask('POST', '/session', {
      capabilities: {
        alwaysMatch: {
          browserName: 'MiniBrowser',
          'webkitgtk:browserOptions': { binary: await miniBrowser(), args: ['--automation'] },
        },
      },
    });
    const session = `/session/${sessionId}`;
    await ask('POST', `${session}/timeouts`, { script: 60_000 });
    await ask('POST', `${session}/url`, { url: address });
    const script = `const done = arguments[arguments.length - 1]; ${ready(picture)}.then(done, done)`;
    const look = async () => JSON.parse(await ask('POST', `${session}/execute/async`, { script, args: [] }));
    // The frame of the window takes its part of it: what is missing is added.
    let [width, height] = [picture.width, 900];
    for (let i = 0; i < 2; i++) {
      await ask('POST', `${session}/window/rect`, { width, height });
      const got = await look();
      width += picture.width - got.innerWidth;
      height += got.height - got.innerHeight;
    }
    await ask('POST', `${session}/window/rect`, { width, height });
    await look();
    const png = await ask('GET', `${session}/screenshot`);
    await ask('DELETE', session);
    return Buffer.from(png, 'base64');
  } finally {
    await end(driver);
    await end(display);
  }
}

async function miniBrowser() {
  const { stdout } = await promisify(execFile)('dpkg-query', ['-L', 'libwebkit2gtk-4.1-0']);
  return stdout.split('\n').find((file) => file.endsWith('/MiniBrowser'));
}

function start(command, args, variables = {}) {
  const env = {
    ...process.env,
    HOME: home,
    XDG_CACHE_HOME: home,
    DBUS_SESSION_BUS_ADDRESS: 'disabled:',
    ...variables,
  };
  return spawn(command, args, { env, stdio: ['ignore', 'ignore', 'pipe'] });
}

async function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill();
  await ended;
}

function said(stream, wanted) {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (data) => {
      text += data;
      const match = wanted.exec(text);
      if (match) resolve(match);
    });
    stream.once('end', () => reject(new Error(`it ended and said: ${text}`)));
  });
}

async function until(work) {
  for (let i = 0; ; i++) {
    try {
      return await work();
    } catch (error) {
      if (i === 100) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The same picture: browsers deflate in a hurry (PNG, third edition, 10). */
function packTightly(png) {
  const kept = [];
  const data = [];
  for (let at = 8; at < png.length; at += png.readUInt32BE(at) + 12) {
    const type = png.toString('latin1', at + 4, at + 8);
    if (type === 'IDAT') data.push(png.subarray(at + 8, at + 8 + png.readUInt32BE(at)));
    else kept.push([type, png.subarray(at + 8, at + 8 + png.readUInt32BE(at))]);
  }
  const deflated = deflateSync(inflateSync(Buffer.concat(data)), { level: 9, memLevel: 9 });
  const chunks = [kept[0], ['IDAT', deflated], ['IEND', Buffer.alloc(0)]].map(([type, bytes]) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), bytes]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(bytes.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  });
  return Buffer.concat([png.subarray(0, 8), ...chunks]);
}

/** A static host of the page. */
async function serveSite() {
  const folder = join(home, 'site');
  const { build } = await import('vite');
  await build({ configFile: join(here, 'vite.config.ts'), build: { outDir: folder } });
  const types = {
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.css': 'text/css',
    '.svg': 'image/svg+xml',
    '.json': 'application/json',
  };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const name = pathname === '/' ? 'index.html' : pathname.slice(1);
    try {
      response
        .writeHead(200, { 'Content-Type': types[extname(name)] ?? 'text/plain' })
        .end(readFileSync(join(folder, name)));
    } catch {
      response.writeHead(404).end();
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

const server = await serveSite();
try {
  mkdirSync(images, { recursive: true });
  const wanted = process.argv.slice(2);
  for (const picture of pictures) {
    if (wanted.length > 0 && !wanted.includes(picture.engine)) continue;
    const missing = whyNot(picture.engine);
    if (missing) {
      console.log(`not taken: ${picture.name}: ${missing}`);
      process.exitCode = 1;
      continue;
    }
    const address = `http://localhost:${server.address().port}/${picture.after ? `#${picture.after}` : ''}`;
    const png = await takers[picture.engine](address, picture);
    const packed = packTightly(png);
    writeFileSync(join(images, `${picture.name}.png`), packed);
    console.log(`${picture.name}.png: ${Math.round(packed.length / 1024)} KiB`);
  }
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}
