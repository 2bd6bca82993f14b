// Media types, annotations and tags of the layouts: what stands in a registry and cannot be changed any more.
import { utf8 } from '../encoding.ts';

export const BUNDLE_TAG = 'timestamp.json';

export const METADATA_ARTIFACT = 'application/vnd.dtuf.metadata.v1';
export const TARGET_ARTIFACT = 'application/vnd.dtuf.target.v1';
export const PARTS_ARTIFACT = 'application/vnd.dtuf.parts.v1';

/** Of layers; docker/attest's, whose client reads ours. */
export const METADATA_LAYER = 'application/vnd.tuf.metadata+json';
export const TARGET_LAYER = 'application/vnd.tuf.target';

/** The TUF name of a file. */
export const FILENAME = 'tuf.io/filename';
/** The name under which `oras pull` saves a layer (OCI image-spec, annotations). */
export const TITLE = 'org.opencontainers.image.title';

/** Some registries refuse longer values, some file systems longer names. */
const TITLE_LIMIT = 255;

/** The annotations of the layer that holds a target file. */
export function fileAnnotations(hash: string, name: string): Record<string, string> {
  return { [FILENAME]: `${hash}.${name}`, ...titleOf(name) };
}

/** The title of a layer, where a name can be one. */
export function titleOf(name: string): Record<string, string> {
  return utf8(name).length <= TITLE_LIMIT ? { [TITLE]: name } : {};
}
