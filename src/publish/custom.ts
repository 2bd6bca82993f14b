import { DTufError, hasCode } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import { canonicalJson } from '../tuf/canonical.ts';

/**
 * Refuses custom data that has no one canonical form, or that would say how a target is read, before anything is uploaded.
 *
 * @throws DTufError INVALID_ARGUMENT
 */
export function checkCustom(name: string, custom: JsonObject): void {
  if (Object.hasOwn(custom, 'dtuf')) {
    throw new DTufError('INVALID_ARGUMENT', `custom.dtuf of ${name} is ours: it says how a target is read`, {
      target: name,
    });
  }
  try {
    // As deep in the file as it is going to be signed.
    canonicalJson({ signed: { targets: { [name]: { custom } } } });
  } catch (cause) {
    if (!hasCode(cause, 'METADATA_INVALID')) throw cause;
    throw new DTufError('INVALID_ARGUMENT', `custom of ${name} cannot be signed: ${cause.message}`, {
      target: name,
      cause,
    });
  }
}
