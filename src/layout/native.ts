// The bundle of the native layout: a tag of a registry, and blobs for what it does not hold.
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import type { Digest } from '../registry/digest.ts';
import type { Repository } from '../registry/registry.ts';
import { Bundle } from './bundle-source.ts';
import { BUNDLE_TAG } from './strings.ts';

/**
 * @param manifest the one under the tag `timestamp.json`.
 * @throws DTufError NOT_A_REPOSITORY where it is something else.
 */
export function nativeBundle(
  repository: Repository,
  manifest: { readonly bytes: Bytes; readonly digest: Digest; readonly etag?: string },
  limits: Limits,
  signal?: AbortSignal,
): Bundle {
  const place = {
    layout: 'native',
    name: repository.name,
    bundle: BUNDLE_TAG,
    fetch: (layer: { digest: Digest; size: number }) => repository.blobs.fetch(layer, signal),
  } as const;
  return new Bundle(place, manifest, limits);
}
