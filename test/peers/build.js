// `npm run peers`: builds the registries and tools of others, in Go, that the tests in this folder speak with.
//
// Each is a version of the Go module proxy, verified against Go's checksum database, built once and kept outside the
// checkout, in $DTUF_PEERS or ~/.cache/dtuf-peers. Names of peers as arguments build those alone. What cannot be built
// is said and skipped: the tests say NOT RUN of it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { executableOf, peers, peersFolder } from './pins.js';

/** In seconds: for one peer, and for all together. */
const budget = Number(process.env.DTUF_PEER_SECONDS ?? 600);
const budgetOfAll = Number(process.env.DTUF_PEERS_SECONDS ?? 600);

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const wanted = process.argv.slice(2);
  const missing = await buildPeers(wanted.length > 0 ? wanted : Object.keys(peers));
  // Whoever names a peer wants that one.
  process.exitCode = wanted.length > 0 && missing > 0 ? 1 : 0;
}

/** @returns how many of them are not there in the end. */
export async function buildPeers(names) {
  const end = Date.now() + budgetOfAll * 1000;
  let missing = 0;
  for (const name of names) {
    const told = await buildPeer(name, end).catch((error) => ({ failed: error.message }));
    if ('failed' in told) missing++;
    console.log(`${name}: ${'failed' in told ? `NOT BUILT: ${told.failed}` : told.built}`);
  }
  return missing;
}

async function buildPeer(name, end) {
  const peer = peers[name];
  if (!peer) return { failed: `there is no such peer; there are ${Object.keys(peers).join(', ')}` };
  const { module, path = '', version, tags = '' } = peer;
  const executable = executableOf(name);
  if (existsSync(executable)) return { built: `${version} is there already, ${executable}` };
  const seconds = Math.min(budget, Math.floor((end - Date.now()) / 1000));
  if (seconds <= 0) return { failed: `no time is left of ${budgetOfAll} s for all` };
  const go = findGo();
  if (!go) return { failed: 'go is not installed (https://go.dev/dl, into /usr/local/go or the PATH)' };
  await mkdir(peersFolder, { recursive: true });
  const folder = await mkdtemp(join(peersFolder, 'building-'));
  const began = Date.now();
  try {
    await run(
      go,
      ['install', '-trimpath', '-ldflags=-s -w', `-tags=${tags}`, `${module}${path}@${version}`],
      seconds,
      {
        // CGO would want a C compiler; `local` keeps Go from downloading another Go.
        env: { CGO_ENABLED: '0', GOBIN: folder, GOFLAGS: '', GOTOOLCHAIN: 'local' },
        cwd: folder,
      },
    );
    const [made = ''] = await readdir(folder);
    // In one step: whoever looks at the same time finds all of it or nothing.
    await rename(join(folder, made), executable);
    return { built: `${version} built in ${Math.round((Date.now() - began) / 1000)} s, ${executable}` };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function findGo() {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/go/bin'];
  return folders.map((folder) => join(folder, 'go')).find((path) => existsSync(path));
}

/** Rejects with the last lines that the command printed. */
function run(command, args, seconds, { env, cwd }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
      // A group of its own: the compilers that go started end with it.
      detached: true,
    });
    const stop = () => {
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    };
    const timer = setTimeout(() => {
      stop();
      reject(new Error(`it took longer than ${seconds} s`));
    }, seconds * 1000);
    process.once('exit', stop);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-2000);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      process.removeListener('exit', stop);
      if (code === 0) resolve();
      else reject(new Error(said.trim().split('\n').slice(-3).join(' | ')));
    });
  });
}
