// Runs test files in whatever runtime this is loaded by. It needs nothing of a host but `console`.
import { type File, startTests, type Task, type VitestRunner } from '@vitest/runner';
import { getFullName, getSuites, getTests } from '@vitest/runner/utils';
import { provide } from './vitest.ts';

export interface Run {
  /** By their paths in the repository. */
  readonly files: Readonly<Record<string, () => Promise<unknown>>>;
  /** Beginnings of the names of tests that are not run: `path > suite > test`. */
  readonly excluded: readonly string[];
  /** What `inject` answers. */
  readonly provided: Readonly<Record<string, unknown>>;
}

export interface Result {
  /** `path > suite > test`; of a suite or a file too, where it failed outside of its tests. */
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly errors: readonly { message: string; diff?: string | undefined; stack?: string | undefined }[];
}

/** What is told: each test that begins, and at the end all results. Without an end the runtime has crashed. */
export type Told =
  | { readonly begun: string }
  | {
      readonly files: readonly { path: string; milliseconds: number; results: readonly Result[] }[];
      readonly excluded: number;
      /** What `excluded` names and is not there. */
      readonly unknown: readonly string[];
    };

/** Begins a line that is told: tests print lines of their own. */
export const MARK = '@@dtuf ';

/** As in vitest.config.ts, and vitest's own defaults. */
const config: VitestRunner['config'] = {
  root: '/',
  setupFiles: [],
  name: undefined,
  passWithNoTests: false,
  testNamePattern: undefined,
  allowOnly: false,
  sequence: { seed: 1, hooks: 'stack', setupFiles: 'parallel' },
  chaiConfig: undefined,
  maxConcurrency: 5,
  testTimeout: 60_000,
  hookTimeout: 60_000,
  retry: 0,
  includeTaskLocation: false,
  tags: [],
  tagsFilter: undefined,
  strictTags: true,
};

export async function run({ files, excluded, provided }: Run): Promise<void> {
  provide(provided);
  const left = new Set<Task>();
  const unknown = new Set(excluded);
  const runner: VitestRunner = {
    config,
    importFile: (path) => files[path.slice(config.root.length)]?.(),
    onCollected: (collected) => {
      for (const test of getTests(collected)) {
        const begin = excluded.find((name) => getFullName(test).startsWith(name));
        if (begin === undefined) continue;
        unknown.delete(begin);
        left.add(test);
        test.mode = 'skip';
      }
    },
    onBeforeRunTask: (test) => tell({ begun: getFullName(test) }),
  };
  // Some tests wait for timers that let a process end, as those of a file lock do.
  const alive = setInterval(() => undefined, 60_000);
  const ran = await startTests(
    Object.keys(files).map((path) => config.root + path),
    runner,
  );
  clearInterval(alive);
  tell({
    files: ran.map((file) => ({
      path: file.name,
      milliseconds: Math.round(file.result?.duration ?? 0),
      results: tasksOf(file)
        .filter((task) => !left.has(task))
        .map(resultOf),
    })),
    excluded: left.size,
    unknown: [...unknown],
  });
}

function tell(told: Told): void {
  console.log(MARK + JSON.stringify(told));
}

/** The tests, and what has failed around them, as a `beforeAll`. */
function tasksOf(file: File): Task[] {
  return [...getSuites([file]).filter((suite) => suite.result?.errors?.length), ...getTests(file)];
}

function resultOf(task: Task): Result {
  const { state = task.mode, errors = [] } = task.result ?? {};
  return {
    name: getFullName(task),
    state: state === 'pass' ? 'passed' : state === 'skip' || state === 'todo' ? 'skipped' : 'failed',
    errors: errors.map(({ message, diff, stack }) => ({ message, diff, stack })),
  };
}
