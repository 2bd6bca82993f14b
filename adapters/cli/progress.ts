import type { Call, Progress } from '../node/index.ts';
import type { Context } from './context.ts';
import { formatProgress } from './progress-line.ts';

/**
 * Does `work` with progress bars on standard error, as DTUF_PROGRESS has it.
 * The bars are gone from the terminal's care when it returns, however `work` ends.
 */
export async function withProgress<T>(context: Context, work: (call: Call) => Promise<T>): Promise<T> {
  const { signal, environment } = context;
  const wanted =
    environment.progress === 'always' || (environment.progress === 'on a terminal' && process.stderr.isTTY);
  if (!wanted) return work({ signal });
  const bars = await openBars(environment.color && process.stderr.isTTY);
  try {
    return await work({ signal, onProgress: bars.show });
  } finally {
    bars.close();
  }
}

/** One bar after the other: a target's bytes fetched, verified, written. */
async function openBars(color: boolean) {
  const { SingleBar } = (await import('cli-progress')).default;
  let current: { key: string; bar: InstanceType<typeof SingleBar> } | undefined;

  const close = () => {
    current?.bar.stop();
    current = undefined;
  };
  const open = (key: string, progress: Progress) => {
    close();
    const bar = new SingleBar({
      stream: process.stderr,
      noTTYOutput: true,
      hideCursor: false,
      format: (_, { value, total, startTime }) =>
        formatProgress({ ...progress, received: value, total }, Date.now() - startTime, color),
    });
    bar.start(progress.total, 0);
    current = { key, bar };
  };
  const show = (progress: Progress) => {
    const key = `${progress.phase} ${progress.target}`;
    if (current?.key !== key) open(key, progress);
    current?.bar.update(progress.received);
    if (progress.received >= progress.total) close();
  };
  return { show, close };
}
