import type { MetadataSource } from '../layout/layout.ts';
import type { Call } from '../options.ts';
import type { Bytes } from '../ports.ts';

/** A source that tells of each file that it hands over. */
export function reporting(
  source: MetadataSource,
  onProgress: NonNullable<Call['onProgress']>,
): MetadataSource {
  const told = <T extends Bytes | undefined>(target: string, bytes: T): T => {
    const size = bytes?.length ?? 0;
    if (bytes !== undefined) onProgress({ target, received: size, total: size, phase: 'fetch' });
    return bytes;
  };
  const { layout, etag, isStored } = source;
  const under = source.under?.bind(source);
  return {
    layout,
    ...(etag === undefined ? {} : { etag }),
    ...(isStored === undefined ? {} : { isStored }),
    ...(under === undefined ? {} : { under: (root) => reporting(under(root), onProgress) }),
    root: async (version) => told(`${version}.root.json`, await source.root(version)),
    roots: () => source.roots(),
    timestamp: async () => told('timestamp.json', await source.timestamp()),
    snapshot: async (version, limit) => told('snapshot.json', await source.snapshot(version, limit)),
    targets: async (version, limit) => told('targets.json', await source.targets(version, limit)),
  };
}
