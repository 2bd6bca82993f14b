// What came of the tests in a runtime, from the lines that it prints (entry.ts).
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { runnerImport } from 'vite';
import { base, root } from './bundle.js';

const { MARK } = (await runnerImport(`${root}test/runtimes/entry.ts`, base)).module;

/** A runtime that takes longer is ended. */
const limit = Number(process.env.DTUF_RUNTIMES_SECONDS ?? 400) * 1000;

/**
 * @param child the runtime at work, in a process group of its own
 * @returns `files` as entry.ts tells them, `excluded` (a count), and `problems`: what is wrong besides failed tests
 */
export async function outcomeOf(child) {
  const started = performance.now();
  const { told, said } = listen(child);
  const end = () => endGroup(child);
  const timer = setTimeout(end, limit);
  process.once('exit', end);
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  process.removeListener('exit', end);
  end();
  const { files = [], excluded = 0, unknown = [] } = told.end ?? {};
  const problems = unknown.map((name) => `suites.js excludes what is not there: ${name}`);
  if (!told.end || code !== 0) {
    const when = told.end ? 'after the last test' : `in ${told.begun ?? 'no test at all'} or after it`;
    problems.push([`ended by ${signal ?? `exit code ${code}`} ${when}`, ...said.slice(-30)].join('\n  '));
  } else if (!files.some(({ results }) => results.some(({ state }) => state === 'passed'))) {
    problems.push('no test has passed');
  }
  const tables = said.flatMap((text) => text.split('\n')).filter((line) => line.startsWith('| '));
  return { files, excluded, problems, tables, seconds: (performance.now() - started) / 1000 };
}

/** @returns what was told by entry.ts so far, and the lines that tests printed */
function listen(child) {
  const told = { begun: undefined, end: undefined };
  const said = [];
  const take = (line) => {
    if (!line.startsWith(MARK)) {
      said.push(line);
      return;
    }
    const event = JSON.parse(line.slice(MARK.length));
    if ('begun' in event) told.begun = event.begun;
    else told.end = event;
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
  return { told, said };
}

function endGroup(child) {
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    // ESRCH: it and what it had started have ended.
    if (error.code !== 'ESRCH') throw error;
  }
}
