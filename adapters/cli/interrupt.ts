import { exitCodes } from './report.ts';

// What is under way has this long to clean up after itself. The state is whole at every moment all the same.
const grace = 3_000;

/** Asks the work to stop on Ctrl-C and on SIGTERM; a second one ends the process at once. */
export class Interrupt {
  readonly #controller = new AbortController();
  #code: number | undefined;

  constructor() {
    process.on('SIGINT', () => this.#stop(exitCodes.interrupted));
    process.on('SIGTERM', () => this.#stop(exitCodes.terminated));
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** How the process is to end, where it was asked to stop. */
  get code(): number | undefined {
    return this.#code;
  }

  /** Waits for `work`; once asked to stop, no longer than the grace. */
  async wait<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      this.signal.addEventListener('abort', () => {
        timer = setTimeout(() => reject(this.signal.reason), grace);
      });
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  #stop(code: number): void {
    if (this.#code !== undefined) process.exit(code);
    this.#code = code;
    this.#controller.abort();
  }
}
