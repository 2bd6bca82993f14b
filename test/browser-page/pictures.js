// `node test/browser-page/pictures.js`, after `npm run build`: takes docs/images/element-{chromium,firefox,webkit}.png, the element
// in each of its states, in light, dark, from right to left, and where the system forces its colours.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { DTufMaster, memoryLock, memoryStore } from '../../dist/index.js';
import { embeddedRegistry } from '../../dist/registry.js';
import { onPath, startDisplay, webKitBrowser } from '../runtimes/browsers.js';

const WIDTH = 1280;
const HEIGHT = 620;
const executablePath = process.env.DTUF_CHROMIUM ?? '/usr/bin/chromium';
const images = new URL('../../docs/images/', import.meta.url);

const states = ['idle', 'checking', 'downloading', 'verified', 'saved', 'refused'];
const themes = {
  light: { dir: 'ltr', lang: 'en', label: 'Download' },
  dark: { dir: 'ltr', lang: 'en', label: 'Download' },
  'right to left': { dir: 'rtl', lang: 'ar', label: 'تنزيل' },
};

const site = await startSite();
mkdirSync(images, { recursive: true });
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
try {
  for (const [engine, take] of Object.entries({
    chromium: inChromium,
    firefox: inFirefox,
    webkit: inWebKit,
  })) {
    const taken = await take();
    writeFileSync(new URL(`element-${engine}.png`, images), await beneath(taken));
    console.log(`docs/images/element-${engine}.png`);
  }
} finally {
  await browser.close();
  site.stop();
}

/** @returns a picture of all, and one with forced colours where the engine has them. */
async function inChromium() {
  const taken = [];
  for (const forcedColors of ['none', 'active']) {
    const page = await browser.newPage({ forcedColors, viewport: { width: WIDTH, height: HEIGHT } });
    await page.goto(site.address);
    await page.waitForSelector('body.ready');
    taken.push(await page.screenshot());
    await page.close();
  }
  return taken;
}

