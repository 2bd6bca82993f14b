import { utf8 } from '../encoding.ts';
import type { Bytes } from '../ports.ts';
import type { Descriptor } from './descriptor.ts';

export const emptyType = 'application/vnd.oci.empty.v1+json';

/** The content of {@link emptyDescriptor}: `{}`. It must be pushed as a blob although it is inlined. */
export const emptyBytes: Bytes = utf8('{}');

/** "Nothing" as a config or layer (image-spec v1.1, manifest.md, "Guidance for an Empty Descriptor"). */
export const emptyDescriptor: Descriptor = Object.freeze({
  mediaType: emptyType,
  digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
  size: 2,
  data: 'e30=',
});

/** A manifest as bytes: JSON with the keys in the order in which they were given. */
export function writeManifest(value: object): Bytes {
  return utf8(JSON.stringify(value));
}
