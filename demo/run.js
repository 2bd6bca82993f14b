// `npm run demo`: publishes, pulls, updates and tampers with the real command, then serves a page that lets you attack the same.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { servePage } from './page-server.js';
import { openShell } from './shell.js';
import { tellStory } from './story.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = join(here, '../dist/');
const once = process.argv.includes('--no-serve') || process.env.DTUF_DEMO_ONCE === '1';

const cleanups = [];
let ending;

/** Ends everything, however often it is asked to. */
function cleanUp() {
  ending ??= (async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  })();
  return ending;
}

async function main() {
  for (const file of ['cli.js', 'node.js', 'registry.js']) {
    if (!existsSync(join(dist, file))) throw new Error(`dist/${file} is not there: run npm run build first`);
  }
  const { folderStorage, serve } = await import('../dist/node.js');
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-demo-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  // It takes a second; where nobody is going to see the page it is not built.
  const site = join(folder, 'site');
  const building = once ? undefined : buildPage(site);
  // How it fails is told by who waits for it, below. What is being written cannot be removed yet.
  cleanups.push(() => building?.catch(() => undefined));

  const registryFolder = join(folder, 'registry');
  const registry = await serve({ folder: registryFolder });
  cleanups.push(registry.close);

  const shell = openShell({ dist, folder, host: registry.url, isEnding: () => ending !== undefined });
  const told = await tellStory(shell, registryFolder);
  if (once) {
    shell.say('That was all (--no-serve). Without it a page follows that verifies the same in a browser.');
    return;
  }
  await building;
  const { embeddedRegistry } = await import('../dist/registry.js');
  const beside = embeddedRegistry({ storage: folderStorage(registryFolder), readOnly: true });
  const page = await servePage(site, beside, told);
  cleanups.push(page.close);
  shell.heading('The same in a browser');
  shell.say('The page verifies this repository itself, and lets you attack it in six ways.');
  shell.say(`\n  ${shell.bold(page.origin)}\n`);
  shell.say('Ctrl-C ends it and removes everything.');
  await new Promise((resolve) => cleanups.push(resolve));
}

async function buildPage(outDir) {
  const { build } = await import('vite');
  await build({ configFile: join(here, 'vite.config.ts'), build: { outDir } });
}

for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => void cleanUp());

try {
  await main();
} catch (error) {
  // What was interrupted by Ctrl-C fails somewhere; that is no news.
  if (ending === undefined) {
    console.error(`demo: ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
} finally {
  await cleanUp();
}
