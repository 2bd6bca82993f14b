// page.ts for WebKitGTK, whose Web Crypto (libgcrypt 1.10) ends the process of the page where it is to sign 64 KiB or more with
// Ed25519. Verification never asks it to (src/tuf/ed25519.ts); a page there that publishes such metadata needs this too.
import { signAsync } from '@noble/ed25519';

export { run } from './page.ts';

const native = crypto.subtle.sign.bind(crypto.subtle);

crypto.subtle.sign = async (algorithm, key, data) => {
  if (key.algorithm.name !== 'Ed25519' || data.byteLength < 0xff00) return native(algorithm, key, data);
  const seed = new Uint8Array(await crypto.subtle.exportKey('pkcs8', key)).slice(-32);
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  return Uint8Array.from(await signAsync(bytes, seed)).buffer;
};
