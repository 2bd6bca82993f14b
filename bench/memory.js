// Peak memory of the command that pushes and pulls a large target, through an embedded registry in a process of its own.
//   node bench/memory.js [size in MiB]   (default 2048)
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const MiB = 1024 * 1024;
const BOUND = 150;
const size = Number(process.argv[2] ?? 2048);
const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
const reportPeak =
  'data:text/javascript,process.on("exit",()=>console.error("peak",process.resourceUsage().maxRSS))';
const folder = await mkdtemp(join(tmpdir(), 'dtuf-memory-'));
const password = Object.fromEntries(
  ['ROOT', 'TARGETS', 'SNAPSHOT', 'TIMESTAMP'].map((role) => [`DTUF_${role}_KEY_PASSWORD`, 'password']),
);
const server = spawn(process.execPath, [cli, 'serve', join(folder, 'registry'), '--port', '0'], {
  stdio: ['ignore', 'pipe', 'inherit'],
});

try {
  const address = (await firstLine(server.stdout)).match(/http:\S+/)?.[0] ?? '';
  const environment = {
    ...process.env,
    ...password,
    DTUF_HOST: address,
    DTUF_PROGRESS: '0',
    DTUF_LOG_FILE: '',
  };
  const file = join(folder, 'large');
  await writeRandom(file, size * MiB);
  for (const command of ['create-root-key', 'create-metadata-keys', 'create-metadata'])
    await dtuf([command, 'bench/large'], environment);
  report('push-target', await dtuf(['push-target', 'bench/large', 'large', file], environment));
  await dtuf(['push-metadata', 'bench/large'], environment);
  await dtuf(
    ['pull-metadata', 'bench/large', join(folder, 'dtuf_repos/bench/large/master/keys/root_key.pub')],
    environment,
  );
  report(
    'pull-target --output',
    await dtuf(['pull-target', 'bench/large', 'large', '--output', join(folder, 'pulled')], environment),
  );
  report('pull-target to standard output', await dtuf(['pull-target', 'bench/large', 'large'], environment));
  const { size: pulled } = await stat(join(folder, 'pulled'));
  if (pulled !== size * MiB) throw new Error(`${pulled} bytes were pulled`);
} finally {
  server.kill();
  await rm(folder, { recursive: true, force: true });
}

function report(what, { peak, seconds }) {
  const kept = peak <= BOUND;
  if (!kept) process.exitCode = 1;
  console.log(
    `${what.padEnd(32)} ${size} MiB in ${seconds.toFixed(1)} s, peak ${peak.toFixed(0)} MB (bound ${BOUND}: ${kept ? 'kept' : 'BROKEN'})`,
  );
}

async function dtuf(parameters, env) {
  const start = performance.now();
  const child = spawn(process.execPath, ['--import', reportPeak, cli, ...parameters], {
    cwd: folder,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`dtuf ${parameters.join(' ')} ended with ${code}: ${errors}`);
  // maxRSS is in KiB.
  return { peak: Number(/peak (\d+)/.exec(errors)?.[1]) / 1024, seconds: (performance.now() - start) / 1000 };
}

async function writeRandom(path, length) {
  const block = randomBytes(MiB);
  const blocks = function* () {
    for (let i = 0; i < length / MiB; i++) {
      block.writeUInt32LE(i, 0);
      yield Buffer.from(block);
    }
  };
  await pipeline(blocks, createWriteStream(path));
}

async function firstLine(stream) {
  for await (const chunk of stream) return String(chunk);
  throw new Error('dtuf serve said nothing');
}
