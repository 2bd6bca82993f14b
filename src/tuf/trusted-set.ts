// The client workflow of TUF 1.0.34, section 5, as a state machine over bytes that others fetched. It does no I/O
// and reads no clock. Its rules:
//
// - A set begins with a root that is trusted for other reasons, and holds one verified file a role.
// - Files are offered in the order root (any number), timestamp, snapshot, targets; another order is an error of the caller.
// - A file that is refused throws, and leaves the set as it was.
// - Every file is verified by its role's keys in the final root, and judged against one time, `now`.
// - Files from local storage (load…) are offered before those from outside (update…) and are verified in the same way;
//   they may be expired or superseded: then they only serve to recognise a rollback.
//
// Delegated roles, which many repositories do not have, are offered to a set of their own over this one (delegated-set.ts).
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Check } from './check.ts';
import { Checks, type FileChecks, type NamedDelegator } from './checks.ts';
import { matchFile } from './file-info.ts';
import type { Metadata, MetaFile, Role, Signed } from './metadata.ts';
import { parseRoot, type Root, replacesStored } from './root.ts';
import { parseSnapshot, type Snapshot } from './snapshot.ts';
import type { Targets } from './targets.ts';
import { parseTimestamp, type Timestamp } from './timestamp.ts';
import { type ExpectedTargets, verifyStoredTargets, verifyTargets } from './verify-targets.ts';

export class TrustedSet {
  /** The one time against which this operation judges (5.1). */
  readonly now: Date;
  readonly #checks: Checks;
  readonly #roots: Metadata<Root>[];
  #rootIsFinal = false;
  #root: Metadata<Root>;
  #timestamp: Metadata<Timestamp> | undefined;
  #snapshot: Metadata<Snapshot> | undefined;
  #targets: Metadata<Targets> | undefined;

  private constructor(root: Metadata<Root>, now: Date, onCheck?: (check: Check) => void) {
    this.#root = root;
    this.#roots = [root];
    this.now = now;
    this.#checks = new Checks(now, onCheck);
  }

  /**
   * Starts from a trusted root (5.2): shipped, pinned, or found with a trusted key.
   *
   * @param onCheck told of each check as it is made, also of the one that fails.
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED; INVALID_ARGUMENT where `now` is no date: nothing could expire.
   */
  static async start(root: Bytes, now: Date, onCheck?: (check: Check) => void): Promise<TrustedSet> {
    if (Number.isNaN(now.getTime())) {
      throw new DTufError(
        'INVALID_ARGUMENT',
        'the clock tells no time: expected a date to judge expiry against',
      );
    }
    const metadata = parseRoot(root);
    const set = new TrustedSet(metadata, now, onCheck);
    await set.#checksOf('root', metadata).signatures('5.2', metadata, topLevel(metadata.signed, 'root'));
    return set;
  }

  /** Each check that was made, in order. */
  get checks(): readonly Check[] {
    return this.#checks.made;
  }

  /** Adds a step that was made beside the set, in its place among the checks. */
  record(step: Check): void {
    this.#checks.record(step);
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
    const checks = this.#checksOf('root', next);
    await checks.signatures('5.3.4', next, topLevel(this.#root.signed, 'root'));
    await checks.signatures('5.3.4', next, topLevel(next.signed, 'root'));
    const expected = this.#root.signed.version + 1;
    checks.same('5.3.5', 'METADATA_ROLLBACK', 'its version is the next', expected, next.signed.version);
    this.#root = next;
    this.#roots.push(next);
  }

  /**
   * There is no newer root: all else is verified with the present one. Only it has to be valid, not those on the way.
   *
   * @throws DTufError METADATA_EXPIRED
   */
  endRoots(): void {
    this.#checksOf('root', this.#root).valid('5.3.10', this.#root);
    this.#rootIsFinal = true;
  }

  /** Whether stored files are to be forgotten, because keys were replaced on the way to the final root (5.3.11). */
  get forgetsStored(): boolean {
    // Step by step: keys that were replaced and came back were replaced all the same.
    return this.#roots.some((root, i) => {
      const next = this.#roots[i + 1];
      return next !== undefined && replacesStored(root.signed, next.signed);
    });
  }

