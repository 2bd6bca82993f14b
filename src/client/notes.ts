// What a client notes for itself, as JSON. Nothing of it is trusted.
import { hasCode } from '../errors.ts';
import { isObject } from '../is-object.ts';
import { type Json, type JsonObject, parseJson } from '../json.ts';
import type { Bytes } from '../ports.ts';

/** The object that was noted. A damaged one is as good as none. */
export function readNotes(bytes: Bytes | undefined, what: string): JsonObject {
  if (bytes === undefined) return {};
  try {
    const value: Json = parseJson(bytes, what);
    return isObject(value) ? value : {};
  } catch (error) {
    if (hasCode(error, 'METADATA_INVALID')) return {};
    throw error;
  }
}
