// The digester for hosts that bring none of their own.
import type { Digester } from '../ports.ts';

/** Incremental hashes in JavaScript (noble), loaded at the first use. Node's own is ten times as fast. */
export const portableDigester: Digester = {
  async create(algorithm) {
    const { sha256, sha512 } = await import('@noble/hashes/sha2.js');
    const hash = (algorithm === 'sha256' ? sha256 : sha512).create();
    return {
      update(chunk) {
        hash.update(chunk);
      },
      digest: async () => hash.digest(),
    };
  },
};
