// Which layout a repository is read in. Only signed bytes, pinned state and the caller decide that, never the form of what
// a registry answers: a hostile one would present a file as a list of blobs, or a list as a file.
import { DTufError } from '../errors.ts';
import { late } from '../late.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { ociManifestType, parseImageManifest } from '../registry/manifest.ts';
import type { Repository } from '../registry/registry.ts';
import { layersByName } from './bundle.ts';
import type { LayoutName, MetadataSource, StoredState } from './layout.ts';
import { nativeBundle } from './native.ts';
import { BUNDLE_TAG } from './strings.ts';

export interface OpenOptions {
  /** Undefined at the first contact: then the form only chooses where to look for a root, and the root decides. */
  readonly layout?: LayoutName | undefined;
  /** The state from which the registry is asked only for what changed. */
  readonly unchangedFrom?: StoredState | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the metadata of a repository; of the native layout that is one request.
 *
 * @throws DTufError METADATA_MISSING where there is none, NOT_A_REPOSITORY, ACCESS_DENIED, UNREACHABLE
 */
export async function openMetadata(
  repository: Repository,
  limits: Limits,
  options: OpenOptions,
): Promise<MetadataSource> {
  const { layout, unchangedFrom, signal } = options;
  if (layout === 'legacy') return openLegacy(repository, limits, signal);
  const manifest = await repository.manifests.fetch(BUNDLE_TAG, { etag: unchangedFrom?.etag, signal });
  if (manifest === 'unchanged') {
    const { storedSource } = await late(import('./stored-source.ts'));
    return storedSource(repository.name, unchangedFrom);
  }
  if (manifest === undefined) {
    throw new DTufError(
      'METADATA_MISSING',
      `the repository ${repository.name} has no ${BUNDLE_TAG}: nothing was published there, or its name is another`,
      {
        expected: BUNDLE_TAG,
      },
    );
  }
  if (layout === undefined && !isBundle(manifest.mediaType, manifest.bytes, limits)) {
    return openLegacy(repository, limits, signal);
  }
  return nativeBundle(repository, manifest, limits, signal);
}

async function openLegacy(
  repository: Repository,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<MetadataSource> {
  const { LegacyMetadata } = await late(import('./legacy.ts'));
  return new LegacyMetadata(repository, limits, signal);
}

function isBundle(mediaType: string, bytes: Bytes, limits: Limits): boolean {
  return mediaType === ociManifestType && layersByName(parseImageManifest(bytes, limits)).has(BUNDLE_TAG);
}

/**
 * The layout of a repository, by its final root and what is pinned or was asked for.
 *
 * @param mark the signed mark of the root.
 * @param chosen pinned with the state, or given by the caller.
 * @throws DTufError NOT_A_REPOSITORY where what is offered has another form, NOT_SUPPORTED for a mark of later times.
 */
export async function agreedLayout(
  repository: string,
  mark: string | undefined,
  offered: LayoutName,
  chosen: LayoutName | undefined,
): Promise<LayoutName> {
  if (mark === undefined || mark === 'native') {
    // Targets of ours lie on a web server as everybody's do: the mark says nothing there.
    if (offered === 'http') return 'http';
    if (mark === 'native' || chosen === 'native') return 'native';
    if (offered === 'legacy') return 'legacy';
  }
  const { noLayout } = await late(import('./layout-errors.ts'));
  throw noLayout(repository, mark);
}
