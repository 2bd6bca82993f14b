// `npm run runtimes [-- RUNTIME-OR-GROUP... PART-OF-A-PATH...]`: the tests, as they are, in other runtimes than the one at hand.
// `--outputFile.json=FILE` writes what vitest's reporter `json` would.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, load, root } from './bundle.js';
import { groups, runtimes } from './launch.js';
import { outcomeOf } from './outcome.js';
import { print, write } from './report.js';
import { select } from './suites.js';

const flags = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
const args = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const named = args.flatMap((arg) => groups[arg] ?? (arg in runtimes ? [arg] : []));
const names = (named.length > 0 ? named : groups.processes).filter(isThere);
const parts = args.filter((arg) => !(arg in runtimes || arg in groups));
/** No more at once than there are cores: the tests have bounds of time. */
const atOnce = 2;

mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache/runtimes-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// Whoever interrupts this ends what it started: each does so at its exit.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const { provided, stop } = await setUp();
try {
  const outcomes = await inTurns(names);
  const well = outcomes.map(print);
  for (const flag of flags) {
    if (flag.startsWith('--outputFile.json=')) write(flag.slice('--outputFile.json='.length), outcomes);
  }
  process.exitCode = well.every(Boolean) ? 0 : 1;
} finally {
  await stop();
}

/** As in test/run.js: what is not installed is said, and is an error in CI. */
function isThere(name) {
  const why = runtimes[name].whyNot?.();
  if (why === undefined) return true;
  if (process.env.CI === 'true') throw new Error(`${name}: ${why}`);
  // Said at the end too, where it is seen.
  const say = () => console.log(`NOT RUN: ${name}: ${why}`);
  say();
  process.once('exit', say);
  return false;
}

async function inTurns(waiting) {
  const outcomes = [];
  const left = [...waiting.entries()];
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) outcomes[next[0]] = await runIn(next[1]);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return outcomes;
}

async function runIn(name) {
  const { start, entry } = runtimes[name];
  const module = await bundle({ ...select(name, parts), provided }, join(folder, name), entry);
  return { name, ...(await outcomeOf(start(module))) };
}

/** The global set-ups of vitest.config.ts. */
async function setUp() {
  const provided = {};
  const provide = (name, value) => {
    provided[name] = value;
  };
  const stops = [];
  for (const file of ['docker-registry.ts', 'faulty-registry.ts']) {
    const { default: start } = await load(`test/setup/${file}`, join(folder, file));
    stops.push(await start({ provide }));
  }
  return { provided, stop: () => Promise.all(stops.map((stop) => stop())) };
}
