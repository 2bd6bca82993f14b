// `node demo/screenshots.js [ENGINE…]`: the pictures of the documents, taken in Chromium, Firefox and WebKit, as Debian has them.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { whyNot } from '../test/runtimes/browsers.js';
import { engines } from './drive-engines.js';
import { servePage } from './page-server.js';

import { packTightly } from './screenshot-png.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const images = join(here, '../docs/images');

/** The elements at the top and at the bottom of a picture. */
const download = { from: '#download .act-head', to: '#download .panel:last-child' };
const attack = { from: '#attack .act-head', to: '#outcome' };
const saved = {
  from: '#targets',
  to: '#targets .target',
  press: '.target dtuf-download',
};
const refused = { from: '#outcome .person', to: '#outcome .person', press: '.person dtuf-download' };
const refusal = { from: '#outcome', to: '#outcome .chain' };

/** `after`: the attack that was carried out before; `press`: the <dtuf-download> that was pressed, and has come to its end. */
const pictures = [
  { name: 'demo-refused', engine: 'chromium', width: 1280, ...refusal, after: 'mix-and-match' },
  { name: 'demo-chromium', engine: 'chromium', width: 1280, ...download },
  {
    name: 'demo-dark',
    engine: 'chromium',
    width: 1280,
    dark: true,
    ...attack,
    after: 'stolen-timestamp-key',
  },
  { name: 'demo-phone', engine: 'chromium', width: 390, ...refusal, after: 'rollback' },
  { name: 'demo-firefox', engine: 'firefox', width: 1280, ...attack, after: 'rollback' },
  { name: 'demo-webkit', engine: 'webkit', width: 1280, ...attack, after: 'tampered-file' },
  ...['chromium', 'firefox', 'webkit'].flatMap((engine) => [
    { name: `element-saved-${engine}`, engine, width: 800, ...saved },
    { name: `element-refused-${engine}`, engine, width: 800, ...refused, after: 'tampered-file' },
  ]),
];

/** Around what is shown, in CSS pixels. */
const MARGIN = 18;

/** Run in the page: once what is wanted is there, answers with where it is. */
const ready = ({ after, press, from, to }) => `(async () => {
  const isThere = () => document.body.dataset.busy === 'false' && document.querySelector('.target')
    && (${after === undefined} || document.querySelector('#outcome[data-state=refused]'));
  for (let i = 0; i < 400 && !isThere(); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  if (!isThere()) throw new Error('the page did not get there');
  const pressed = ${press === undefined} ? undefined : document.querySelector('${press}');
  await new Promise((resolve) => setTimeout(resolve, 100));
  pressed?.shadowRoot.querySelector('button').click();
  for (let i = 0; i < 200 && pressed && !/saved|refused/.test(pressed.state); i++) await new Promise((resolve) => setTimeout(resolve, 50));
  document.documentElement.style.scrollBehavior = 'auto';
  await Promise.all(document.getAnimations().map(({ finished }) => finished));
  const top = document.querySelector('${from}').getBoundingClientRect().top + scrollY - ${MARGIN};
  const bottom = document.querySelector('${to}').getBoundingClientRect().bottom + scrollY + ${MARGIN};
  return JSON.stringify({ y: Math.round(top), height: Math.round(bottom - top) });
})()`;

const home = mkdtempSync(join(tmpdir(), 'dtuf-screenshots-'));
const site = join(home, 'site');
await build({ configFile: join(here, 'vite.config.ts'), build: { outDir: site } });
// Without a registry beside it: as a static host carries it.
const page = await servePage(site, undefined, {});
try {
  mkdirSync(images, { recursive: true });
  for (const picture of pictures) await take(picture);
} finally {
  await page.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

async function take(picture) {
  const { name, engine, after } = picture;
  const wanted = process.argv.slice(2);
  if (wanted.length > 0 && !wanted.includes(engine)) return;
  const missing = whyNot(engine);
  if (missing) {
    console.log(`not taken: ${name}.png: ${missing}`);
    process.exitCode = 1;
    return;
  }
  const address = `${page.origin}/${after ? `#${after}` : ''}`;
  const opened = await engines[engine](address, picture, mkdtempSync(join(home, engine)));
  let png;
  try {
    png = packTightly(await opened.picture(JSON.parse(await opened.run(ready(picture)))));
  } finally {
    await opened.close();
  }
  writeFileSync(join(images, `${name}.png`), png);
  console.log(`${name}.png: ${Math.round(png.length / 1024)} KiB`);
}
