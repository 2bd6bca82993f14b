// Reads targets.json and the files of delegated roles (TUF 1.0.34, 4.5), but for DELEGATIONS, which most files lack.
import { late } from '../late.ts';
import type { Bytes } from '../ports.ts';
import type { Delegations } from './delegations.ts';
import type { Fields } from './fields.ts';
import { type Metadata, parseCustom, parseHashes, parseMetadata } from './metadata.ts';
import type { TargetFile, Targets } from './targets.ts';

/** As `parseTargets` does; the part that reads DELEGATIONS is loaded where there are any. */
export async function parseTargetsLate(bytes: Bytes, role: string): Promise<Metadata<Targets>> {
  const { metadata, delegations } = readTargets(bytes, role);
  if (delegations === undefined) return metadata;
  const { parseDelegations } = await late(import('./delegations.ts'));
  return delegating(metadata, parseDelegations(delegations));
}

/** @throws DTufError METADATA_INVALID */
export function readTargets(
  bytes: Bytes,
  role: string,
): { readonly metadata: Metadata<Targets>; readonly delegations: Fields | undefined } {
  let delegations: Fields | undefined;
  const metadata = parseMetadata(bytes, 'targets', role, (fields, common) => {
    const files = fields.fields('targets');
    const targets = new Map(files.names().map((name) => [name, parseTargetFile(files.fields(name))]));
    delegations = fields.has('delegations') ? fields.fields('delegations') : undefined;
    return { ...common, role, targets };
  });
  return { metadata, delegations };
}

export function delegating(metadata: Metadata<Targets>, delegations: Delegations): Metadata<Targets> {
  return { ...metadata, signed: { ...metadata.signed, delegations } };
}

/** An entry of TARGETS (4.5). @throws DTufError METADATA_INVALID */
export function parseTargetFile(fields: Fields): TargetFile {
  const custom = parseCustom(fields);
  return {
    // 4.5, LENGTH: a file may be empty.
    length: fields.integer('length', 0),
    hashes: parseHashes(fields),
    ...(custom === undefined ? {} : { custom }),
  };
}
