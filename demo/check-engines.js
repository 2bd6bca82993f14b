// `node demo/check-engines.js [ENGINE…]`: carries the six attacks out in Chromium, Firefox and WebKit, as far as they are installed,
// and lets a <dtuf-download> meet each. Exits with 1 where one was not refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { whyNot } from '../test/runtimes/browsers.js';
import { engines } from './drive-engines.js';
import { servePage } from './page-server.js';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Run in the page, as somebody would who presses all that there is. Answers with what the page said. */
const pressAll = `(async () => {
  const said = [];
  addEventListener('securitypolicyviolation', ({ violatedDirective }) => said.push('violates ' + violatedDirective));
  const until = async (isSo, what) => {
    for (let i = 0; i < 600; i++) {
      if (isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    throw new Error(what + ' did not come to an end');
  };
  const settled = (what) => until(() => document.body.dataset.busy === 'false' && document.querySelector('.target'), what);
  const press = async (download, what) => {
    await until(() => download.state === 'idle', what);
    download.shadowRoot.querySelector('button').click();
    await until(() => ['refused', 'saved'].includes(download.state), what);
    return download.state;
  };
  await settled('the start');
  said.push('download: ' + await press(document.querySelector('.target dtuf-download'), 'the download'));
  for (const button of document.querySelectorAll('.attack')) {
    const id = button.dataset.attack;
    button.click();
    await until(() => document.getElementById('outcome').dataset.attack === id, id);
    await settled(id);
    const { state } = document.getElementById('outcome').dataset;
    const terms = [...document.querySelectorAll('#outcome .proof dd')].slice(0, 2).map(({ textContent }) => textContent);
    const download = document.querySelector('#outcome dtuf-download');
    said.push([id, state, ...terms, ...(download ? ['<dtuf-download> ' + await press(download, id)] : [])].join(', '));
  }
  return JSON.stringify(said);
})()`;

/** In each engine. */
const expected = [
  'download: saved',
  'tampered-file, refused, TARGET_MISMATCH, 5.7.2, <dtuf-download> refused',
  'rollback, refused, METADATA_ROLLBACK, 5.4.3.1, <dtuf-download> refused',
  'freeze, refused, METADATA_EXPIRED, 5.4.4',
  'mix-and-match, refused, METADATA_MISMATCH, 5.6.2, <dtuf-download> refused',
  'stolen-timestamp-key, refused, METADATA_UNSIGNED, 5.5.3, <dtuf-download> refused',
  'endless-data, refused, TARGET_MISMATCH, 5.7.2, <dtuf-download> refused',
];

const home = mkdtempSync(join(tmpdir(), 'dtuf-engines-'));
const site = join(home, 'site');
await build({ configFile: join(here, 'vite.config.ts'), build: { outDir: site } });
// Without a registry beside it: as a static host carries it.
const page = await servePage(site, undefined, {});
try {
  const wanted = process.argv.slice(2);
  for (const engine of wanted.length > 0 ? wanted : Object.keys(engines)) await check(engine);
} finally {
  await page.close();
  rmSync(home, { recursive: true, force: true, maxRetries: 5 });
}

async function check(engine) {
  const missing = whyNot(engine);
  if (missing) return console.log(`NOT RUN: ${missing}`);
  const opened = await engines[engine](page.origin, { width: 1280 }, mkdtempSync(join(home, engine)));
  try {
    const said = JSON.parse(await opened.run(pressAll));
    console.log(`${engine}\n${said.map((line) => `  ${line}`).join('\n')}`);
    if (JSON.stringify(said) === JSON.stringify(expected)) return;
    console.log(`  ${engine} was expected to say:\n${expected.map((line) => `  ${line}`).join('\n')}`);
  } catch (error) {
    console.log(`${engine}: ${error.message}`);
  } finally {
    await opened.close();
  }
  process.exitCode = 1;
}
