// Data that is kept until it is verified: in private files where there are any, else in memory.
import { DTufError } from '../../src/errors.ts';
import type { Bytes } from '../../src/ports.ts';
import { openSpool, type PrivateSpool } from './private-spool.ts';

/** @throws DTufError TOO_LARGE, STORAGE_FAILED */
export async function holdData(
  what: string,
  length: number,
  limit: number,
  sha256?: string,
): Promise<PrivateSpool> {
  return (await openSpool(length, sha256)) ?? holdInMemory(what, length, limit);
}

function holdInMemory(what: string, length: number, limit: number): PrivateSpool {
  if (length > limit) {
    throw new DTufError(
      'TOO_LARGE',
      `${what} has ${length} bytes, more than the ${limit} that are held in memory, and there are no private files (OPFS) here to keep it in until it is verified: use another browser, or no private window`,
      { expected: `at most ${limit}`, got: `${length}` },
    );
  }
  let chunks: Bytes[] = [];
  const remove = async () => {
    chunks = [];
  };
  return {
    kept: undefined,
    async write(chunk) {
      chunks.push(new Uint8Array(chunk));
    },
    async blob() {
      const blob = new Blob(chunks);
      chunks = [];
      return blob;
    },
    markDone: async () => undefined,
    keep: remove,
    remove,
  };
}
