// A verified download in a page of Chromium, over a link of 1 Gbit/s, against a bare fetch of the same bytes in the same page;
// the longest task of the page's main thread; and the memory of a large download to disk, over that of the empty page.
//   node bench/page.js [MiB for the rate] [MiB for the memory]   (default 256 1024; 0 leaves one out)
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { startSite } from './page-site.js';

const [rateSize = 256, memorySize = 1024] = process.argv.slice(2).map(Number);
/** Of the rate of a bare fetch. */
const RATIO = 0.8;
/** In milliseconds, of a task. */
const TASK = 50;
/** In MB, over the empty page. */
const MEMORY = 100;

if (rateSize > 0) await withPage(rateSize, measureRate);
if (memorySize > 0) await withPage(memorySize, measureMemory);

async function withPage(size, work) {
  const site = await startSite(size);
  // A profile of its own: in a private window, which is what playwright opens otherwise, private files are held in memory.
  const profile = await mkdtemp(join(tmpdir(), 'dtuf-page-'));
  const browser = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.DTUF_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
  try {
    const open = async () => {
      const page = await browser.newPage();
      await page.goto(site.origin);
      await page.waitForFunction('globalThis.dtuf !== undefined');
      return page;
    };
    await work({ size, site, open });
  } finally {
    await browser.close();
    site.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function measureRate({ size, site, open }) {
  const rounds = [];
  for (let round = 0; round < 3; round++) {
    const page = await open();
    const bare = await page.evaluate(fetchBare, site.large);
    const verified = await page.evaluate(save);
    await page.close();
    const ratio = bare / verified.seconds;
    rounds.push({ ratio, longest: verified.longest });
    console.log(
      `${size} MiB: fetched in ${bare.toFixed(2)} s, verified and on disk in ${verified.seconds.toFixed(2)} s, ratio ${ratio.toFixed(2)}; longest task ${verified.longest.toFixed(0)} ms, over ${TASK} ms: ${verified.longTasks.length}`,
    );
  }
  // The machine is shared with others: what counts is what is possible on it.
  const ratio = Math.max(...rounds.map((round) => round.ratio));
  const longest = Math.min(...rounds.map((round) => round.longest));
  verdict('ratio to a bare fetch', ratio.toFixed(2), RATIO, ratio >= RATIO);
  verdict('longest task, ms', longest.toFixed(0), TASK, longest <= TASK);
}

async function measureMemory({ size, open }) {
  const page = await open();
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const empty = await memoryOf();
  let peak = 0;
  let watching = true;
  const watch = (async () => {
    while (watching) {
      peak = Math.max(peak, await memoryOf());
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const { seconds } = await page.evaluate(save);
  watching = false;
  await watch;
  const over = peak - empty;
  console.log(`${size} MiB to disk in ${seconds.toFixed(1)} s, over an empty page of ${empty.toFixed(0)} MB`);
  verdict('memory over the empty page, MB', over.toFixed(0), MEMORY, over <= MEMORY);
}

function verdict(what, got, bound, kept) {
  if (!kept) process.exitCode = 1;
  console.log(`${what}: ${got} (bound ${bound}: ${kept ? 'kept' : 'BROKEN'})`);
}

/** In the page. @returns the seconds. */
async function fetchBare(path) {
  const began = performance.now();
  const reader = (await fetch(path, { cache: 'no-store' })).body.getReader();
  while (!(await reader.read()).done);
  return (performance.now() - began) / 1000;
}

/** In the page: saves the target as a click does where there is no picker; the browser's own copy is nobody's time. */
async function save() {
  const { DTufCopy, memoryStore } = globalThis.dtuf;
  const longTasks = [];
  const observer = new PerformanceObserver((list) => longTasks.push(...list.getEntries()));
  observer.observe({ type: 'longtask' });
  HTMLAnchorElement.prototype.click = () => undefined;
  delete globalThis.showSaveFilePicker;
  const copy = new DTufCopy({
    layout: 'http',
    host: `${location.origin}/metadata/`,
    trust: new URL('/metadata/1.root.json', location.href),
    store: memoryStore(),
  });
  await copy.pullMetadata();
  const target = await copy.pullTarget('large');
  // What is too short for a "longtask" shows as a gap between two timers.
  let longest = 0;
  let last = performance.now();
  const ticker = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 4);
    last = now;
  }, 4);
  const began = performance.now();
  await target.save();
  const seconds = (performance.now() - began) / 1000;
  clearInterval(ticker);
  await new Promise((resolve) => setTimeout(resolve, 200));
  observer.disconnect();
  return { seconds, longest, longTasks: longTasks.map(({ duration }) => duration) };
}

/** Of the browser with all its processes, shared pages counted by share (Linux), in MB. */
async function memoryOf() {
  const parents = new Map();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // It may have ended meanwhile.
    if (stat) parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isOurs = (pid) => parents.get(pid) === process.pid || (parents.has(pid) && isOurs(parents.get(pid)));
  let sum = 0;
  for (const pid of [...parents.keys()].filter(isOurs)) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    sum += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return (sum * 1024) / 1e6;
}
