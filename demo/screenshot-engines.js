// Takes a picture of a page in each of three engines: by what drives them without a further package.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright';
import { WebSocket } from 'undici';

/**
 * By engine: opens `address`, runs `picture.ready` in the page, which answers with the place of what is to be seen, and takes it.
 *
 * @param home an empty folder for what the browser keeps.
 * @returns the PNG
 */
export const takers = { chromium: withChromium, firefox: withFirefox, webkit: withWebKit };

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
    const { y, height } = JSON.parse(await page.evaluate(picture.ready));
    return await page.screenshot({ fullPage: true, clip: { x: 0, y, width, height } });
  } finally {
    await browser.close();
  }
}

/** By WebDriver BiDi, which Firefox speaks itself. */
async function withFirefox(address, picture, home) {
  writeFileSync(
    join(home, 'user.js'),
    `user_pref('layout.css.prefers-color-scheme.content-override', ${picture.dark ? 0 : 1});\nuser_pref('ui.useOverlayScrollbars', 1);\nuser_pref('services.settings.server', 'data:,');\n`,
  );
  const args = ['--headless', '--no-remote', '--profile', home, '--remote-debugging-port', '0'];
  const browser = start('firefox-esr', args, home);
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
    const got = await ask('script.evaluate', { expression: picture.ready, target, awaitPromise: true });
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
async function withWebKit(address, picture, home) {
  const display = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '1600x2400x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const [number] = await once(display.stdio[3], 'data');
  const port = await freePort();
  const driver = start('WebKitWebDriver', [`--port=${port}`], home, {
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
    const script = `const done = arguments[arguments.length - 1]; ${picture.ready}.then(done, done)`;
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

function start(command, args, home, variables = {}) {
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
