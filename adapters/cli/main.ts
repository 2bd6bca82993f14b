import { CommanderError } from 'commander';
import type { Act } from './context.ts';
import { type Environment, readEnvironment, secretsOf } from './environment.ts';
import { Interrupt } from './interrupt.ts';
import { Log } from './log.ts';
import { Output, OutputClosed } from './output.ts';
import { buildProgram } from './program.ts';
import { redactor } from './redact.ts';
import { details, exitCodeOf, exitCodes, summary } from './report.ts';

/**
 * Runs one command.
 *
 * @param args what stands after the command's own name.
 * @returns the exit code; all output is written by then.
 */
export async function main(args: readonly string[]): Promise<number> {
  const output = new Output(process.stdout);
  // Where nobody reads the messages, there is nobody to tell.
  process.stderr.on('error', () => {});
  const secrets = [...secretsOf(process.env)];
  const keepSecret = (secret: string) => void secrets.push(secret);
  const redact = (text: string) => redactor(secrets)(text);
  const interrupt = new Interrupt();
  let log: Log | undefined;
  let code: number = exitCodes.done;

  const act: Act = async (work) => {
    const environment = readEnvironment(process.env);
    log = openLog(environment, redact);
    code =
      (await interrupt.wait(work({ environment, output, log, keepSecret, signal: interrupt.signal }))) ??
      exitCodes.done;
    await output.flush();
  };
  const program = buildProgram(act);

  const failed = (error: unknown): number => {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (error instanceof OutputClosed) return exitCodes.done;
    if (interrupt.code !== undefined || isClosedPrompt(error)) {
      say('dtuf: interrupted');
      return interrupt.code ?? exitCodes.interrupted;
    }
    say(`dtuf: ${redact(summary(error))}`);
    if (program.opts<{ verbose?: true }>().verbose) say(redact(details(error)));
    const result = exitCodeOf(error);
    if (result !== exitCodes.usage) log?.error(summary(error));
    return result;
  };

  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    code = failed(error);
  }
  await Promise.all([written(process.stdout), written(process.stderr)]);
  return code;
}

function openLog(environment: Environment, redact: (text: string) => string): Log {
  return new Log({
    file: environment.logFile,
    fileLevel: environment.fileLogLevel,
    consoleLevel: environment.consoleLogLevel,
    say,
    redact,
  });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Ctrl-C at a prompt comes as an error of the prompt, because the terminal is in raw mode. */
function isClosedPrompt(error: unknown): boolean {
  return error instanceof Error && (error.name === 'ExitPromptError' || error.name === 'AbortPromptError');
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    // A stream that has failed answers as well; what matters is that nothing waits in it any more.
    stream.write('', () => resolve());
  });
}
