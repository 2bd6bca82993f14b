import { digestHex } from '../digest-hex.ts';
import { utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';

const PLAIN = /^[a-z0-9_-][a-z0-9._-]{0,99}$/;
/** Windows keeps these names for devices, with any extension too. */
const DEVICE = /^(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)/;
/** Without a partner: UTF-8 has no bytes for it, so that two such names would have the same hash. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * A safe path segment for a target or role name that came from outside.
 *
 * Distinct names get distinct segments, also where the file system ignores letter case or normalises Unicode.
 * Short lower-case ASCII names stay themselves; every other one becomes `%` and the SHA-256 of its UTF-8 in hex.
 * No plain name has a `%`, and the hash has no capitals, so that the two kinds never meet.
 *
 * @param outside any text, of any length.
 * @returns 1 to 100 characters of `[a-z0-9._%-]`, never `.` or `..`.
 * @throws DTufError INVALID_ARGUMENT where the name is no well-formed Unicode.
 * @example
 * await storeName('app-1.2.tar.gz'); // 'app-1.2.tar.gz'
 * await storeName('../x');           // '%…64 hex…'
 */
export async function storeName(outside: string): Promise<string> {
  if (PLAIN.test(outside) && !outside.endsWith('.') && !DEVICE.test(outside)) return outside;
  if (LONE_SURROGATE.test(outside)) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      'The name holds half a surrogate pair: it is no well-formed Unicode text.',
    );
  }
  return `%${await digestHex('sha256', utf8(outside))}`;
}
