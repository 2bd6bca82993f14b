// JSON as TUF metadata needs it, and manifests bear it: one linear scan refuses what JSON.parse would blur, so that two
// readers of the same bytes cannot see two documents. RFC 8259, restricted to what has one canonical form (TUF 1.0.34, 4.1).
import { DTufError } from './errors.ts';

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** How deep objects and lists of a document may be nested. */
export const MAX_DEPTH = 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const MINUS = 0x2d;
const ZERO = 0x30;

/**
 * Parses UTF-8 JSON.
 *
 * Refused beside what is no JSON: a byte order mark, invalid UTF-8, nesting deeper than 32, numbers that are
 * not plain integers within ±(2^53-1) (`1.0`, `1e3`, `-0`), escapes of lone surrogates. Of duplicate keys the last one
 * counts, as in the parser of whoever signed it; a signature over anything else does not verify.
 *
 * @param what names the document in errors, as in `root`.
 * @throws DTufError METADATA_INVALID
 */
export function parseJson(bytes: Uint8Array, what: string): Json {
  scan(bytes, what);
  let text: string;
  try {
    // RFC 8259, 8.1: UTF-8 without a byte order mark. ignoreBOM keeps a mark in the text, where JSON.parse refuses it.
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw invalid(what, 'it is not UTF-8', cause);
  }
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw invalid(what, 'it is not JSON', cause);
  }
}

function scan(bytes: Uint8Array, what: string): void {
  let depth = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    switch (byte) {
      case QUOTE:
        i = endOfString(bytes, i, what);
        break;
      case 0x5b: // [
      case 0x7b: // {
        // RFC 8259, 9: a parser may set limits on the depth.
        if (++depth > MAX_DEPTH) throw invalid(what, `it is nested deeper than ${MAX_DEPTH}`);
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      default:
        if (byte === MINUS || isDigit(byte)) i = endOfNumber(bytes, i, what);
    }
  }
}

/** The index of the closing quote of the string that opens at `start`. RFC 8259, 8.2: halves of surrogate pairs are refused. */
function endOfString(bytes: Uint8Array, start: number, what: string): number {
  let i = start + 1;
  while (i < bytes.length && bytes[i] !== QUOTE) {
    if (bytes[i] !== BACKSLASH) i++;
    else if (bytes[i + 1] !== 0x75 /* u */) i += 2;
    else {
      const unit = escapedUnit(bytes, i);
      if (unit >= 0xdc00 && unit <= 0xdfff) throw loneSurrogate(what);
      if (unit >= 0xd800 && unit <= 0xdbff) {
        const low = escapedUnit(bytes, i + 6);
        if (!(low >= 0xdc00 && low <= 0xdfff)) throw loneSurrogate(what);
        i += 6;
      }
      i += 6;
    }
  }
  return i;
}

/** The UTF-16 unit of the `\uXXXX` at `i`, or NaN where there is none. */
function escapedUnit(bytes: Uint8Array, i: number): number {
  if (bytes[i] !== BACKSLASH || bytes[i + 1] !== 0x75 || i + 6 > bytes.length) return Number.NaN;
  const digits = String.fromCharCode(...bytes.subarray(i + 2, i + 6));
  return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
}

/** The index of the last character of the number that begins at `start`. TUF 4.1: canonical JSON knows integers only. */
function endOfNumber(bytes: Uint8Array, start: number, what: string): number {
  const negative = bytes[start] === MINUS;
  let i = negative ? start + 1 : start;
  const first = i;
  // 17 digits are beyond 2^53 in any case: no need to look further.
  let value = 0;
  while (i < bytes.length && isDigit(bytes[i]) && i - first < 17)
    value = value * 10 + ((bytes[i++] ?? ZERO) - ZERO);
  const after = bytes[i];
  const plain =
    i > first &&
    after !== 0x2e /* . */ &&
    after !== 0x65 /* e */ &&
    after !== 0x45 /* E */ &&
    !isDigit(after);
  if (!plain || !Number.isSafeInteger(value) || (negative && value === 0)) {
    const end = Math.min(i + 8, bytes.length);
    const shown = String.fromCharCode(...bytes.subarray(start, end)).replace(/[^0-9.eE+-].*/s, '');
    throw invalid(what, `numbers are plain integers within ±(2^53-1), and one is ${JSON.stringify(shown)}`);
  }
  return i - 1;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= 0x39;
}

function loneSurrogate(what: string): DTufError {
  return invalid(what, 'a string has half a surrogate pair: two names would have the same bytes');
}

function invalid(what: string, why: string, cause?: unknown): DTufError {
  return new DTufError('METADATA_INVALID', `${what} cannot be read: ${why}`, { role: what, cause });
}
