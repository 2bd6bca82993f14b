import { late } from '../late.ts';
import type { Digester } from '../ports.ts';

/** For hosts that bring none of their own: pages and workers. Node's is ten times as fast. */
export const portableDigester: Digester = {
  async create(algorithm) {
    const { incrementalHash } = await late(import('./incremental-hash.ts'));
    return incrementalHash(algorithm);
  },
};
