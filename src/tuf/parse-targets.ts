import type { Bytes } from '../ports.ts';
import { parseDelegations } from './delegations.ts';
import type { Metadata } from './metadata.ts';
import { delegating, readTargets, type Targets } from './targets.ts';

/**
 * @param role `targets`, or the name of a delegated role.
 * @throws DTufError METADATA_INVALID
 */
export function parseTargets(bytes: Bytes, role = 'targets'): Metadata<Targets> {
  const { metadata, delegations } = readTargets(bytes, role);
  return delegations === undefined ? metadata : delegating(metadata, parseDelegations(delegations));
}
