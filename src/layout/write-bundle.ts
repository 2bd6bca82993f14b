// The bundle: one OCI image manifest whose layers are a whole consistent state of the metadata (docs/architecture.md).

import type { Bytes } from '../ports.ts';
import { describe } from '../registry/describe.ts';
import type { Descriptor } from '../registry/descriptor.ts';
import { ociManifestType } from '../registry/manifest.ts';
import { emptyDescriptor, writeManifest } from '../registry/write-manifest.ts';
import { toBase64 } from '../to-base64.ts';
import { FILENAME, METADATA_ARTIFACT, METADATA_LAYER, titleOf } from './strings.ts';

/** What of the files is put into the manifest itself, in characters of base64. */
const INLINE_LIMIT = 64 * 1024;

/** The files of one consistent state, by their TUF names as in `3.root.json`. */
export interface BundleFiles {
  readonly timestamp: Bytes;
  readonly snapshot: readonly [name: string, bytes: Bytes];
  readonly targets: readonly [name: string, bytes: Bytes];
  /** Every version from 1 on, in ascending order. */
  readonly roots: readonly (readonly [name: string, bytes: Bytes])[];
}

/** The files in the order of the layers: python-dtuf and docker's client look at the first layer of this tag. */
export function bundleLayers(files: BundleFiles): (readonly [name: string, bytes: Bytes])[] {
  return [['timestamp.json', files.timestamp], files.snapshot, files.targets, ...files.roots];
}

/** Writes the bundle; the same files give the same bytes. */
export async function writeBundle(files: BundleFiles): Promise<Bytes> {
  const inlined = chooseInlined(files);
  const layers: Descriptor[] = [];
  for (const [name, bytes] of bundleLayers(files)) {
    const layer = await describe(METADATA_LAYER, bytes, { [FILENAME]: name, ...titleOf(name) });
    layers.push(inlined.has(name) ? { ...layer, data: toBase64(bytes) } : layer);
  }
  return writeManifest({
    schemaVersion: 2,
    mediaType: ociManifestType,
    artifactType: METADATA_ARTIFACT,
    config: emptyDescriptor,
    layers,
  });
}

/** In the order in which a client that was here recently needs them. */
function chooseInlined(files: BundleFiles): ReadonlySet<string> {
  const order = [
    ['timestamp.json', files.timestamp] as const,
    ...files.roots.toReversed(),
    files.snapshot,
    files.targets,
  ];
  const chosen = new Set<string>();
  let room = INLINE_LIMIT;
  for (const [name, bytes] of order) {
    const size = 4 * Math.ceil(bytes.length / 3);
    if (size > room) continue;
    room -= size;
    chosen.add(name);
  }
  return chosen;
}
