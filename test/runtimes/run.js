// `npm run runtimes [-- RUNTIME... PART-OF-A-PATH...]`: the tests, as they are, in other runtimes than the one at hand.
// `--outputFile.json=FILE` writes what vitest's reporter `json` would.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { base, bundle, root } from './bundle.js';
import { runtimes } from './launch.js';
import { outcomeOf } from './outcome.js';
import { print, write } from './report.js';
import { select } from './suites.js';

const flags = process.argv.slice(2).filter((arg) => arg.startsWith('--'));
const args = process.argv.slice(2).filter((arg) => !arg.startsWith('--'));
const named = args.filter((arg) => arg in runtimes);
const names = named.length > 0 ? named : ['deno', 'bun'];
const parts = args.filter((arg) => !(arg in runtimes));

mkdirSync(join(root, '.cache'), { recursive: true });
const folder = mkdtempSync(join(root, '.cache/runtimes-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
// Whoever interrupts this ends what it started: each does so at its exit.
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
const { provided, stop } = await setUp();
try {
  const modules = await Promise.all(names.map(prepare));
  const outcomes = await Promise.all(modules.map(runIn));
  const well = outcomes.map(print);
  for (const flag of flags) {
    if (flag.startsWith('--outputFile.json=')) write(flag.slice('--outputFile.json='.length), outcomes);
  }
  process.exitCode = well.every(Boolean) ? 0 : 1;
} finally {
  await stop();
}

async function prepare(name) {
  const { files, excluded } = select(name, parts);
  return { name, module: await bundle({ files, excluded, provided }, join(folder, name)) };
}

async function runIn({ name, module }) {
  return { name, ...(await outcomeOf(runtimes[name](module))) };
}

/** The global set-up of vitest.config.ts. */
async function setUp() {
  const { module } = await runnerImport(join(root, 'test/setup/docker-registry.ts'), base);
  const provided = {};
  const stop = await module.default({
    provide: (name, value) => {
      provided[name] = value;
    },
  });
  return { provided, stop };
}
