// The client under test of theupdateframework/tuf-conformance: DTufCopy over a plain TUF repository on a web server.
// It runs the built package, since Node 20 does not run TypeScript: `npm run build` comes first.
import { existsSync } from 'node:fs';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const BUILT = new URL('../../dist/node.js', import.meta.url);
const VERIFIED = ['repository/metadata/current/', 'repository/metadata/delegated/'];

/** `<metadata-dir>/root.json` is what is trusted: what `init` was given, later the newest root that was verified. */
const rootIn = (folder) => join(folder, 'root.json');

async function init(folder, _, [trusted]) {
  await copyFile(needed(trusted, 'the trusted root'), rootIn(folder));
}

async function refresh(folder, options) {
  await withCopy(folder, options, (copy) => copy.pullMetadata());
}

async function download(folder, options) {
  const into = needed(options['target-dir'], '--target-dir');
  await withCopy(folder, options, async (copy) => {
    await copy.pullMetadata();
    for (const name of needed(options['target-name'], '--target-name')) {
      // A name is a path: as one segment it cannot lead out of the folder.
      const path = join(into, encodeURIComponent(name).replaceAll('.', '%2E'));
      if (existsSync(path) && (await copy.checkTarget(name, path))) continue;
      await (await copy.pullTarget(name)).save({ path });
    }
  });
}

/** Lets `work` use a client whose state is in `folder`; what it verified is then there as `<role>.json`, failed or not. */
async function withCopy(folder, options, work) {
  const { DTufCopy, fileStore } = await built();
  const store = fileStore(join(folder, 'state'));
  const copy = new DTufCopy({
    layout: 'http',
    host: needed(options['metadata-url'], '--metadata-url'),
    targetsHost: options['target-base-url'],
    trust: await readFile(rootIn(folder)),
    store,
  });
  try {
    await work(copy);
  } finally {
    await showVerified(store, folder);
  }
}

async function showVerified(store, folder) {
  const names = (await Promise.all(VERIFIED.map((prefix) => store.list(prefix)))).flat();
  // Before the first refresh that got anywhere there is nothing, and what init was given stays.
  if (names.length === 0) return;
  for (const old of await readdir(folder)) if (old.endsWith('.json')) await rm(join(folder, old));
  for (const [name, { bytes }] of await store.read(names))
    await writeFile(join(folder, basename(name)), bytes);
}

async function built() {
  if (existsSync(BUILT)) return import(BUILT.href);
  throw new Error(`there is no ${fileURLToPath(BUILT)}: run "npm run build" first`);
}

function needed(value, what) {
  if (value !== undefined) return value;
  throw new Error(`${what} is missing`);
}

const COMMANDS = { init, refresh, download };

try {
  const { values: options, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'metadata-dir': { type: 'string' },
      'metadata-url': { type: 'string' },
      'target-name': { type: 'string', multiple: true },
      'target-base-url': { type: 'string' },
      'target-dir': { type: 'string' },
    },
  });
  const [name, ...rest] = positionals;
  const command = needed(COMMANDS[name], 'the command (init, refresh or download)');
  await command(needed(options['metadata-dir'], '--metadata-dir'), options, rest);
} catch (error) {
  console.error(`${error.code ?? error.name}: ${error.message}`);
  process.exitCode = 1;
}
