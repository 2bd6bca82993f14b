import { appendFileSync } from 'node:fs';
import { DEBUG, ERROR, INFO, type Level, WARNING } from './log-level.ts';
import { printable } from './terminal.ts';

export interface LogOptions {
  /** Undefined: no file. It is made when there is something to write. */
  readonly file: string | undefined;
  readonly fileLevel: Level;
  readonly consoleLevel: Level;
  /** Writes one line to standard error. */
  readonly say: (line: string) => void;
  readonly redact: (text: string) => string;
  readonly clock?: () => Date;
}

/** Messages for people: on standard error and in the log file, each by its own level. */
export class Log {
  readonly #options: LogOptions;
  #broken = false;

  constructor(options: LogOptions) {
    this.#options = options;
  }

  /** Whether anybody sees what {@link debug} says. */
  get debugs(): boolean {
    const { file, fileLevel, consoleLevel } = this.#options;
    return consoleLevel <= DEBUG || (file !== undefined && fileLevel <= DEBUG);
  }

  debug(text: string): void {
    this.#write(DEBUG, 'DEBUG', text);
  }

  /** What was done and what comes next: shown as long as warnings are. */
  note(text: string): void {
    if (this.#options.consoleLevel <= WARNING) this.#say(text);
    this.#append(INFO, 'INFO', text);
  }

  warning(text: string): void {
    this.#write(WARNING, 'WARNING', text);
  }

  /** What was found wrong, where that is the answer and no error. */
  failure(text: string): void {
    this.#say(text);
    this.error(text);
  }

  /** What was asked for beside the result (--explain), line by line on standard error. */
  explain(lines: readonly string[]): void {
    for (const line of lines) this.#options.say(printable(this.#options.redact(line)));
  }

  /** The file only: how the command ended is reported once on standard error whatever the level. */
  error(text: string): void {
    this.#append(ERROR, 'ERROR', text);
  }

  #write(level: Level, name: string, text: string): void {
    if (level >= this.#options.consoleLevel)
      this.#say(level >= WARNING ? `${name.toLowerCase()}: ${text}` : text);
    this.#append(level, name, text);
  }

  #say(text: string): void {
    this.#options.say(`dtuf: ${printable(this.#options.redact(text))}`);
  }

  #append(level: Level, name: string, text: string): void {
    const { file, fileLevel, redact, clock } = this.#options;
    if (file === undefined || this.#broken || level < fileLevel) return;
    const time = (clock?.() ?? new Date()).toISOString();
    try {
      appendFileSync(file, `${time} ${name} ${printable(redact(text))}\n`, { mode: 0o600 });
    } catch (cause) {
      // A log that cannot be written must not stop the work; it is said once.
      this.#broken = true;
      const why = cause instanceof Error ? cause.message : String(cause);
      this.#say(`warning: cannot write the log ${file} (DTUF_LOG_FILE): ${why}`);
    }
  }
}
