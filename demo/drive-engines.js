// Opens a page in each of three engines, runs scripts in it and takes pictures: by what drives them without a further package.
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium } from 'playwright';
import { WebSocket } from 'undici';

/**
 * By engine, how a page is opened. What comes back: `run(expression)`, of a promise of a string, which it answers with;
 * `press(keys)`, as a person does on a keyboard, of {@link KEYS}, as in `Enter` or `Shift+Tab`; `picture({ y, height })`, of that
 * part of the page, as PNG; `close()`. Of Firefox `browser`, its process, and `openTab(address)`, a page beside the first, too.
 *
 * @param width of the page, in CSS pixels.
 * @param home an empty folder for what the browser keeps.
 */
export const engines = { chromium: openChromium, firefox: openFirefox, webkit: openWebKit };

/** Keys by the names that Chromium's driver has for them, as WebDriver writes them. */
const KEYS = { Enter: '\uE006', Shift: '\uE008', Space: ' ', Tab: '\uE004' };

/** @param keys pressed together, as in `Shift+Tab` */
function pressing(keys) {
  const values = keys.split('+').map((key) => KEYS[key]);
  const down = values.map((value) => ({ type: 'keyDown', value }));
  const up = values.reverse().map((value) => ({ type: 'keyUp', value }));
  return [{ type: 'key', id: 'keyboard', actions: [...down, ...up] }];
}

async function openChromium(address, { width, dark = false }) {
  const browser = await chromium.launch({
    executablePath: process.env.DTUF_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--hide-scrollbars'],
  });
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme: dark ? 'dark' : 'light',
  });
  // Without a head, it closes its picker of files at once, as a user who picks none.
  await page.addInitScript('delete globalThis.showSaveFilePicker');
  await page.goto(address);
  return {
    run: (expression) => page.evaluate(expression),
    press: (keys) => page.keyboard.press(keys),
    picture: ({ y, height }) => page.screenshot({ fullPage: true, clip: { x: 0, y, width, height } }),
    close: () => browser.close(),
  };
}

/** By WebDriver BiDi, which Firefox speaks itself. */
async function openFirefox(address, { width, dark = false }, home) {
  const preferences = {
    // Firefox’s own list of downloads takes the focus from the page when it opens.
    'browser.download.alwaysOpenPanel': false,
    'layout.css.prefers-color-scheme.content-override': dark ? 0 : 1,
    'services.settings.server': 'data:,',
    'ui.useOverlayScrollbars': 1,
  };
  const lines = Object.entries(preferences).map(
    ([name, value]) => `user_pref('${name}', ${JSON.stringify(value)});\n`,
  );
  writeFileSync(join(home, 'user.js'), lines.join(''));
  const args = ['--headless', '--no-remote', '--profile', home, '--remote-debugging-port', '0'];
  const browser = start('firefox-esr', args, home);
  return orEnd([browser], async () => {
    const [, url] = await said(browser.stderr, /WebDriver BiDi listening on (\S+)/);
    const ask = await speakBidi(`${url}/session`);
    await ask('session.new', { capabilities: {} });
    // The tab that is there at the start never has the focus, and without it buttons take no keys.
    const { context } = await ask('browsingContext.create', { type: 'tab' });
    await ask('browsingContext.setViewport', { context, viewport: { width, height: 900 } });
    await ask('browsingContext.navigate', { context, url: address, wait: 'complete' });
    return {
      async run(expression) {
        const got = await ask('script.evaluate', { expression, target: { context }, awaitPromise: true });
        if (got.type === 'success') return got.result.value;
        throw new Error(got.exceptionDetails.text);
      },
      press: (keys) => ask('input.performActions', { context, actions: pressing(keys) }),
      async picture({ y, height }) {
        const clip = { type: 'box', x: 0, y, width, height };
        const { data } = await ask('browsingContext.captureScreenshot', {
          context,
          origin: 'document',
          clip,
        });
        return Buffer.from(data, 'base64');
      },
      browser,
      async openTab(other) {
        const { context } = await ask('browsingContext.create', { type: 'tab' });
        await ask('browsingContext.navigate', { context, url: other, wait: 'complete' });
      },
      close: () => end(browser),
    };
  });
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
async function openWebKit(address, { width }, home) {
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
  return orEnd([driver, display], async () => {
    const server = `http://127.0.0.1:${port}`;
    await until(() => askDriver('GET', `${server}/status`));
    const { sessionId } = await askDriver('POST', `${server}/session`, {
      capabilities: {
        alwaysMatch: {
          browserName: 'MiniBrowser',
          'webkitgtk:browserOptions': { binary: await miniBrowser(), args: ['--automation'] },
        },
      },
    });
    const ask = (method, path, body) => askDriver(method, `${server}/session/${sessionId}/${path}`, body);
    await ask('POST', 'timeouts', { script: 60_000 });
    await ask('POST', 'url', { url: address });
    const run = async (expression) => {
      const script = `const done = arguments[0]; ${expression}.then((value) => done({ value }), (error) => done({ error: String(error) }))`;
      const { value, error } = await ask('POST', 'execute/async', { script, args: [] });
      if (error === undefined) return value;
      throw new Error(error);
    };
    /** Of the page, not of the window, whose frame takes its part. */
    const resize = async (height) => {
      const wanted = [width, height];
      for (let i = 0; i < 2; i++) {
        await ask('POST', 'window/rect', { width: wanted[0], height: wanted[1] });
        const [innerWidth, innerHeight] = JSON.parse(
          await run('Promise.resolve(JSON.stringify([innerWidth, innerHeight]))'),
        );
        wanted[0] += width - innerWidth;
        wanted[1] += height - innerHeight;
      }
      await ask('POST', 'window/rect', { width: wanted[0], height: wanted[1] });
    };
    await resize(900);
    return {
      run,
      press: (keys) => ask('POST', 'actions', { actions: pressing(keys) }),
      async picture({ y, height }) {
        await resize(height);
        await run(
          `new Promise((resolve) => { scrollTo(0, ${y}); requestAnimationFrame(() => requestAnimationFrame(resolve)); })`,
        );
        return Buffer.from(await ask('GET', 'screenshot'), 'base64');
      },
      close: () => end(driver, display),
    };
  });
}

async function askDriver(method, url, body) {
  const response = await fetch(url, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`${url}: ${value?.message}`);
  return value;
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

async function end(...children) {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }
}

/** What could not be opened leaves no process. */
async function orEnd(children, open) {
  try {
    return await open();
  } catch (error) {
    await end(...children);
    throw error;
  }
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
