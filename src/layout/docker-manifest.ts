// python-dtuf's lists of blobs: Docker manifests of schema 2, or of schema 1 as registries of its time made them.
import { DTufError } from '../errors.ts';
import { parseJson } from '../json.ts';
import type { Limits } from '../limits.ts';
import { type Digest, isDigest } from '../registry/digest.ts';
import { Fields } from '../tuf/fields.ts';

/** A blob of a list; schema 1 says neither how large it is nor of what kind. */
export interface ListedBlob {
  readonly digest: Digest;
  readonly size?: number;
  readonly mediaType?: string;
}

/** Of the blobs in a list of python-dtuf. */
export const BLOB = 'application/octet-stream';

/**
 * The blobs that a manifest lists, in order. The signatures of a schema 1 manifest are not looked at: TUF verifies what
 * the manifest leads to.
 *
 * @param what names the manifest in errors.
 * @throws DTufError NOT_A_REPOSITORY where it lists none, LIMIT_EXCEEDED
 */
export function listedBlobs(bytes: Uint8Array, what: string, limits: Limits): readonly ListedBlob[] {
  const manifest = new Fields(parseJson(bytes, what), what, 'manifest');
  const schema1 = manifest.has('fsLayers');
  if (!schema1 && !manifest.has('layers')) {
    throw new DTufError(
      'NOT_A_REPOSITORY',
      `${what} is no list of blobs: this is not a TUF repository of dtuf`,
    );
  }
  const entries = manifest.list(schema1 ? 'fsLayers' : 'layers');
  if (entries.length > limits.layers) {
    throw new DTufError(
      'LIMIT_EXCEEDED',
      `${what} lists ${entries.length} blobs, more than ${limits.layers}`,
    );
  }
  return entries.map((entry) =>
    schema1
      ? { digest: digestIn(entry, 'blobSum') }
      : {
          digest: digestIn(entry, 'digest'),
          size: entry.integer('size', 0),
          ...(entry.has('mediaType') ? { mediaType: entry.string('mediaType') } : {}),
        },
  );
}

function digestIn(entry: Fields, name: string): Digest {
  const text = entry.string(name);
  if (isDigest(text)) return text;
  throw entry.error(name, 'sha256:<64 hex>');
}

/**
 * The blob that an alias of python-dtuf names.
 *
 * @throws DTufError NOT_A_REPOSITORY where what stands under the tag is an image or an artifact of another kind.
 */
export function aliasedBlob(bytes: Uint8Array, tag: string, limits: Limits): ListedBlob {
  const [blob] = listedBlobs(bytes, tag, limits);
  if (blob !== undefined && (blob.mediaType === undefined || blob.mediaType === BLOB)) return blob;
  throw new DTufError(
    'NOT_A_REPOSITORY',
    `this is not a TUF repository: what stands under ${tag} is an image or an artifact of another kind`,
    { expected: BLOB, got: blob?.mediaType ?? 'no blob' },
  );
}
