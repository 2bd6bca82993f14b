// The digester for hosts that bring none of their own: pages and workers.
import { late } from '../late.ts';
import type { Digester, Hash } from '../ports.ts';
import { nextTask } from './next-task.ts';
import { Sha256 } from './sha256.ts';

/** In bytes: what is hashed before the clock is looked at. */
const STEP = 64 * 1024;
/** In milliseconds. A page that answers within 50 feels alive; reads that resolve at once join into one task. */
const TASK = 8;

/** Hashes in JavaScript, which let go of the thread again and again. Node's own is ten times as fast. */
export const portableDigester: Digester = {
  async create(algorithm) {
    if (algorithm === 'sha256') return breathing(new Sha256());
    // Rare: targets whose publisher signs sha512 as well.
    const { sha512 } = await late(import('./sha512.ts'));
    return breathing(sha512.create());
  },
};

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
