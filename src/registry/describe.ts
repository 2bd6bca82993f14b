import type { Descriptor } from './descriptor.ts';
import { digestOf } from './digest.ts';

/** The descriptor of `bytes`. */
export async function describe(
  mediaType: string,
  bytes: Uint8Array,
  annotations?: Readonly<Record<string, string>>,
): Promise<Descriptor> {
  const descriptor = { mediaType, digest: await digestOf(bytes), size: bytes.length };
  return annotations ? { ...descriptor, annotations } : descriptor;
}
