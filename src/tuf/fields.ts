// Reads fields of parsed JSON into typed values, or says which field is not what it has to be.
import { DTufError } from '../errors.ts';
import { isObject } from '../is-object.ts';
import type { Json, JsonObject } from '../json.ts';

/** The own member `name`: never what a prototype would answer to `constructor` or `__proto__`. */
export function member(object: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Reads the fields of one object of the metadata of `role`; `path` is its place, as in `signed.roles.root`. */
export class Fields {
  readonly object: JsonObject;
  readonly #role: string;
  readonly #path: string;

  /** @throws DTufError METADATA_INVALID where `value` is no object. */
  constructor(value: Json | undefined, role: string, path: string) {
    this.#role = role;
    this.#path = path;
    if (!isObject(value)) {
      throw this.#invalid(undefined, 'an object', value);
    }
    this.object = value;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.object, name);
  }

  names(): string[] {
    return Object.keys(this.object);
  }

  /** The object under `name`. */
  fields(name: string): Fields {
    return new Fields(member(this.object, name), this.#role, `${this.#path}.${name}`);
  }

  string(name: string): string {
    const value = member(this.object, name);
    if (typeof value !== 'string') throw this.#invalid(name, 'a string', value);
    return value;
  }

  boolean(name: string): boolean {
    const value = member(this.object, name);
    if (typeof value !== 'boolean') throw this.#invalid(name, 'true or false', value);
    return value;
  }

  /** An integer from `least` to 2^53-1. */
  integer(name: string, least: number): number {
    const value = member(this.object, name);
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < least) {
      throw this.#invalid(name, `an integer from ${least} to 2^53-1`, value);
    }
    return value;
  }

  strings(name: string): readonly string[] {
    const value = member(this.object, name);
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
      throw this.#invalid(name, 'a list of strings', value);
    }
    return value;
  }

  /** The objects of the list under `name`. */
  list(name: string): Fields[] {
    const value = member(this.object, name);
    if (!Array.isArray(value)) throw this.#invalid(name, 'a list', value);
    return value.map((item, i) => new Fields(item, this.#role, `${this.#path}.${name}[${i}]`));
  }

  /** The error that says what the field should have been. */
  error(name: string, expected: string): DTufError {
    return this.#invalid(name, expected, member(this.object, name));
  }

  #invalid(name: string | undefined, expected: string, value: Json | undefined): DTufError {
    // Names in it are those of a file that nobody has verified yet.
    const path = JSON.stringify(
      (name === undefined ? this.#path : `${this.#path}.${name}`).slice(0, 200),
    ).slice(1, -1);
    const got = value === undefined ? 'nothing' : (JSON.stringify(value) ?? typeof value).slice(0, 80);
    return new DTufError(
      'METADATA_INVALID',
      `${this.#role} metadata: ${path} has to be ${expected}, and is ${got}`,
      {
        role: this.#role,
        expected,
        got,
      },
    );
  }
}
