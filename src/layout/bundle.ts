import type { Descriptor } from '../registry/descriptor.ts';
import type { ImageManifest } from '../registry/manifest.ts';
import { FILENAME } from './strings.ts';

/** The layer of each file that a bundle names: by annotation, never by position. */
export function layersByName(manifest: ImageManifest): ReadonlyMap<string, Descriptor> {
  const layers = new Map<string, Descriptor>();
  for (const layer of manifest.layers) {
    const name = layer.annotations?.[FILENAME];
    // The first counts, as in docker/attest's client.
    if (name !== undefined && !layers.has(name)) layers.set(name, layer);
  }
  return layers;
}