async function inFirefox() {
  const taken = [];
  for (const colours of [0, 2]) {
    const home = mkdtempSync(join(tmpdir(), 'dtuf-picture-'));
    const file = join(home, 'picture.png');
    // 2: the person's colours in the place of the page's.
    writeFileSync(join(home, 'user.js'), `user_pref("browser.display.document_color_use", ${colours});\n`);
    const args = ['--headless', '--no-remote', '--profile', home, `--window-size=${WIDTH},${HEIGHT}`];
    const firefox = spawn(onPath('firefox-esr'), [...args, '--screenshot', file, site.address], {
      stdio: 'ignore',
      env: { ...process.env, HOME: home },
    });
    await once(firefox, 'exit');
    taken.push(readFileSync(file));
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
  return taken;
}

async function inWebKit() {
  const home = mkdtempSync(join(tmpdir(), 'dtuf-picture-'));
  const { display, variables } = await startDisplay(`${WIDTH}x${HEIGHT + 200}x24`);
  const port = 20_000 + (process.pid % 20_000);
  const driver = spawn(onPath('WebKitWebDriver'), [`--port=${port}`], {
    stdio: 'ignore',
    env: { ...process.env, ...variables, HOME: home },
  });
  const ask = async (method, path, body) => {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    return (await (await fetch(`http://127.0.0.1:${port}/session${path}`, init)).json()).value;
  };
  try {
    const options = { binary: webKitBrowser(), args: ['--automation'] };
    const alwaysMatch = { browserName: 'MiniBrowser', 'webkitgtk:browserOptions': options };
    const begin = () => ask('POST', '', { capabilities: { alwaysMatch } });
    const { sessionId } = await until(begin);
    await ask('POST', `/${sessionId}/window/rect`, { x: 0, y: 0, width: WIDTH, height: HEIGHT + 58 });
    // Its load event comes when all is as it is to be.
    await ask('POST', `/${sessionId}/url`, { url: site.address });
    const picture = await ask('GET', `/${sessionId}/screenshot`);
    await ask('DELETE', `/${sessionId}`);
    return [Buffer.from(picture, 'base64')];
  } finally {
    driver.kill();
    display.kill();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Asks again until somebody listens. */
async function until(ask) {
  for (;;) {
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** One picture of several, one beneath the other. */
async function beneath(pictures) {
  if (pictures.length === 1) return pictures[0];
  const page = await browser.newPage({ viewport: { width: WIDTH, height: HEIGHT * pictures.length } });
  const shown = pictures.map((one) => `<img src="data:image/png;base64,${one.toString('base64')}">`);
  await page.setContent(`<style>body { margin: 0 } img { display: block }</style>${shown.join('')}`);
  const joined = await page.screenshot({ fullPage: true });
  await page.close();
  return joined;
}

/** The page, and a registry that lies, stalls and is silent, by the names of what it is asked for. */
async function startSite() {
  const registry = embeddedRegistry();
  const root = { demo: '', silent: '' };
  for (const name of Object.keys(root)) {
    const master = new DTufMaster({
      host: registry,
      repository: `pictures/${name}`,
      store: memoryStore(),
      lock: memoryLock(),
      passwords: () => 'secret',
    });
    const { publicKey } = await master.createRootKey();
    root[name] = publicKey;
    await master.createMetadataKeys();
    await master.createMetadata();
    for (const [i, state] of states.entries())
      await master.pushTarget(`${state}.bin`, new Uint8Array(3_000_000).fill(i));
    await master.pushMetadata();
  }
  let ready = false;
  const waiting = [];
  const server = createServer(async (request, response) => {
    const { url } = request;
    const send = (type, body) => response.writeHead(200, { 'Content-Type': type }).end(body);
    if (url === '/') {
      ready = false;
      return send('text/html; charset=utf-8', page());
    }
    if (url === '/element.min.js')
      return send('text/javascript', readFileSync(new URL('../../dist/element.min.js', import.meta.url)));
    if (url.endsWith('.pub')) return send('text/plain', root[url.slice(1, -4)]);
    if (url === '/ready') {
      ready = true;
      for (const one of waiting.splice(0)) one.end();
      return send('text/plain', '');
    }
    if (url === '/hold.svg') {
      response.writeHead(200, { 'Content-Type': 'image/svg+xml' });
      response.write('<svg xmlns="http://www.w3.org/2000/svg"/>');
      return void (ready ? response.end() : waiting.push(response));
    }
    // Never answered: the state is `checking`.
    if (url.includes('/silent/')) return;
    const answer = await registry.fetch(`http://localhost${url}`, { method: request.method });
    const bytes = Buffer.from(await answer.arrayBuffer());
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    const isBlob = url.includes('/blobs/') && bytes.length === 3_000_000;
    if (isBlob && bytes[0] === states.indexOf('downloading'))
      return void response.write(bytes.subarray(0, 2_000_000));
    if (isBlob && bytes[0] === states.indexOf('refused')) bytes[17] ^= 1;
    response.end(bytes);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://localhost:${server.address().port}/`,
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function page() {
  const columns = Object.entries(themes).map(([name, { dir, lang, label }]) => {
    const rows = states.map((state) => {
      const name = state === 'checking' ? 'silent' : 'demo';
      const place = `host="/" repository="pictures/${name}" trust="/${name}.pub"`;
      return `<dt>${state}</dt><dd lang="${lang}" dir="${dir}"><dtuf-download data-ends="${state}" target="${state}.bin" filename="${state}.bin" ${place}>${label}</dtuf-download></dd>`;
    });
    return `<section class="${name.replaceAll(' ', '-')}"><h2>${name}</h2><dl>${rows.join('')}</dl></section>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>dtuf-download</title>
<style>
body { margin: 0; display: grid; grid-template-columns: repeat(3, 1fr); font: 15px/1.4 sans-serif; }
section { padding: 12px 20px; min-height: ${HEIGHT - 24}px; background: #fff; color: #14181d; color-scheme: light; }
.dark { background: #14181d; color: #e8ecf1; color-scheme: dark; }
h2 { margin: 0 0 8px; font-size: 15px; }
dl { margin: 0; display: grid; grid-template-columns: 6.5em 1fr; gap: 14px 8px; align-items: center; }
dd { margin: 0; min-height: 56px; display: flex; align-items: center; }
img { position: absolute; }
</style>
${columns.join('')}
<img src="/hold.svg" alt="" width="1" height="1">
<script type="module">
HTMLAnchorElement.prototype.click = () => undefined;
// A file that is opened to see whether it may be written, and then never: the state stays \`verified\`.
globalThis.showSaveFilePicker = async ({ suggestedName }) => {
  if (suggestedName !== 'verified.bin') throw new DOMException('', 'NotAllowedError');
  let asked = 0;
  return { createWritable: async () => asked++ === 0 ? { abort: async () => undefined } : new Promise(() => undefined) };
};
for (const element of document.querySelectorAll('dtuf-download')) element.setAttribute('host', location.origin);
await import('/element.min.js');
const all = [...document.querySelectorAll('dtuf-download')];
const isThere = (element) => element.state === element.dataset.ends &&
  (element.state !== 'downloading' || element.shadowRoot.querySelector('progress').value > 1_900_000);
for (const element of all.filter(({ dataset }) => dataset.ends !== 'idle')) void element.download();
while (!all.every(isThere)) await new Promise((resolve) => setTimeout(resolve, 50));
document.body.classList.add('ready');
await fetch('/ready', { method: 'POST' });
</script></html>`;
}
