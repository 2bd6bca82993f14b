import type { Bytes } from './ports.ts';

/** @param length in bytes, of all `chunks` together. */
export function concatenate(chunks: readonly Uint8Array[], length: number): Bytes {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
