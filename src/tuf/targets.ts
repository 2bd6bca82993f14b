// targets.json and the files of delegated roles (TUF 1.0.34, 4.5).

import type { JsonObject } from '../json.ts';
import type { Bytes } from '../ports.ts';
import type { Delegations } from './delegations.ts';
import type { Fields } from './fields.ts';
import { type Metadata, parseCustom, parseHashes, parseMetadata, type Signed } from './metadata.ts';

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

/** Reads all but DELEGATIONS, which most files lack. @throws DTufError METADATA_INVALID */
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
