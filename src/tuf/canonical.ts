// Canonical JSON (OLPC), the form over which TUF signatures and keyids are made (TUF 1.0.34, 4.2.1), as
// securesystemslib writes it: no white space, keys in order of code points, only `"` and `\` escaped.
import { DTufError } from '../errors.ts';
import { type Json, MAX_DEPTH } from '../json.ts';
import type { Bytes } from '../ports.ts';

/** @throws DTufError METADATA_INVALID for a number that is no safe integer, a lone surrogate, nesting deeper than 32, what is no JSON. */
export function canonicalJson(value: Json): Bytes {
  const writer = new Writer();
  writer.value(value, 0);
  return writer.written;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const encoder = new TextEncoder();

/** Writes each byte once. Text that is joined first and then encoded takes more than twice as long. */
class Writer {
  #bytes: Bytes = new Uint8Array(1024);
  #length = 0;

  get written(): Bytes {
    return this.#bytes.subarray(0, this.#length);
  }

  value(value: unknown, depth: number): void {
    if (typeof value === 'string') this.#string(value);
    else if (value === null || typeof value === 'boolean') this.#ascii(String(value));
    else if (typeof value === 'number') this.#number(value);
    else if (typeof value === 'object') this.#nested(value, depth);
    else throw noCanonicalForm(`a value of type ${typeof value}`);
  }

  #number(value: number): void {
    // Fractions have no one form that every signer writes.
    if (!Number.isSafeInteger(value)) throw noCanonicalForm(`the number ${value}`);
    this.#ascii(String(value));
  }

  #nested(value: object, depth: number): void {
    // Nobody reads what is deeper; an object within itself ends here too.
    if (depth === MAX_DEPTH) throw noCanonicalForm(`what is nested deeper than ${MAX_DEPTH}`);
    if (Array.isArray(value)) this.#list(value, depth + 1);
    else this.#object(value as Readonly<Record<string, unknown>>, depth + 1);
  }

  #list(list: readonly unknown[], depth: number): void {
    this.#ascii('[');
    for (let i = 0; i < list.length; i++) {
      if (i > 0) this.#ascii(',');
      this.value(list[i], depth);
    }
    this.#ascii(']');
  }

  #object(object: Readonly<Record<string, unknown>>, depth: number): void {
    this.#ascii('{');
    let separator = '';
    for (const name of Object.keys(object).sort(compareCodePoints)) {
      this.#ascii(separator);
      this.#string(name);
      this.#ascii(':');
      this.value(object[name], depth);
      separator = ',';
    }
    this.#ascii('}');
  }

  #string(text: string): void {
    // UTF-8 has at most 3 bytes for a UTF-16 unit, and what is escaped has 2.
    this.#reserve(3 * text.length + 2);
    const bytes = this.#bytes;
    let at = this.#length;
    bytes[at++] = QUOTE;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        // #length has not moved: the string is written anew.
        this.#encoded(text);
        return;
      }
      if (unit === QUOTE || unit === BACKSLASH) bytes[at++] = BACKSLASH;
      bytes[at++] = unit;
    }
    bytes[at++] = QUOTE;
    this.#length = at;
  }

  /** A string that is not ASCII; there is room for it. */
  #encoded(text: string): void {
    // With the u flag a class of surrogates matches lone ones only.
    if (/[\ud800-\udfff]/u.test(text)) throw noCanonicalForm('a string with half a surrogate pair');
    const escaped = `"${text.replace(/["\\]/g, '\\$&')}"`;
    this.#length += encoder.encodeInto(escaped, this.#bytes.subarray(this.#length)).written;
  }

  #ascii(text: string): void {
    this.#reserve(text.length);
    for (let i = 0; i < text.length; i++) this.#bytes[this.#length++] = text.charCodeAt(i);
  }

  /** Makes room for `more` bytes; doubled, so that what was written is copied once on average. */
  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const bytes = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
    bytes.set(this.written);
    this.#bytes = bytes;
  }
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
