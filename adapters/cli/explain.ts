import type { Check } from '../node/index.ts';
import type { Context } from './context.ts';

/** So many checks of one clause are shown each; a snapshot may list thousands of roles. */
const shown = 4;

/**
 * Does `work`, and says which checks were made, as a tree of the files that were checked; also where `work` fails, since
 * the last check is then the one that refused.
 */
export async function withExplanation<T>(
  { log }: Context,
  title: string,
  work: (onCheck: (check: Check) => void) => Promise<T>,
): Promise<T> {
  const checks: Check[] = [];
  try {
    return await work((check) => checks.push(check));
  } finally {
    log.explain([title, ...explanation(checks)]);
  }
}

/** The lines of the tree: each file, in the order in which it came, above the checks that were made of it. */
export function explanation(checks: readonly Check[]): string[] {
  const files = runsOf(checks, (check) => check.file);
  return branches(files, (ofFile) => [
    `${mark(ofFile.every(({ ok }) => ok))} ${ofFile[0].file}`,
    ...branches(runsOf(ofFile, (check) => check.clause).flatMap(folded), (line) => [line]),
  ]);
}

/** The lines of each of `items`, of which the first stands at the branch and the others below it. */
function branches<T>(items: readonly T[], linesOf: (item: T) => string[]): string[] {
  return items.flatMap((item, i) => {
    const [at, below] = i === items.length - 1 ? ['└─ ', '   '] : ['├─ ', '│  '];
    return linesOf(item).map((line, j) => `${j === 0 ? at : below}${line}`);
  });
}

type Run = readonly [Check, ...Check[]];

/** Neighbours that agree in `key`, together. */
function runsOf(checks: readonly Check[], key: (check: Check) => string): Run[] {
  const runs: [Check, ...Check[]][] = [];
  for (const check of checks) {
    const last = runs.at(-1);
    if (last !== undefined && key(last[0]) === key(check)) last.push(check);
    else runs.push([check]);
  }
  return runs;
}

/** A line for each check of one clause; for the many of a large snapshot the first, the last and how many between. */
function folded(run: Run): string[] {
  if (run.length <= shown) return run.map(lineOf);
  const between = run.slice(1, -1);
  const outcome = mark(between.every(({ ok }) => ok));
  const more = `${outcome} ${run[0].clause}  and so for ${between.length} more`;
  return [...run.slice(0, 1).map(lineOf), more, ...run.slice(-1).map(lineOf)];
}

function lineOf({ clause, file, role, what, expected, got, ok }: Check): string {
  const about = file.endsWith(`.${role}.json`) ? '' : `${role}: `;
  const compared = got === expected ? got : `${got} (expected ${expected})`;
  return `${mark(ok)} ${clause}  ${about}${what}: ${compared}`;
}

function mark(ok: boolean): string {
  return ok ? '✓' : '✗';
}
