// Canonical JSON (OLPC), the form over which TUF signatures and keyids are made (TUF 1.0.34, 4.2.1), as
// securesystemslib writes it: no white space, keys in order of code points, only `"` and `\` escaped.
import { utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import { type Json, MAX_DEPTH } from './json.ts';

/** @throws DTufError METADATA_INVALID for a number that is no safe integer, a lone surrogate, nesting deeper than 32, what is no JSON. */
export function canonicalJson(value: Json): Bytes {
  return utf8(write(value, 0));
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeString(value);
    case 'number':
      // Fractions have no one form that every signer writes.
      if (!Number.isSafeInteger(value)) throw noCanonicalForm(`the number ${value}`);
      return String(value);
    case 'boolean':
      return String(value);
    case 'object':
      if (value === null) return 'null';
      // Nobody reads what is deeper; an object within itself ends here too.
      if (depth === MAX_DEPTH) throw noCanonicalForm(`what is nested deeper than ${MAX_DEPTH}`);
      if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
      return writeObject(value, depth + 1);
    default:
      throw noCanonicalForm(`a value of type ${typeof value}`);
  }
}

function writeObject(value: object, depth: number): string {
  let text = '';
  for (const [key, member] of Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b))) {
    text += `${text === '' ? '' : ','}${writeString(key)}:${write(member, depth)}`;
  }
  return `{${text}}`;
}

function writeString(text: string): string {
  // With the u flag a class of surrogates matches lone ones only.
  if (/[\ud800-\udfff]/u.test(text)) throw noCanonicalForm('a string with half a surrogate pair');
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/** Orders by code point; the default order is by UTF-16 unit and puts U+10000 before U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Moves surrogates (code points above U+FFFF) behind U+E000 to U+FFFF. */
function rank(unit: number): number {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
}

function noCanonicalForm(what: string): DTufError {
  return new DTufError(
    'METADATA_INVALID',
    `${what} has no canonical JSON form: only integers within ±(2^53-1), strings, booleans, null, arrays and objects have`,
  );
}
