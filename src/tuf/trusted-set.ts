// The client workflow of TUF 1.0.34, section 5, as a state machine over bytes that others fetched. It does no I/O
// and reads no clock. Its rules:
//
// - A set begins with a root that is trusted for other reasons, and holds one verified file a role.
// - Files are offered in the order root (any number), timestamp, snapshot, targets; another order is an error of the caller.
// - A file that is refused throws, and leaves the set as it was.
// - Every file is verified by its role's keys in the final root, and judged against one time, `now`.
// - Files from local storage (load…) are offered before those from outside (update…) and are verified in the same way;
//   they may be expired or superseded: then they only serve to recognise a rollback.
import { type Code, DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Check } from './check.ts';
import { matchFile } from './file-info.ts';
import type { Metadata, MetaFile, Role, Signed } from './metadata.ts';
import { parseRoot, type Root, replacesStored } from './root.ts';
import { countSignatures } from './signatures.ts';
import { parseSnapshot, type Snapshot } from './snapshot.ts';
import { parseTargets, type Targets } from './targets.ts';
import { parseTimestamp, type Timestamp } from './timestamp.ts';

export class TrustedSet {
  /** The one time against which this operation judges (5.1). */
  readonly now: Date;
  readonly #checks: Check[] = [];
  readonly #firstRoot: Root;
  readonly #roots: Metadata<Root>[];
  #rootIsFinal = false;
  #root: Metadata<Root>;
  #timestamp: Metadata<Timestamp> | undefined;
  #snapshot: Metadata<Snapshot> | undefined;
  #targets: Metadata<Targets> | undefined;

  private constructor(root: Metadata<Root>, now: Date) {
    this.#root = root;
    this.#roots = [root];
    this.#firstRoot = root.signed;
    this.now = now;
  }

  /**
   * Starts from a trusted root (5.2): shipped, pinned, or found with a trusted key.
   *
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED
   */
  static async start(root: Bytes, now: Date): Promise<TrustedSet> {
    const metadata = parseRoot(root);
    const set = new TrustedSet(metadata, now);
    await set.#checkSignatures('5.2', 'root', metadata, metadata.signed);
    return set;
  }

  /** Each check that was made, in order. */
  get checks(): readonly Check[] {
    return this.#checks;
  }

  get root(): Metadata<Root> {
    return this.#root;
  }

  /** The chain from the root that this set started from to the present one. */
  get roots(): readonly Metadata<Root>[] {
    return this.#roots;
  }

  get timestamp(): Metadata<Timestamp> | undefined {
    return this.#timestamp;
  }

  get snapshot(): Metadata<Snapshot> | undefined {
    return this.#snapshot;
  }

  get targets(): Metadata<Targets> | undefined {
    return this.#targets;
  }

  /**
   * The next root: signed by the present root and by itself, its version the next one.
   *
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_ROLLBACK
   */
  async updateRoot(bytes: Bytes): Promise<void> {
    if (this.#rootIsFinal) throw new Error('roots come before all other roles');
    const next = parseRoot(bytes);
    await this.#checkSignatures('5.3.4', 'root', next, this.#root.signed);
    await this.#checkSignatures('5.3.4', 'root', next, next.signed);
    const expected = this.#root.signed.version + 1;
    this.#check(
      '5.3.5',
      'root',
      'METADATA_ROLLBACK',
      'its version is the next',
      expected,
      next.signed.version,
    );
    this.#root = next;
    this.#roots.push(next);
  }

  /**
   * There is no newer root: all else is verified with the present one. Only it has to be valid, not those on the way.
   *
   * @throws DTufError METADATA_EXPIRED
   */
  endRoots(): void {
    this.#checkValid('5.3.10', 'root', this.#root);
    this.#rootIsFinal = true;
  }

  /** Whether stored files are to be forgotten, because keys were replaced on the way to the final root (5.3.11). */
  get forgetsStored(): boolean {
    return replacesStored(this.#firstRoot, this.#root.signed);
  }

  /** A timestamp from local storage. @throws DTufError METADATA_INVALID, METADATA_UNSIGNED */
  async loadTimestamp(bytes: Bytes): Promise<void> {
    const metadata = parseTimestamp(bytes);
    await this.#checkSignatures('5.4.2', 'timestamp', metadata, this.#final);
    this.#timestamp = metadata;
  }

  /**
   * A timestamp from outside.
   *
   * @returns false where its version is the one that is trusted already: there is nothing newer, and what came is
   * discarded.
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_ROLLBACK, METADATA_EXPIRED
   */
  async updateTimestamp(bytes: Bytes): Promise<boolean> {
    const next = parseTimestamp(bytes);
    await this.#checkSignatures('5.4.2', 'timestamp', next, this.#final);
    const trusted = this.#timestamp?.signed;
    if (trusted !== undefined) {
      this.#checkNoRollback('5.4.3.1', 'timestamp', trusted.version, next.signed.version);
      if (trusted.version === next.signed.version) {
        this.requireValidTimestamp();
        return false;
      }
      this.#checkNoRollback('5.4.3.2', 'snapshot', trusted.snapshot.version, next.signed.snapshot.version);
    }
    this.#checkValid('5.4.4', 'timestamp', next);
    this.#timestamp = next;
    return true;
  }

  /** @throws DTufError METADATA_EXPIRED */
  requireValidTimestamp(): void {
    this.#checkValid('5.4.4', 'timestamp', need(this.#timestamp, 'timestamp'));
  }

  /**
   * A snapshot from local storage.
   *
   * @returns whether it is the very one that the timestamp names; if not, that one has to be fetched.
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED
   */
  async loadSnapshot(bytes: Bytes): Promise<boolean> {
    const named = this.snapshotFile;
    const metadata = parseSnapshot(bytes);
    await this.#checkSignatures('5.5.3', 'snapshot', metadata, this.#final);
    this.#snapshot = metadata;
    return named.version === metadata.signed.version && (await matchFile(bytes, named)) === undefined;
  }

  /**
   * A snapshot from outside.
   *
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_MISMATCH, METADATA_ROLLBACK, METADATA_EXPIRED
   */
  async updateSnapshot(bytes: Bytes): Promise<void> {
    const named = this.snapshotFile;
    await this.#checkFile('5.5.2', 'snapshot', bytes, named);
    const next = parseSnapshot(bytes);
    await this.#checkSignatures('5.5.3', 'snapshot', next, this.#final);
    this.#checkVersion('5.5.4', 'snapshot', named.version, next.signed.version);
    for (const [file, trusted] of this.#snapshot?.signed.meta ?? []) {
      // 5.5.5: a role may neither go back nor disappear.
      this.#checkNoRollback(
        '5.5.5',
        file.replace(/\.json$/, ''),
        trusted.version,
        next.signed.meta.get(file)?.version,
      );
    }
    this.#checkValid('5.5.6', 'snapshot', next);
    this.#snapshot = next;
  }

