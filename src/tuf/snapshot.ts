// snapshot.json (TUF 1.0.34, 4.4).
import type { Bytes } from '../ports.ts';
import { type Metadata, type MetaFile, parseMetadata, parseMetaFile, type Signed } from './metadata.ts';

export interface Snapshot extends Signed {
  /** By file name, as in `targets.json`. */
  readonly meta: ReadonlyMap<string, MetaFile>;
}

/** @throws DTufError METADATA_INVALID */
export function parseSnapshot(bytes: Bytes): Metadata<Snapshot> {
  return parseMetadata(bytes, 'snapshot', 'snapshot', (fields, common) => {
    const files = fields.fields('meta');
    // 4.4: the top-level targets role is always listed.
    files.fields('targets.json');
    return {
      ...common,
      meta: new Map(files.names().map((name) => [name, parseMetaFile(files.fields(name))])),
    };
  });
}
