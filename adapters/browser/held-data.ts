// Data that is kept until it is verified: in a private file where there is one, else in memory.
import { DTufError } from '../../src/errors.ts';
import type { Bytes } from '../../src/ports.ts';
import { createPrivateFile } from './private-file.ts';

export interface HeldData {
  write(chunk: Uint8Array): Promise<void>;
  /** What was written. It can be read until `remove`. */
  blob(): Promise<Blob>;
  remove(): Promise<void>;
}

/** @throws DTufError TOO_LARGE */
export function holdInMemory(what: string, length: number, limit: number): HeldData {
  if (length > limit) {
    throw new DTufError(
      'TOO_LARGE',
      `${what} has ${length} bytes, more than the ${limit} that are held in memory, and this browser gives this page no private files to keep it in until it is verified: use another browser, or no private window`,
      { expected: `at most ${limit}`, got: `${length}` },
    );
  }
  let chunks: Bytes[] = [];
  return {
    async write(chunk) {
      chunks.push(Uint8Array.from(chunk));
    },
    blob: async () => new Blob(chunks),
    async remove() {
      chunks = [];
    },
  };
}

/** @throws DTufError TOO_LARGE, STORAGE_FAILED */
export async function holdInFile(what: string, length: number, limit: number): Promise<HeldData> {
  const file = await createPrivateFile(length);
  if (file === undefined) return holdInMemory(what, length, limit);
  return { write: file.write, blob: file.file, remove: file.remove };
}
