// Hashes in JavaScript, of data that comes in pieces, which let go of the thread again and again.
import { late } from '../late.ts';
import type { Hash, HashAlgorithm } from '../ports.ts';
import { nextTask } from './next-task.ts';
import { Sha256 } from './sha256.ts';

/** In bytes: what is hashed before the clock is looked at. */
const STEP = 64 * 1024;
/** In milliseconds. A page that answers within 50 feels alive; reads that resolve at once join into one task. */
const TASK = 8;

export async function incrementalHash(algorithm: HashAlgorithm): Promise<Hash> {
  if (algorithm === 'sha256') return breathing(new Sha256());
  // Rare: targets whose publisher signs sha512 as well.
  const { sha512 } = await late(import('./sha512.ts'));
  return breathing(sha512.create());
}

function breathing(hash: { update(chunk: Uint8Array): unknown; digest(): Uint8Array }): Hash {
  let since = performance.now();
  return {
    async update(chunk) {
      for (let at = 0; at < chunk.length; at += STEP) {
        hash.update(chunk.subarray(at, at + STEP));
        if (performance.now() - since < TASK) continue;
        await nextTask();
        since = performance.now();
      }
    },
    digest: async () => hash.digest(),
  };
}
