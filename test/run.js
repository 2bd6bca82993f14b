// `npm test`: the suites that this machine can run, after the build. Arguments are passed on to vitest.
// What did not run is said again at the end, where it is seen. With CI=true everything has to run.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';

const chromium = process.env.DTUF_CHROMIUM ?? '/usr/bin/chromium';
const projects = ['node'];
const notRun = new Set();

if (existsSync(chromium)) projects.push('chromium');
else {
  const why = `the tests in a browser: there is no ${chromium} (apt-get install chromium, or name one in DTUF_CHROMIUM)`;
  if (process.env.CI === 'true') throw new Error(why);
  notRun.add(`NOT RUN: ${why}`);
}

const selected = projects.flatMap((project) => ['--project', project]);
const vitest = spawn(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...selected, ...process.argv.slice(2)],
  {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
  },
);
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => vitest.kill(signal));
follow(vitest.stdout, process.stdout);
follow(vitest.stderr, process.stderr);

vitest.on('close', (code) => {
  if (notRun.size > 0) console.error(`\n${[...notRun].join('\n')}\n`);
  process.exitCode = code ?? 1;
});

/** Passes on what is printed, and keeps the lines that say what did not run. */
function follow(from, to) {
  let rest = '';
  from.setEncoding('utf8').on('data', (text) => {
    to.write(text);
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const at = line.indexOf('NOT RUN: ');
      if (at >= 0) notRun.add(line.slice(at));
    }
  });
}
