// The checks that a trusted set makes, each with its clause: the list of all that were made, and the error of one that fails.
import { type Code, DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Check } from './check.ts';
import { matchFile } from './file-info.ts';
import type { Metadata, MetaFile, Signed } from './metadata.ts';
import { countSignatures, type Delegator } from './signatures.ts';

/** A delegator, and what it is called in a check: `root version 3`. */
export interface NamedDelegator extends Delegator {
  readonly name: string;
}

export class Checks {
  readonly #made: Check[] = [];
  readonly #now: Date;

  /** @param now the one time that expiry is judged against. */
  constructor(now: Date) {
    this.#now = now;
  }

  /** In the order in which they were made. */
  get made(): readonly Check[] {
    return this.#made;
  }

  /** @throws DTufError METADATA_UNSIGNED */
  async signatures(
    clause: string,
    role: string,
    metadata: Metadata<Signed>,
    by: NamedDelegator,
  ): Promise<void> {
    const count = await countSignatures(metadata, by);
    const what = `version ${metadata.signed.version} is signed by enough of the keys that ${by.name} names`;
    const expected = `${by.threshold} valid signatures`;
    this.#record(clause, role, 'METADATA_UNSIGNED', what, count >= by.threshold, expected, `${count}`);
  }

  /** @throws DTufError METADATA_MISMATCH */
  async file(clause: string, role: string, bytes: Bytes, file: MetaFile): Promise<void> {
    const difference = await matchFile(bytes, file);
    const what =
      difference === undefined
        ? 'its length and hashes are what its parent signed'
        : `its ${difference.what} is what its parent signed`;
    const ok = difference === undefined;
    this.#record(clause, role, 'METADATA_MISMATCH', what, ok, difference?.expected, difference?.got);
  }

  /** @throws DTufError METADATA_MISMATCH */
  version(clause: string, role: string, expected: number, got: number): void {
    this.same(clause, role, 'METADATA_MISMATCH', 'its version is what its parent signed', expected, got);
  }

  /** @throws DTufError METADATA_ROLLBACK */
  noRollback(clause: string, role: string, trusted: number, offered: number | undefined): void {
    const ok = offered !== undefined && offered >= trusted;
    const what = `its version does not go back below ${trusted}`;
    const got = `${offered ?? 'no version'}`;
    this.#record(clause, role, 'METADATA_ROLLBACK', what, ok, `${trusted} or above`, got);
  }

  /** @throws DTufError METADATA_EXPIRED */
  valid(clause: string, role: string, metadata: Metadata<Signed>): void {
    const { expires, version } = metadata.signed;
    // Expired at the very moment: "expires" is when it stops being valid.
    const ok = expires.getTime() > this.#now.getTime();
    const what = `version ${version} has not expired`;
    const expected = `valid at ${this.#now.toISOString()}`;
    this.#record(clause, role, 'METADATA_EXPIRED', what, ok, expected, `expired ${expires.toISOString()}`);
  }

  /** @throws DTufError `code` where the numbers differ. */
  same(clause: string, role: string, code: Code, what: string, expected: number, got: number): void {
    this.#record(clause, role, code, what, expected === got, `${expected}`, `${got}`);
  }

  #record(
    clause: string,
    role: string,
    code: Code,
    what: string,
    ok: boolean,
    expected = '',
    got = '',
  ): void {
    this.#made.push({ clause, role, what, ok });
    if (ok) return;
    const message = `${role} metadata is refused: expected ${expected}, got ${got} (the check of TUF ${clause} that ${what})`;
    throw new DTufError(code, message, { role, clause, expected, got });
  }
}
