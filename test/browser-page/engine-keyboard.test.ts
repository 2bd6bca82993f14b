// <dtuf-download> under the keys of a person, in three engines, by what drives each.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Driven, engines } from '../../demo/drive-engines.js';
import { soon } from '../examples/download.ts';
import { engineNames, whyNoEngine } from './engines.ts';
import { type Site, startSite } from './site.ts';

const SIZE = 2_000_000;

const html = (place: string) => `<!doctype html>
<html lang="en"><title>test</title>
<script type="module" src="/element.min.js"></script>
<script type="module" src="/look.js"></script>
<button type="button" id="before">Before</button>
<dtuf-download ${place} target="demo.bin" trust="/root.json">Get it</dtuf-download>
<button type="button" id="pause">Pause</button></html>`;

/** Of what a page shows: where the focus is, and what the element says of itself. */
const look = `
const download = document.querySelector('dtuf-download');
const button = () => download.shadowRoot.querySelector('button');
document.getElementById('pause').addEventListener('click', () => download.pause());
const states = [];
download.addEventListener('dtuf-state', ({ detail }) => states.push(detail));
globalThis.look = async () => JSON.stringify({
  focus: document.activeElement.id || document.activeElement.localName,
  onButton: download.shadowRoot.activeElement === button(),
  busy: button().getAttribute('aria-disabled') === 'true',
  received: download.shadowRoot.querySelector('progress').value,
  words: download.shadowRoot.querySelector('[role=status]').textContent,
  states,
});
globalThis.start = async () => {
  states.length = 0;
  document.getElementById('before').focus();
  return '';
};
`;

const all = ['checking', 'downloading', 'verified', 'saved'];

describe.each(engineNames)('<dtuf-download> in %s', (engine) => {
  const missing = whyNoEngine(engine, 'keys', ['dist/element.min.js']);
  let site: Site;
  let home: string;
  let page: Driven;

  beforeAll(async () => {
    if (missing !== undefined) return;
    site = await startSite({ 'demo.bin': new Uint8Array(SIZE) });
    site.put('/look.js', look);
    site.put('/page.html', html(`host="${site.origin}" repository="${site.repository}"`));
    home = await mkdtemp(join(tmpdir(), 'dtuf-keys-'));
    page = await engines[engine](`${site.origin}/page.html`, { width: 1000 }, home);
  });
  afterAll(async () => {
    await page?.close();
    await site?.stop();
    if (home) await rm(home, { recursive: true, force: true, maxRetries: 5 });
  });
  const seen = async () => JSON.parse(String(await page.run('look()')));
  const reach = async () => {
    await page.run('start()');
    await page.press('Tab');
    await soon(seen).toMatchObject({ focus: 'dtuf-download', onButton: true, states: [] });
  };
  const asked = () => site.asked.filter(({ path }) => path.includes('/blobs/')).length;

  it.skipIf(missing !== undefined)(
    'is reached by Tab, downloads at Enter and again at Space, and keeps the focus',
    async () => {
      for (const key of ['Enter', 'Space']) {
        await reach();
        await page.press(key);
        await soon(seen).toMatchObject({
          focus: 'dtuf-download',
          onButton: true,
          busy: false,
          words: 'Verified and saved.',
          states: all,
        });
      }
    },
  );

  it.skipIf(missing !== undefined)(
    'downloads once however often it is pressed, is paused by keys, and goes on',
    async () => {
      site.stallAfter = SIZE / 2;
      await reach();
      const before = asked();
      await page.press('Enter');
      const downloading = {
        states: ['checking', 'downloading'],
        busy: true,
        onButton: true,
        received: SIZE / 2,
      };
      await soon(seen).toMatchObject(downloading);
      await page.press('Enter');
      await page.press('Space');
      expect(await seen()).toMatchObject(downloading);
      expect(asked()).toBe(before + 1);

      await page.press('Tab');
      await soon(seen).toMatchObject({ focus: 'pause' });
      await page.press('Space');
      await soon(seen).toMatchObject({
        busy: false,
        words: 'Paused at 50 %. Press again to go on.',
        states: ['checking', 'downloading', 'idle'],
      });
      site.stallAfter = undefined;
      await page.press('Shift+Tab');
      await soon(seen).toMatchObject({ focus: 'dtuf-download', onButton: true });
      await page.press('Space');
      await soon(seen).toMatchObject({ words: 'Verified and saved.', busy: false });
      expect((await seen()).states.slice(3)).toEqual(all);
    },
  );
});
