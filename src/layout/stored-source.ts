import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Role } from '../tuf/metadata.ts';
import type { MetadataSource, StoredState } from './layout.ts';
import { BUNDLE_TAG } from './strings.ts';

/**
 * Where the registry says that nothing changed, what is stored is offered again, and every check is made anew.
 *
 * @throws DTufError REGISTRY_FAILED where the registry was not asked that.
 */
export function storedSource(repository: string, state: StoredState | undefined): MetadataSource {
  if (state === undefined) {
    throw new DTufError(
      'REGISTRY_FAILED',
      `the registry says that ${BUNDLE_TAG} of ${repository} has not changed, which it was not asked`,
      { expected: BUNDLE_TAG, got: '304' },
    );
  }
  const { etag, metadata } = state;
  const stored = async (role: Role): Promise<Bytes> => {
    const bytes = metadata[role];
    if (bytes === undefined) throw new DTufError('METADATA_MISSING', `no ${role} is stored`, { role });
    return bytes;
  };
  return {
    layout: 'native',
    etag,
    isStored: true,
    root: async () => undefined,
    async *roots() {},
    timestamp: () => stored('timestamp'),
    snapshot: () => stored('snapshot'),
    targets: () => stored('targets'),
  };
}
