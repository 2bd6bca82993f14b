import { constants } from 'node:os';
import { DTufError, hasCode } from '../../src/errors.ts';
import { printable, printableLines } from './terminal.ts';

/** Exit codes that scripts may rely on; 13 is EACCES, as python-dtuf has it. */
export const exitCodes = Object.freeze({
  done: 0,
  failed: 1,
  usage: 2,
  denied: 13,
  interrupted: 128 + constants.signals.SIGINT,
  terminated: 128 + constants.signals.SIGTERM,
});

/** The exit code for what a command threw. */
export function exitCodeOf(error: unknown): number {
  if (hasCode(error, 'INVALID_ARGUMENT')) return exitCodes.usage;
  return causesOf(error).some((one) => hasCode(one, 'ACCESS_DENIED')) ? exitCodes.denied : exitCodes.failed;
}

/** One line that says what went wrong. */
export function summary(error: unknown): string {
  if (error instanceof DTufError) return printable(error.message);
  const message = error instanceof Error && error.message ? error.message : String(error);
  return printable(`unexpected failure: ${message} (--verbose shows more)`);
}

/** The whole chain of causes, with what is known of each (--verbose). */
export function details(error: unknown): string {
  return causesOf(error)
    .map((one, depth) => `${depth === 0 ? '' : 'caused by '}${detail(one)}`)
    .join('\n');
}

function detail(error: unknown): string {
  if (!(error instanceof Error)) return printable(String(error));
  const stack = printableLines(error.stack ?? `${error.name}: ${error.message}`);
  if (!(error instanceof DTufError)) return stack;
  const known = (['code', 'role', 'target', 'clause', 'expected', 'got'] as const)
    .filter((name) => error[name] !== undefined)
    .map((name) => `  ${name}: ${printable(String(error[name]))}`);
  return [stack, ...known].join('\n');
}

// A chain made by others may lead back to itself.
const deepest = 20;

function causesOf(error: unknown): readonly unknown[] {
  const chain: unknown[] = [];
  const waiting: unknown[] = [error];
  while (waiting.length > 0 && chain.length < deepest) {
    const one = waiting.shift();
    if (one === undefined || one === null || chain.includes(one)) continue;
    chain.push(one);
    if (one instanceof AggregateError) waiting.push(...one.errors);
    if (one instanceof Error) waiting.push(one.cause);
  }
  return chain;
}
