import type { Environment } from './environment.ts';
import type { Log } from './log.ts';
import type { Output } from './output.ts';

/** What a command works with. */
export interface Context {
  readonly environment: Environment;
  readonly output: Output;
  readonly log: Log;
  /** A secret that came up on the way: no message and no log shows it from now on. */
  readonly keepSecret: (secret: string) => void;
  /** Aborted when the user or the system asks the command to stop. */
  readonly signal: AbortSignal;
}

/** Does one command in a context of its own, and keeps how it ended. A number is an exit code. */
export type Act = (work: (context: Context) => Promise<number | undefined>) => Promise<void>;
