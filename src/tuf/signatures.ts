// Whether enough of a role's keys signed a file (TUF 1.0.34, 4.2.1 and each "check for an arbitrary software attack").
import { fromHex } from '../encoding.ts';
import type { PublicKey } from '../ports.ts';
import { importKey } from './keys.ts';
import type { Metadata, Signed } from './metadata.ts';
import type { RoleKeys } from './root.ts';

/** Who vouches for a file: the keys and the threshold that its delegator gives. */
export interface Delegator extends RoleKeys {
  readonly keys: ReadonlyMap<string, PublicKey>;
}

/**
 * How many of the delegator's keys signed the file, up to the threshold. A key counts once, whatever keyids it stands
 * under; wrong, unknown and empty signatures do not count and do no harm beside good ones.
 */
export async function countSignatures(metadata: Metadata<Signed>, by: Delegator): Promise<number> {
  const keyids = new Set(by.keyids);
  const signers = new Set<string>();
  for (const { keyid, sig } of metadata.signatures) {
    if (signers.size >= by.threshold) break;
    const key = keyids.has(keyid) ? by.keys.get(keyid) : undefined;
    const signature = fromHex(sig);
    if (key === undefined || signature === undefined || signature.length === 0) continue;
    const usable = await importKey(key);
    if (usable === undefined) continue;
    if (!(await usable.verify(metadata.payload, signature))) continue;
    // Whose key it is matters only beside others.
    const identity = by.threshold > 1 ? await usable.identity() : keyid;
    if (identity !== undefined) signers.add(identity);
  }
  return signers.size;
}
