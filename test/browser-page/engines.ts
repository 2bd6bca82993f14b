// What tests of pages in Firefox and WebKit have in common with those in Chromium (chromium.ts).
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { type Engine, whyNot } from '../runtimes/browsers.js';
import { notRun } from './chromium.ts';

export const engineNames: readonly Engine[] = ['chromium', 'firefox', 'webkit'];

/** Why the tests in an engine cannot run, if so. In CI they fail. */
export function whyNoEngine(engine: Engine, what: string, files: readonly string[]): string | undefined {
  const missing = files.find((file) => !existsSync(file));
  return notRun(
    `${what} in ${engine}`,
    whyNot(engine) ?? (missing && `${missing} is not there (npm run build)`),
  );
}

/** Kills a browser with all its processes at one blow, as a system does that has no memory left, or no power. */
export async function killAll(browser: ChildProcess): Promise<void> {
  if (browser.exitCode !== null || browser.signalCode !== null) return;
  const ended = once(browser, 'exit');
  kill((await processesOf(browser)).map(({ pid }) => pid));
  await ended;
}

/** Kills the processes that Firefox has for pages, and leaves the browser. */
export async function killTabs(firefox: ChildProcess): Promise<void> {
  const tabs = (await processesOf(firefox)).filter(({ words }) => words.at(-1) === 'tab');
  if (tabs.length === 0) throw new Error('Firefox has no process that is called tab');
  kill(tabs.map(({ pid }) => pid));
}

function kill(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as those do whose parent has.
    }
  }
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** Of its command line. */
  readonly words: readonly string[];
}

/** A process and all that it has started. */
async function processesOf({ pid: first }: ChildProcess): Promise<Process[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const all = new Map((await Promise.all(pids.map(processOf))).map((one) => [one.pid, one]));
  const isOne = (pid: number): boolean => pid === first || (pid !== 0 && isOne(all.get(pid)?.parent ?? 0));
  return [...all.values()].filter(({ pid }) => isOne(pid));
}

async function processOf(pid: number): Promise<Process> {
  // Others end meanwhile.
  const read = (file: string) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const [stat, line] = await Promise.all([read('stat'), read('cmdline')]);
  const parent = Number(/\) . (\d+) [^)]*$/.exec(stat)?.[1] ?? 0);
  return {
    pid,
    parent,
    words: line
      .trim()
      .split(/[\0 ]+/)
      .filter(Boolean),
  };
}
