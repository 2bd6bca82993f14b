// One process of ./metadata.js, with --expose-gc: what it is to do, src/tuf as one module, the folder of the repository,
// the number of its targets, rounds, the folder where tuf-js is installed.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { nameOf, writeRepository } from './large-repository.js';

const LOOKUPS = 10_000;
const [what, module, folder, size, rounds, tufJs] = process.argv.slice(2);
const tuf = await import(pathToFileURL(module).href);
const read = (role) => new Uint8Array(readFileSync(join(folder, `${role}.json`)));

if (what === 'write') await writeRepository(tuf, folder, Number(size));
if (what === 'peak') console.log(JSON.stringify(await peak()));
if (what === 'time') console.log(JSON.stringify(await time()));

/** Of a process that loads the file once, or only parses and writes it: its peak in MB, and the milliseconds of that first time. */
async function peak() {
  const subject = rounds === 'native' ? native : ours;
  const { took } = await timed(subject, 1);
  return { peak: process.resourceUsage().maxRSS / 1024, took };
}

/** Each makes ready what is not measured, and answers what is. */
async function native() {
  const text = new TextDecoder().decode(read('targets'));
  return () => JSON.stringify(JSON.parse(text));
}

async function ours() {
  const targets = read('targets');
  const set = await tuf.TrustedSet.start(read('root'), new Date());
  set.endRoots();
  await set.updateTimestamp(read('timestamp'));
  await set.updateSnapshot(read('snapshot'));
  return async () => {
    await set.updateTargets(targets);
    return set.targets.signed.targets;
  };
}

async function theirs() {
  const { TrustedMetadataStore } = createRequire(join(tufJs, 'index.js'))('tuf-js/dist/store.js');
  const targets = Buffer.from(read('targets'));
  const store = new TrustedMetadataStore(Buffer.from(read('root')));
  store.updateTimestamp(Buffer.from(read('timestamp')));
  store.updateSnapshot(Buffer.from(read('snapshot')));
  return () => store.updateDelegatedTargets(targets, 'targets', 'root');
}

/**
 * Milliseconds of processor time of each round, all threads (so that of the garbage collection too): unlike the time on the
 * clock it is hardly moved by what else the machine does. All are in each round, for their ratios.
 */
async function time() {
  const rows = [];
  const times = Math.max(1, Math.round(50_000 / Number(size)));
  for (let round = 0; round < Number(rounds); round++) {
    const row = { native: (await timed(native, times)).took };
    const { took, made } = await timed(ours, times);
    row.ours = took;
    row.lookup = lookup(made);
    if (tufJs !== undefined) row.tufJs = (await timed(theirs, 1)).took;
    rows.push(row);
  }
  return rows;
}

/** Small files are taken several times in a row: what the collector throws away between, of compiled code too, is not the file's. */
async function timed(subject, times) {
  const runs = [];
  for (let i = 0; i < times; i++) runs.push(await subject());
  // What the others left is not collected at this one's cost.
  globalThis.gc();
  let made;
  const start = process.cpuUsage();
  for (const run of runs) made = await run();
  const { user, system } = process.cpuUsage(start);
  return { took: (user + system) / 1000 / times, made };
}

/** Nanoseconds of one lookup; the names are all over the file, and made anew as a caller's are. */
function lookup(targets) {
  const names = Array.from({ length: LOOKUPS }, (_, i) => nameOf((i * 7919) % Number(size)));
  const start = process.cpuUsage();
  let found = 0;
  for (const name of names) if (targets.get(name) !== undefined) found++;
  const { user, system } = process.cpuUsage(start);
  if (found !== LOOKUPS) throw new Error(`${found} of ${LOOKUPS} targets were found`);
  return ((user + system) / LOOKUPS) * 1000;
}
