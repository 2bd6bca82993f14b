// Load and verify a targets file of many entries (TUF 5.6: length, hash, parse, signature, version, expiry), beside
// JSON.parse + JSON.stringify of the same text and beside tuf-js, in the same process.
//   node bench/metadata.js [sizes]   (default: 10000 100000 1000000)
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleTuf } from './bundled-tuf.js';

/** To reach: at most this many times JSON.parse + JSON.stringify. */
const BOUND = 6;
/** And the same at each size: the largest factor is at most this many times that of the smallest file. */
const GROWTH = 1.5;
/** The newest that runs on Node 20. */
const TUF_JS = 'tuf-js@4.1.0';
/** Entries and rounds. Its time grows with the square of the entries: more are not to be waited for. */
const TUF_JS_SIZES = [
  [1000, 9],
  [10_000, 1],
];

const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000, 100_000, 1_000_000];
const folder = mkdtempSync(join(tmpdir(), 'dtuf-metadata-'));
try {
  const module = await bundleTuf(folder);
  console.log(
    'Milliseconds of processor time; in brackets the spread; of a first load its factor, of the peak that of JSON alone.',
  );
  print('entries', 'MB', 'JSON ms', 'load ms', 'factor', 'first load', 'lookup ns', 'peak MB');
  const factors = sizes.map((size) => measure(module, size));
  judge(`the largest factor is ${Math.max(...factors).toFixed(2)}`, Math.max(...factors), BOUND);
  const growth = factors.at(-1) / factors[0];
  judge(`the factor grows ${growth.toFixed(2)}-fold from the first size to the last`, growth, GROWTH);
  besideTufJs(module);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Prints the figures of one size, and answers the median of its factors. */
function measure(module, size) {
  child(module, 'write', size);
  const MB = statSync(join(folder, 'targets.json')).size / 1e6;
  const rounds = child(module, 'time', size, size > 300_000 ? 3 : 11);
  const of = (figure, digits = 0) => spread(rounds.map(figure), digits);
  const [once, onceNative] = ['ours', 'native'].map((subject) => child(module, 'peak', size, subject));
  const first = `${once.took.toFixed(0)} (${(once.took / onceNative.took).toFixed(1)})`;
  const peak = `${once.peak.toFixed(0)} (${onceNative.peak.toFixed(0)})`;
  const factor = ({ native, ours }) => ours / native;
  const lookup = of(({ lookup }) => lookup);
  print(
    size,
    MB.toFixed(1),
    of(({ native }) => native),
    of(({ ours }) => ours),
    of(factor, 2),
    first,
    lookup,
    peak,
  );
  return median(rounds.map(factor));
}

function besideTufJs(module) {
  const tufJs = installTufJs();
  for (const [size, rounds] of TUF_JS_SIZES) {
    if (tufJs === undefined) {
      console.log(`${size} entries beside tuf-js: not run, because npm could not install ${TUF_JS}`);
      continue;
    }
    child(module, 'write', size);
    const times = child(module, 'time', size, rounds, tufJs);
    const ms = (figure) => spread(times.map(figure), 0);
    const ratio = spread(
      times.map(({ ours, tufJs }) => tufJs / ours),
      0,
    );
    console.log(
      `${size} entries: ${ms(({ ours }) => ours)} ms, ${TUF_JS} ${ms(({ tufJs }) => tufJs)} ms: ${ratio} times as long`,
    );
  }
}

/** The folder that has tuf-js, kept for the next run; undefined where it cannot be had. */
function installTufJs() {
  const prefix = join(tmpdir(), `dtuf-bench-${TUF_JS}`);
  mkdirSync(prefix, { recursive: true });
  const parameters = ['install', '--prefix', prefix, '--no-audit', '--no-fund', '--ignore-scripts', TUF_JS];
  const { status } = spawnSync('npm', parameters, { stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? prefix : undefined;
}

/** Each in a process of its own, so that a peak is that of one thing. */
function child(module, what, size, ...parameters) {
  const script = fileURLToPath(new URL('./metadata-process.js', import.meta.url));
  const all = ['--expose-gc', script, what, module, folder, size, ...parameters];
  const written = execFileSync(process.execPath, all, { stdio: ['ignore', 'pipe', 'inherit'] });
  return written.length === 0 ? undefined : JSON.parse(written);
}

function judge(what, figure, bound) {
  const kept = figure <= bound;
  if (!kept) process.exitCode = 1;
  console.log(`${what} (bound ${bound}: ${kept ? 'kept' : 'BROKEN'})`);
}

/** The median, and from where to where the rounds went. */
function spread(figures, digits) {
  const [least, most] = [Math.min(...figures), Math.max(...figures)];
  const [middle, from, to] = [median(figures), least, most].map((figure) => figure.toFixed(digits));
  return `${middle} (${from}-${to})`;
}

function median(figures) {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)];
}

function print(...cells) {
  const widths = [9, 6, 18, 20, 18, 14, 18, 0];
  console.log(cells.map((cell, i) => String(cell).padEnd(widths[i])).join(' '));
}
