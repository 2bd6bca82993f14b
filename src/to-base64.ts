/** RFC 4648, section 4, padded. */
export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  // In steps: the arguments of one call are limited by the stack.
  for (let i = 0; i < bytes.length; i += 0x2000) {
    binary += String.fromCharCode(...bytes.subarray(i, i + 0x2000));
  }
  return btoa(binary);
}
