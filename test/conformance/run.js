// `npm run conformance -- <checkout of theupdateframework/tuf-conformance>`: its whole suite, with test/conformance/client on
// each runtime that is at hand. A Python environment with what the suite needs is made for that, and removed.
// What did not run is said at the end, where it is seen. With CI=true everything has to run.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLIENT = fileURLToPath(new URL('client', import.meta.url));
const BUILT = fileURLToPath(new URL('../../dist/node.js', import.meta.url));
/** By name, the program: on the path if nothing else is said. */
const RUNTIMES = {
  node: process.execPath,
  deno: process.env.DTUF_DENO ?? 'deno',
  bun: process.env.DTUF_BUN ?? 'bun',
};

const suite = resolve(process.argv[2] ?? '');
if (process.argv[2] === undefined || !existsSync(join(suite, 'tuf_conformance')))
  end(
    'name a checkout of https://github.com/theupdateframework/tuf-conformance: npm run conformance -- <folder>',
  );
if (!existsSync(BUILT)) end(`there is no ${BUILT}: run "npm run build" first`);
if (existsSync(`${CLIENT}.xfails`)) end(`${CLIENT}.xfails lists tests that may fail: none may`);
if (versionOf('faketime') === undefined) end('the suite needs faketime (apt-get install faketime)');

const work = mkdtempSync(join(tmpdir(), 'dtuf-conformance-'));
const notRun = [];
let failed = false;
try {
  const python = makePython(process.env.DTUF_PYTHON ?? 'python3');
  for (const [name, path] of Object.entries(RUNTIMES)) {
    const version = versionOf(path);
    if (version === undefined)
      notRun.push(
        `NOT RUN: conformance on ${name}: there is no ${path} (DTUF_${name.toUpperCase()} names one)`,
      );
    else if (!passes(python, path, version)) failed = true;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
if (notRun.length > 0) console.error(`\n${notRun.join('\n')}\n`);
process.exitCode = failed || (process.env.CI === 'true' && notRun.length > 0) ? 1 : 0;

/** An environment with what the suite requires; the suite itself runs from its checkout. */
function makePython(system) {
  const python = join(work, 'python/bin/python');
  execFileSync(system, ['-m', 'venv', join(work, 'python')], { stdio: 'inherit' });
  const quiet = ['--quiet', '--disable-pip-version-check'];
  execFileSync(python, ['-m', 'pip', 'install', ...quiet, suite], { stdio: 'inherit' });
  return python;
}

/** Whether each test of the suite passed: none failed, was skipped or was expected to fail. */
function passes(python, runtime, version) {
  const report = join(work, 'report.json');
  const plain = ['-q', '-p', 'no:cacheprovider', '--json-report', '--json-report-file', report];
  const env = { ...process.env, DTUF_CONFORMANCE_RUNTIME: runtime, PYTHONDONTWRITEBYTECODE: '1' };
  const { status } = spawnSync(
    python,
    ['-m', 'pytest', 'tuf_conformance', ...plain, '--entrypoint', CLIENT],
    { cwd: suite, stdio: 'inherit', env },
  );
  if (!existsSync(report)) throw new Error(`pytest ended with ${status} and without a report`);
  const { collected = 0, total = 0, passed = 0 } = JSON.parse(readFileSync(report, 'utf8')).summary;
  rmSync(report);
  console.log(`conformance on ${version}: ${passed} of ${collected} tests passed`);
  return status === 0 && passed > 0 && passed === collected && passed === total;
}

/** The first line of what a program says of its version, or undefined where it is not there. */
function versionOf(program) {
  const { error, status, stdout } = spawnSync(program, ['--version'], { encoding: 'utf8' });
  if (error !== undefined || status !== 0) return undefined;
  return `${program} ${stdout.split('\n')[0] ?? ''}`.trim();
}

function end(why) {
  console.error(why);
  process.exit(1);
}
