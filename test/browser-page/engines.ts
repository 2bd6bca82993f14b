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
  const parents = await parentsOfAll();
  const isOne = (pid: number | undefined): boolean =>
    pid !== undefined && (pid === browser.pid || isOne(parents.get(pid)));
  for (const pid of [...parents.keys()].filter(isOne)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended, as those do whose parent has.
    }
  }
  await ended;
}

/** By process. */
async function parentsOfAll(): Promise<ReadonlyMap<number, number>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const parents = pids.map(async (pid) => {
    // Others end meanwhile.
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    return [Number(pid), Number(/\) . (\d+) [^)]*$/.exec(stat)?.[1] ?? 0)] as const;
  });
  return new Map(await Promise.all(parents));
}
