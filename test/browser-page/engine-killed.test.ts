// A browser that is killed in a download and started again with the same profile. Nothing drives it (ADR 23): its page begins by
// itself, and posts how far it is. And a tab that is killed in Firefox, whose browser goes on; that of Chromium is in
// element-page.test.ts.
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { engines } from '../../demo/drive-engines.js';
import { soon } from '../examples/download.ts';
import { type Engine, open } from '../runtimes/browsers.js';
import { engineNames, killAll, killTabs, whyNoEngine } from './engines.ts';
import { type Site, startSite } from './site.ts';

const MiB = 1024 * 1024;
const large = randomBytes(40 * MiB);

/** What is left after 36 MiB have come: two whole segments of 16 MiB, where there are private files. */
const kept: Readonly<Record<Engine, number>> = { chromium: 32 * MiB, firefox: 32 * MiB, webkit: 0 };

const page = (repository: string) => `<!doctype html><title>test</title><script type="module">
delete globalThis.showSaveFilePicker;
const say = (what) => fetch('/said', { method: 'POST', body: JSON.stringify(what) });
try {
  const { DTufCopy } = await import('/dtuf.min.js');
  const trust = new URL('/root.json', location.href);
  // However slow it is, it comes over one connection: the one that stands still.
  const limits = { fast: 0 };
  const copy = new DTufCopy({ host: location.origin, repository: '${repository}', trust, limits });
  await copy.pullMetadata();
  const target = await copy.pullTarget('large');
  const onProgress = ({ received }) => {
    if (received === ${36 * MiB} && location.hash === '#stalls') void say({ received });
  };
  await say(await target.save({ onProgress }));
} catch (error) {
  await say({ error: String(error) });
}
</script>`;

let site: Site;
let home: string;
beforeEach(async () => {
  site = await startSite({ large: new Uint8Array(large) });
  site.put('/', page(site.repository));
  site.stallAfter = 36 * MiB;
  home = await mkdtemp(join(tmpdir(), 'dtuf-killed-'));
});
afterEach(async () => {
  await site.stop();
  await rm(home, { recursive: true, force: true, maxRetries: 5 });
});

function goOn(): void {
  site.stallAfter = undefined;
  site.asked.length = 0;
}

/** That what was kept was used, and the rest fetched. */
async function expectTheRest(bytesReused: number): Promise<void> {
  const bytesFetched = large.length - bytesReused;
  expect(await site.said()).toEqual({ how: 'download', bytesReused, bytesFetched });
  const asked = site.asked.filter(({ path }) => path.includes('/blobs/')).map(({ range }) => range);
  expect(asked).toEqual([bytesReused > 0 ? `bytes=${bytesReused}-${large.length - 1}` : undefined]);
  // The browser has its copy a moment later.
  await soon(isHandedOver).toBe(true);
}

async function isHandedOver(): Promise<boolean> {
  return (await contentsOf(home, 'large')).some((content) => content.equals(large));
}

describe.each(engineNames)('%s, killed in a download', (engine) => {
  const missing = whyNoEngine(engine, 'a browser that is killed', ['dist/dtuf.min.js']);
  let browser: ChildProcess | undefined;
  afterEach(async () => {
    if (browser) await killAll(browser);
  });

  it.skipIf(missing !== undefined)(
    `${kept[engine] > 0 ? 'goes on from what it had' : 'has nothing left, and begins anew'} (ATTACKS 62)`,
    async () => {
      browser = await open(engine, `${site.origin}#stalls`, home);
      expect(await site.said()).toEqual({ received: 36 * MiB });
      await killAll(browser);
      const left = await contentsOf(home);
      expect(left.some((content) => content.includes(large.subarray(0, 4096)))).toBe(kept[engine] > 0);
      expect(await isHandedOver()).toBe(false);
      goOn();
      browser = await open(engine, site.origin, home);
      await expectTheRest(kept[engine]);
    },
  );
});

const noFirefox = whyNoEngine('firefox', 'a tab that is killed', ['dist/dtuf.min.js']);
it.skipIf(noFirefox !== undefined)(
  'a tab of firefox, killed in a download, leaves what it had to the next (ATTACKS 62)',
  async () => {
    const firefox = await engines.firefox(`${site.origin}#stalls`, { width: 1000 }, home);
    try {
      expect(await site.said()).toEqual({ received: 36 * MiB });
      await killTabs(firefox.browser);
      goOn();
      await firefox.openTab(site.origin);
      await expectTheRest(kept.firefox);
    } finally {
      await firefox.close();
    }
  },
);

/** Of all files of a folder, or of those with a name. */
async function contentsOf(folder: string, name?: string): Promise<Buffer[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && (name === undefined || entry.name === name));
  // Some are there for a moment only.
  return Promise.all(
    files.map((file) => readFile(join(file.parentPath, file.name)).catch(() => Buffer.alloc(0))),
  );
}
