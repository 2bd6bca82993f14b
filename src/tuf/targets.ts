// targets.json and the files of delegated roles (TUF 1.0.34, 4.5).

import type { JsonObject } from '../json.ts';
import type { Bytes } from '../ports.ts';
import { type Delegations, parseDelegations } from './delegations.ts';
import type { Metadata, Signed } from './metadata.ts';
import { delegating, readTargets } from './read-targets.ts';

/** What is signed of a target file. */
export interface TargetFile {
  /** In bytes. */
  readonly length: number;
  /** By algorithm; lower-case hex of those that are known. Where none is, the target is listed and never handed out. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Whatever the publisher added. */
  readonly custom?: JsonObject;
}

export interface Targets extends Signed {
  /** `targets`, or the name of a delegated role. */
  readonly role: string;
  readonly targets: ReadonlyMap<string, TargetFile>;
  /** Undefined where the file has none. */
  readonly delegations?: Delegations;
}

/**
 * @param role `targets`, or the name of a delegated role.
 * @throws DTufError METADATA_INVALID
 */
export function parseTargets(bytes: Bytes, role = 'targets'): Metadata<Targets> {
  const { metadata, delegations } = readTargets(bytes, role);
  return delegations === undefined ? metadata : delegating(metadata, parseDelegations(delegations));
}
