// The checks that a trusted set makes, each with its clause: the list of all that were made, and the error of one that fails.
import { type Code, DTufError } from '../errors.ts';
import type { Check } from './check.ts';
import { type Difference, knownHashes } from './file-info.ts';
import type { Metadata, MetaFile, Signed } from './metadata.ts';
import { countSignatures, type Delegator } from './signatures.ts';

/** A delegator, and what it is called in a check: `root version 3`. */
export interface NamedDelegator extends Delegator {
  readonly name: string;
}

export class Checks {
  readonly #made: Check[] = [];
  readonly #now: Date;
  readonly #onCheck: ((check: Check) => void) | undefined;

  /**
   * @param now the one time that expiry is judged against.
   * @param onCheck told of each check as it is made.
   */
  constructor(now: Date, onCheck?: (check: Check) => void) {
    this.#now = now;
    this.#onCheck = onCheck;
  }

  /** In the order in which they were made. */
  get made(): readonly Check[] {
    return this.#made;
  }

  /** The checks of one file. */
  of(role: string, version: number): FileChecks {
    return new FileChecks(role, version, this.#now, (check) => this.record(check));
  }

  record(check: Check): void {
    this.#made.push(check);
    this.#onCheck?.(check);
  }
}

type Compared = Pick<Check, 'clause' | 'what' | 'expected' | 'got' | 'ok'> & { readonly role?: string };

/** The checks of one file. Each throws where it fails. */
export class FileChecks {
  readonly #role: string;
  readonly #file: string;
  readonly #now: Date;
  readonly #record: (check: Check) => void;

  constructor(role: string, version: number, now: Date, record: (check: Check) => void) {
    this.#role = role;
    this.#file = fileName(role, version);
    this.#now = now;
    this.#record = record;
  }

  /** @throws DTufError METADATA_UNSIGNED */
  async signatures(clause: string, metadata: Metadata<Signed>, by: NamedDelegator): Promise<void> {
    const count = await countSignatures(metadata, by);
    this.#check('METADATA_UNSIGNED', {
      clause,
      what: `version ${metadata.signed.version} is signed by enough of the keys that ${by.name} names`,
      expected: `${by.threshold} valid signature${by.threshold === 1 ? '' : 's'}`,
      got: `${count}`,
      ok: count >= by.threshold,
    });
  }

  /**
   * @param difference between the bytes and what is signed of them, if there is one.
   * @throws DTufError METADATA_MISMATCH
   */
  file(clause: string, signed: MetaFile, difference: Difference | undefined): void {
    const all = describeSigned(signed);
    this.#check('METADATA_MISMATCH', {
      clause,
      what: `${difference ? `its ${difference.what} is` : 'its length and hashes are'} what its parent signed`,
      expected: difference?.expected ?? all,
      got: difference?.got ?? all,
      ok: difference === undefined,
    });
  }

  /** @throws DTufError METADATA_MISMATCH */
  version(clause: string, expected: number, got: number): void {
    this.same(clause, 'METADATA_MISMATCH', 'its version is what its parent signed', expected, got);
  }

  /**
   * @param role whose version it is; that of the file, or one that it lists.
   * @throws DTufError METADATA_ROLLBACK
   */
  noRollback(clause: string, role: string, trusted: number, offered: number | undefined): void {
    this.#check('METADATA_ROLLBACK', {
      clause,
      role,
      what: `its version does not go back below ${trusted}`,
      expected: `${trusted} or above`,
      got: `${offered ?? 'no version'}`,
      ok: offered !== undefined && offered >= trusted,
    });
  }

  /** @throws DTufError METADATA_EXPIRED */
  valid(clause: string, { signed: { expires, version } }: Metadata<Signed>): void {
    // Expired at the very moment: "expires" is when it stops being valid.
    const ok = expires.getTime() > this.#now.getTime();
    this.#check('METADATA_EXPIRED', {
      clause,
      what: `version ${version} has not expired`,
      expected: `valid at ${this.#now.toISOString()}`,
      got: `${ok ? 'valid until' : 'expired'} ${expires.toISOString()}`,
      ok,
    });
  }

  /** @throws DTufError `code` where the numbers differ. */
  same(clause: string, code: Code, what: string, expected: number, got: number): void {
    this.#check(code, {
      clause,
      what,
      expected: `${expected}`,
      got: `${got}`,
      ok: expected === got,
    });
  }

  #check(code: Code, compared: Compared): void {
    const check = { role: this.#role, file: this.#file, ...compared };
    this.#record(check);
    if (check.ok) return;
    const { role, clause, what, expected, got } = check;
    const message = `${role} metadata is refused: expected ${expected}, got ${got} (the check of TUF ${clause} that ${what})`;
    throw new DTufError(code, message, { role, clause, expected, got });
  }
}

/** The name of a version of a role, as in {@link Check.file}. */
export function fileName(role: string, version: number): string {
  return `${version}.${role}.json`;
}

function describeSigned({ length, hashes }: MetaFile): string {
  const parts = [
    ...(length === undefined ? [] : [`${length} bytes`]),
    ...knownHashes(hashes).map(([algorithm, hex]) => `${algorithm} ${hex}`),
  ];
  return parts.length === 0 ? 'nothing is signed of them' : parts.join(', ');
}