  /** @throws DTufError METADATA_EXPIRED */
  requireValidSnapshot(): void {
    this.#checkValid('5.5.6', 'snapshot', need(this.#snapshot, 'snapshot'));
  }

  /** What the timestamp says of the snapshot. */
  get snapshotFile(): MetaFile {
    return need(this.#timestamp, 'timestamp').signed.snapshot;
  }

  /** What the snapshot says of the top-level targets role. */
  get targetsFile(): MetaFile {
    return need(
      need(this.#snapshot, 'snapshot').signed.meta.get('targets.json'),
      'snapshot with targets.json',
    );
  }

  /**
   * The top-level targets role; from outside and from local storage it is the same check.
   *
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_MISMATCH, METADATA_EXPIRED
   */
  async updateTargets(bytes: Bytes): Promise<void> {
    const named = this.targetsFile;
    await this.#checkFile('5.6.2', 'targets', bytes, named);
    const next = parseTargets(bytes);
    await this.#checkSignatures('5.6.3', 'targets', next, this.#final);
    this.#checkVersion('5.6.4', 'targets', named.version, next.signed.version);
    this.#checkValid('5.6.5', 'targets', next);
    this.#targets = next;
  }

  /** The root whose keys verify all other roles. */
  get #final(): Root {
    if (!this.#rootIsFinal) throw new Error('endRoots() comes before all other roles');
    return this.#root.signed;
  }

  async #checkSignatures(clause: string, role: Role, metadata: Metadata<Signed>, root: Root): Promise<void> {
    const { keyids, threshold } = root.roles[role];
    const count = await countSignatures(metadata, { keyids, threshold, keys: root.keys });
    const what = `version ${metadata.signed.version} is signed by enough of the keys that root version ${root.version} names`;
    this.#record(
      clause,
      role,
      'METADATA_UNSIGNED',
      what,
      count >= threshold,
      `${threshold} valid signatures`,
      `${count}`,
    );
  }

  async #checkFile(clause: string, role: Role, bytes: Bytes, file: MetaFile): Promise<void> {
    const difference = await matchFile(bytes, file);
    const what =
      difference === undefined
        ? 'its length and hashes are what its parent signed'
        : `its ${difference.what} is what its parent signed`;
    this.#record(
      clause,
      role,
      'METADATA_MISMATCH',
      what,
      difference === undefined,
      difference?.expected,
      difference?.got,
    );
  }

  #checkVersion(clause: string, role: Role, expected: number, got: number): void {
    this.#check(clause, role, 'METADATA_MISMATCH', 'its version is what its parent signed', expected, got);
  }

  #checkNoRollback(clause: string, role: string, trusted: number, offered: number | undefined): void {
    const ok = offered !== undefined && offered >= trusted;
    const what = `its version does not go back below ${trusted}`;
    this.#record(
      clause,
      role,
      'METADATA_ROLLBACK',
      what,
      ok,
      `${trusted} or above`,
      `${offered ?? 'no version'}`,
    );
  }

  #checkValid(clause: string, role: Role, metadata: Metadata<Signed>): void {
    const { expires, version } = metadata.signed;
    // Expired at the very moment: "expires" is when it stops being valid.
    const ok = expires.getTime() > this.now.getTime();
    const what = `version ${version} has not expired`;
    this.#record(
      clause,
      role,
      'METADATA_EXPIRED',
      what,
      ok,
      `valid at ${this.now.toISOString()}`,
      `expired ${expires.toISOString()}`,
    );
  }

  #check(clause: string, role: string, code: Code, what: string, expected: number, got: number): void {
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
    this.#checks.push({ clause, role, what, ok });
    if (ok) return;
    const message = `${role} metadata is refused: expected ${expected}, got ${got} (the check of TUF ${clause} that ${what})`;
    throw new DTufError(code, message, { role, clause, expected, got });
  }
}

/** Files are offered in order; another order is a mistake of the caller, not of the repository. */
function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the ${what} comes first`);
  return value;
}
