// timestamp.json (TUF 1.0.34, 4.6).
import type { Bytes } from '../ports.ts';
import { type Metadata, type MetaFile, parseMetadata, parseMetaFile, type Signed } from './metadata.ts';

export interface Timestamp extends Signed {
  /** The entry of snapshot.json, the only one. */
  readonly snapshot: MetaFile;
}

/** @throws DTufError METADATA_INVALID */
export function parseTimestamp(bytes: Bytes): Metadata<Timestamp> {
  return parseMetadata(bytes, 'timestamp', 'timestamp', (fields, common) => ({
    ...common,
    snapshot: parseMetaFile(fields.fields('meta').fields('snapshot.json')),
  }));
}
