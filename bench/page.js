// A verified download in a page of Chromium and of Firefox, over a link of 1 Gbit/s, against a bare fetch of the same bytes in the
// same page; the longest task of the page's main thread; and the memory of a large download to disk, over that of the empty page.
//   node bench/page.js [chromium] [firefox] [webkit] [rate=MiB] [memory=MiB] [rounds=N]   (256, 1024, 3; 0 leaves one out)
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from '../test/runtimes/browsers.js';
import { startSite } from './page-site.js';

const args = process.argv.slice(2);
const number = (name, otherwise) =>
  Number(args.find((arg) => arg.startsWith(`${name}=`))?.slice(name.length + 1) ?? otherwise);
const named = args.filter((arg) => !arg.includes('='));
const rounds = number('rounds', 3);

/** Of the rate of a bare fetch; in milliseconds, of a task; in MB, over the empty page. */
const bounds = {
  chromium: { ratio: 0.8, task: 50, memory: 100 },
  firefox: { ratio: 0.8, task: 50, memory: 150 },
  webkit: { ratio: 0, task: Number.POSITIVE_INFINITY, memory: Number.POSITIVE_INFINITY },
};

for (const engine of named.length > 0 ? named : ['chromium', 'firefox']) {
  const [rate, memory] = [number('rate', 256), number('memory', 1024)];
  if (rate > 0) await withPage(engine, rate, measureRate);
  if (memory > 0) await measureMemories(engine, memory);
}

async function withPage(engine, size, work) {
  const site = await startSite(size, [fetchBare, save]);
  // A profile of its own, and no private window, which would hold private files in memory.
  const profile = await mkdtemp(join(tmpdir(), 'dtuf-page-'));
  const browser = await open(engine, site.origin, profile);
  const ended = new Promise((resolve) => browser.once('exit', resolve));
  try {
    await work({ engine, size, site, browser, bound: bounds[engine] });
  } finally {
    browser.kill();
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 5000))]);
    site.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measureRate(at) {
  for (const inMemory of [true, false]) await measureRateTo(at, inMemory);
}

async function measureRateTo({ engine, size, site, bound }, inMemory) {
  const where = inMemory ? 'in memory' : 'on disk';
  const all = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await site.run('fetchBare', site.large);
    const verified = await site.run('save', 'large', inMemory);
    if (verified.refused) throw new Error(verified.refused);
    const ratio = bare / verified.seconds;
    all.push({ ratio, longest: verified.longest });
    console.log(
      `${engine}, ${size} MiB: fetched in ${bare.toFixed(2)} s, verified and ${where} in ${verified.seconds.toFixed(2)} s, ratio ${ratio.toFixed(2)}; longest task ${verified.longest.toFixed(0)} ms, load ${loadavg()[0].toFixed(1)}`,
    );
  }
  // The machine is shared with others: what counts is what is possible on it. The middle and the spread are told too.
  const ratios = all.map(({ ratio }) => ratio);
  const tasks = all.map(({ longest }) => longest);
  verdict(
    `${engine}, ${where}: ratio to a bare fetch`,
    spread(ratios, 2),
    bound.ratio,
    Math.max(...ratios) >= bound.ratio,
  );
  verdict(
    `${engine}, ${where}: longest task, ms`,
    spread(tasks, 0),
    bound.task,
    Math.min(...tasks) <= bound.task,
  );
}

/** A browser of its own for each: what one does not give back would be a part of the next one's empty page. */
async function measureMemories(engine, size) {
  const all = [];
  for (let round = 0; round < rounds; round++)
    await withPage(engine, size, async (at) => void all.push(await measureMemory(at)));
  const bound = bounds[engine].memory;
  verdict(`${engine}: memory over the empty page, MB`, spread(all, 0), bound, Math.max(...all) <= bound);
}

async function measureMemory({ engine, size, site, browser }) {
  await site.run('settle');
  const empty = await memoryOf(browser.pid);
  let peak = 0;
  let watching = true;
  const watch = (async () => {
    while (watching) {
      peak = Math.max(peak, await memoryOf(browser.pid));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const { seconds, refused } = await site.run('save', 'large');
  watching = false;
  await watch;
  console.log(
    `${engine}, ${size} MiB: ${refused ?? 'to disk'} in ${seconds.toFixed(1)} s, ${(peak - empty).toFixed(0)} MB over an empty page of ${empty.toFixed(0)} MB, load ${loadavg()[0].toFixed(1)}`,
  );
  if (refused !== undefined && engine !== 'webkit') throw new Error(refused);
  return peak - empty;
}

function spread(values, digits) {
  const sorted = values.toSorted((a, b) => a - b);
  const [least, middle, most] = [sorted[0], sorted[sorted.length >> 1], sorted.at(-1)].map((value) =>
    value.toFixed(digits),
  );
  return `${middle} (${least} to ${most})`;
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

/**
 * In the page: saves the target as a click does where there is no picker (the browser's own copy is nobody's time), or makes a Blob
 * of it.
 */
async function save(name, inMemory = false) {
  const { DTufCopy, memoryStore } = globalThis.dtuf;
  HTMLAnchorElement.prototype.click = () => undefined;
  delete globalThis.showSaveFilePicker;
  // What an earlier round left would be used again.
  const files = await navigator.storage?.getDirectory?.();
  for await (const left of files?.keys() ?? []) await files.removeEntry(left, { recursive: true });
  const copy = new DTufCopy({
    layout: 'http',
    host: `${location.origin}/metadata/`,
    trust: new URL('/metadata/1.root.json', location.href),
    store: memoryStore(),
    ...(inMemory ? { limits: { memory: 2 ** 30 } } : {}),
  });
  await copy.pullMetadata();
  const target = await copy.pullTarget(name);
  // A task shows as a gap between two timers.
  let longest = 0;
  let last = performance.now();
  const ticker = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 4);
    last = now;
  }, 4);
  const began = performance.now();
  let refused;
  await (inMemory ? target.blob() : target.save()).catch((error) => {
    refused = String(error);
  });
  const seconds = (performance.now() - began) / 1000;
  clearInterval(ticker);
  return { seconds, longest, refused };
}

/** Of a process with all that it has started, shared pages counted by share (Linux), in MB. */
async function memoryOf(root) {
  const parents = new Map();
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    // It may have ended meanwhile.
    if (stat) parents.set(pid, Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isOurs = (pid) => pid === root || (parents.has(pid) && isOurs(parents.get(pid)));
  let sum = 0;
  for (const pid of [...parents.keys()].filter(isOurs)) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    sum += Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0);
  }
  return (sum * 1024) / 1e6;
}
