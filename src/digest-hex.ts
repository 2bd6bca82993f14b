import { toHex } from './encoding.ts';
import type { Bytes, HashAlgorithm } from './ports.ts';

/** As Web Crypto calls them. */
const NAMES: Readonly<Record<HashAlgorithm, string>> = { sha256: 'SHA-256', sha512: 'SHA-512' };

/** The digest of bytes that are at hand as a whole. */
export async function digestHex(algorithm: HashAlgorithm, bytes: Bytes): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest(NAMES[algorithm], bytes)));
}
