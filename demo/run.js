// `npm run demo`: publishes, pulls, updates and tampers with the real command, then serves a page that verifies the same.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { servePage } from './page-server.js';
import { openShell } from './shell.js';
import { forgeMirror, tellStory } from './story.js';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
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
  for (const file of ['cli.js', 'node.js', 'dtuf.min.js', 'element.min.js']) {
    if (!existsSync(join(dist, file))) throw new Error(`dist/${file} is not there: run npm run build first`);
  }
  const { serve } = await import('../dist/node.js');
  const folder = await mkdtemp(join(tmpdir(), 'dtuf-demo-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));

  const page = await servePage(dist);
  cleanups.push(page.close);
  const registryFolder = join(folder, 'registry');
  const registry = await serve({ folder: registryFolder, allowOrigin: page.origin });
  cleanups.push(registry.close);

  const shell = openShell({ dist, folder, host: registry.url, isEnding: () => ending !== undefined });
  const told = await tellStory(shell, registryFolder);
  if (once) {
    shell.say('That was all (--no-serve). Without it a page follows that verifies the same in a browser.');
    return;
  }
  const mirrorFolder = join(folder, 'mirror');
  const altered = await forgeMirror(registryFolder, mirrorFolder, told);
  const mirror = await serve({ folder: mirrorFolder, allowOrigin: page.origin, readOnly: true });
  cleanups.push(mirror.close);
  page.show({ ...told, registry: registry.url, mirror: mirror.url, altered });
  shell.heading('The same in a browser');
  shell.say('The page verifies this repository itself, and refuses a mirror on which one bit was changed.');
  shell.say(`\n  ${shell.bold(page.origin)}\n`);
  shell.say('Ctrl-C ends it and removes everything.');
  await new Promise((resolve) => cleanups.push(resolve));
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