  /** A timestamp from local storage. @throws DTufError METADATA_INVALID, METADATA_UNSIGNED */
  async loadTimestamp(bytes: Bytes): Promise<void> {
    const metadata = parseTimestamp(bytes);
    await this.#checksOf('timestamp', metadata).signatures(
      '5.4.2',
      metadata,
      topLevel(this.#final, 'timestamp'),
    );
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
    const checks = this.#checksOf('timestamp', next);
    await checks.signatures('5.4.2', next, topLevel(this.#final, 'timestamp'));
    const trusted = this.#timestamp?.signed;
    if (trusted !== undefined) {
      checks.noRollback('5.4.3.1', 'timestamp', trusted.version, next.signed.version);
      if (trusted.version === next.signed.version) {
        this.requireValidTimestamp();
        return false;
      }
      checks.noRollback('5.4.3.2', 'snapshot', trusted.snapshot.version, next.signed.snapshot.version);
    }
    checks.valid('5.4.4', next);
    this.#timestamp = next;
    return true;
  }

  /** @throws DTufError METADATA_EXPIRED */
  requireValidTimestamp(): void {
    const timestamp = need(this.#timestamp, 'timestamp');
    this.#checksOf('timestamp', timestamp).valid('5.4.4', timestamp);
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
    const checks = this.#checksOf('snapshot', metadata);
    const isNamed =
      named.version === metadata.signed.version && (await matchFile(bytes, named)) === undefined;
    if (isNamed) checks.file('5.5.2', named, undefined);
    await checks.signatures('5.5.3', metadata, topLevel(this.#final, 'snapshot'));
    if (isNamed) checks.version('5.5.4', named.version, metadata.signed.version);
    this.#snapshot = metadata;
    return isNamed;
  }

  /**
   * A snapshot from outside.
   *
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_MISMATCH, METADATA_ROLLBACK, METADATA_EXPIRED
   */
  async updateSnapshot(bytes: Bytes): Promise<void> {
    const named = this.snapshotFile;
    const checks = this.#checks.of('snapshot', named.version);
    checks.file('5.5.2', named, await matchFile(bytes, named));
    const next = parseSnapshot(bytes);
    await checks.signatures('5.5.3', next, topLevel(this.#final, 'snapshot'));
    checks.version('5.5.4', named.version, next.signed.version);
    for (const [file, trusted] of this.#snapshot?.signed.meta ?? []) {
      // 5.5.5: a role may neither go back nor disappear.
      checks.noRollback(
        '5.5.5',
        file.replace(/\.json$/, ''),
        trusted.version,
        next.signed.meta.get(file)?.version,
      );
    }
    checks.valid('5.5.6', next);
    this.#snapshot = next;
  }

  /** @throws DTufError METADATA_EXPIRED */
  requireValidSnapshot(): void {
    const snapshot = need(this.#snapshot, 'snapshot');
    this.#checksOf('snapshot', snapshot).valid('5.5.6', snapshot);
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
   * The top-level targets role from local storage.
   *
   * @returns false, and nothing is kept, where it is not the one that the snapshot names: that one has to be fetched.
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_EXPIRED
   */
  async loadTargets(bytes: Bytes): Promise<boolean> {
    const stored = await verifyStoredTargets(bytes, this.#expectedTargets, this.#checks);
    if (stored === undefined) return false;
    this.#targets = stored;
    return true;
  }

  /**
   * The top-level targets role from outside.
   *
   * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_MISMATCH, METADATA_EXPIRED
   */
  async updateTargets(bytes: Bytes): Promise<void> {
    this.#targets = await verifyTargets(bytes, this.#expectedTargets, this.#checks);
  }

  get #expectedTargets(): ExpectedTargets {
    return { role: 'targets', named: this.targetsFile, by: topLevel(this.#final, 'targets') };
  }

  #checksOf(role: Role, { signed }: Metadata<Signed>): FileChecks {
    return this.#checks.of(role, signed.version);
  }

  /** The root whose keys verify all other roles. */
  get #final(): Root {
    if (!this.#rootIsFinal) throw new Error('endRoots() comes before all other roles');
    return this.#root.signed;
  }
}

/** Files are offered in order; another order is a mistake of the caller, not of the repository. */
function need<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the ${what} comes first`);
  return value;
}

/** Root as the delegator of a top-level role. */
function topLevel({ roles, keys, version }: Root, role: Role): NamedDelegator {
  return { ...roles[role], keys, name: `root version ${version}` };
}
