import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { ROLES, type Role } from '../tuf/metadata.ts';
import { TrustedSet } from '../tuf/trusted-set.ts';

/** The files that a root's keys signed. */
interface SignedRoles {
  readonly timestamp: Bytes;
  readonly snapshot: Bytes;
  readonly targets: Bytes;
}

/**
 * Looks at what was signed as a client will, before anybody else sees it: a signer that errs would lock all clients out, and
 * the publisher too. Whether it is fresh is the business of who chose the lifetimes.
 *
 * @throws DTufError KEY_INVALID
 */
export async function verifySigned(root: Bytes, roles?: SignedRoles): Promise<void> {
  try {
    const set = await TrustedSet.start(root, new Date(0));
    if (roles === undefined) return;
    set.endRoots();
    await set.updateTimestamp(roles.timestamp);
    await set.updateSnapshot(roles.snapshot);
    await set.updateTargets(roles.targets);
  } catch (cause) {
    if (!(cause instanceof DTufError)) throw cause;
    throw new DTufError(
      'KEY_INVALID',
      `clients would refuse what was signed, and nothing of it was kept: ${cause.message}. Look at the signer of this role`,
      { role: cause.role, cause },
    );
  }
}

/**
 * Clients read so much and no more: what they would refuse, and the publisher too from then on, is not to be published.
 *
 * @throws DTufError TOO_LARGE
 */
export function checkSizes(files: Readonly<Record<Role, Bytes>>, limits: Limits): void {
  for (const role of ROLES) {
    const [limit, size] = [limits[role], files[role].length];
    if (size <= limit) continue;
    throw new DTufError(
      'TOO_LARGE',
      `the ${role} metadata has ${size} bytes, and clients read ${limit} at most: nothing was published. Take out targets that are not needed`,
      { role, expected: `at most ${limit} bytes`, got: `${size} bytes` },
    );
  }
}
