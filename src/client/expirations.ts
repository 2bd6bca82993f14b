import type { Role } from '../tuf/metadata.ts';
import type { TrustedSet } from '../tuf/trusted-set.ts';

/** When each role of a set expires that is verified to its end. */
export function expirationsOf({ root, timestamp, snapshot, targets }: TrustedSet): Record<Role, Date> {
  if (!timestamp || !snapshot || !targets) throw new Error('a verified set has all four roles');
  return {
    root: root.signed.expires,
    targets: targets.signed.expires,
    snapshot: snapshot.signed.expires,
    timestamp: timestamp.signed.expires,
  };
}
