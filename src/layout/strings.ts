// Media types, annotations and tags of the layouts: what stands in a registry and cannot be changed any more.
import { toHex, utf8 } from '../encoding.ts';

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

const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * The tag of a target's manifest: `<sha256>.<name>`, or with the name's own hash where the name is not of the form of a
 * tag. The name in full stands in the signed metadata and in an annotation.
 *
 * @param hash `<sha256>`, or `sha512-<first 64 hex>` where there is no sha256.
 */
export async function targetTag(hash: string, name: string): Promise<string> {
  return tagOf(`${hash}.`, name, '');
}

/**
 * The tag of a version of a delegated role, which never changes: `<version>.<role>.json`, its TUF name, or with the hash of
 * the role's name where that is not of the form of a tag.
 */
export async function roleTag(version: number, role: string): Promise<string> {
  return tagOf(`${version}.`, role, '.json');
}

async function tagOf(before: string, name: string, after: string): Promise<string> {
  const tag = `${before}${name}${after}`;
  if (TAG.test(tag) && !name.startsWith('_')) return tag;
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(name)));
  return `${before}_${toHex(digest).slice(0, 40)}${after}`;
}

/** The annotations of the layer that holds a target file. */
export function fileAnnotations(hash: string, name: string): Record<string, string> {
  return { [FILENAME]: `${hash}.${name}`, ...titleOf(name) };
}

/** The title of a layer, where a name can be one. */
export function titleOf(name: string): Record<string, string> {
  return utf8(name).length <= TITLE_LIMIT ? { [TITLE]: name } : {};
}
