import type { Writable } from 'node:stream';
import { DTufError } from '../../src/errors.ts';
import { printableJson, printableName } from './terminal.ts';

/** Whoever read our output has gone (`| head`): the command ends quietly. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed';
}

const held = 64 * 1024;

/**
 * Standard output. Lines are held back until there are many or the command has ended well,
 * so that a command that fails prints nothing that looks like an answer.
 */
export class Output {
  readonly #stream: Writable;
  #lines: string[] = [];
  #length = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
    // Each failure reaches the one who writes; without a listener it would end the process as well.
    stream.on('error', () => {});
  }

  async line(text: string): Promise<void> {
    this.#lines.push(text, '\n');
    this.#length += text.length + 1;
    if (this.#length >= held) await this.flush();
  }

  /** The name of a target or a repository, on one line whatever is in it. */
  async name(name: string): Promise<void> {
    await this.line(printableName(name));
  }

  async json(value: unknown): Promise<void> {
    await this.line(printableJson(value));
  }

  /** Verified bytes, as they are. Waits until they are taken. */
  async bytes(chunk: Uint8Array): Promise<void> {
    await this.flush();
    await this.#write(chunk);
  }

  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const text = this.#lines.join('');
    this.#lines = [];
    this.#length = 0;
    await this.#write(text);
  }

  #write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(data, (error) => {
        if (error) reject(failure(error));
        else resolve();
      });
    });
  }
}

function failure(error: NodeJS.ErrnoException): Error {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return new OutputClosed();
  return new DTufError('STORAGE_FAILED', `cannot write to standard output: ${error.message}`, {
    cause: error,
  });
}
