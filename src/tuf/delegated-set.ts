// Delegated targets roles (TUF 1.0.34, 5.6.7), verified like the four top-level ones. Its rules, beside those of the trusted
// set that it is made over:
//
// - A role is offered with its delegator: the top-level targets role, or a role that was verified here before.
// - It is verified by the keys that this delegator gives to it, against the version that the snapshot names.
// - It counts only under the delegator whose keys verified it.
// - A file that is refused throws, and leaves the set as it was. Each check is one of the trusted set's too, in its order.
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import { Checks, type NamedDelegator } from './checks.ts';
import { delegatedKeys } from './covering.ts';
import type { Metadata, MetaFile } from './metadata.ts';
import type { Targets } from './targets.ts';
import type { TrustedSet } from './trusted-set.ts';
import { type ExpectedTargets, verifyStoredTargets, verifyTargets } from './verify-targets.ts';

export class DelegatedSet {
  readonly #set: TrustedSet;
  readonly #checks: Checks;
  /** By the delegator whose keys verified them. */
  readonly #roles = new Map<Metadata<Targets>, Map<string, Metadata<Targets>>>();

  /** @param set judges the time, names the versions, and takes down the checks; its targets role is the first delegator. */
  constructor(set: TrustedSet) {
    this.#set = set;
    this.#checks = new Checks(set.now, (check) => set.record(check));
  }

  /** What the snapshot says of a delegated role. @throws DTufError METADATA_MISSING where it does not list it. */
  fileOf(role: string): MetaFile {
    const { snapshot } = this.#set;
    if (snapshot === undefined) throw new Error('the snapshot comes first');
    const file = snapshot.signed.meta.get(`${role}.json`);
    if (file !== undefined) return file;
    throw new DTufError(
      'METADATA_MISSING',
      `targets are delegated to the role ${JSON.stringify(role)}, which the snapshot does not list: the publisher has to publish it`,
      { role, clause: '5.6.2', expected: `${role}.json` },
    );
  }

  /** A role that `delegator` verified, as far as it was offered. */
  get(role: string, delegator: Metadata<Targets>): Metadata<Targets> | undefined {
    return this.#roles.get(delegator)?.get(role);
  }

  /**
   * A role that `delegator` delegates to, from local storage (5.6.7.2).
   *
   * @param delegator the top-level targets role or a role of this set.
   * @returns undefined, and nothing is kept, where it is not the one that the snapshot names: that one has to be fetched.
   * @throws DTufError METADATA_MISSING, METADATA_INVALID, METADATA_UNSIGNED, METADATA_EXPIRED
   */
  async load(
    bytes: Bytes,
    role: string,
    delegator: Metadata<Targets>,
  ): Promise<Metadata<Targets> | undefined> {
    const stored = await verifyStoredTargets(bytes, this.#expected(role, delegator), this.#checks);
    return stored && this.#keep(stored, role, delegator);
  }

  /**
   * A role that `delegator` delegates to, from outside (5.6.7.2).
   *
   * @param delegator the top-level targets role or a role of this set.
   * @throws DTufError METADATA_MISSING, METADATA_INVALID, METADATA_UNSIGNED, METADATA_MISMATCH, METADATA_EXPIRED
   */
  async update(bytes: Bytes, role: string, delegator: Metadata<Targets>): Promise<Metadata<Targets>> {
    const next = await verifyTargets(bytes, this.#expected(role, delegator), this.#checks);
    return this.#keep(next, role, delegator);
  }

  #expected(role: string, delegator: Metadata<Targets>): ExpectedTargets {
    const by = this.#named(role, delegator);
    return { role, named: this.fileOf(role), by };
  }

  #keep(next: Metadata<Targets>, role: string, delegator: Metadata<Targets>): Metadata<Targets> {
    const verified = this.#roles.get(delegator) ?? new Map<string, Metadata<Targets>>();
    this.#roles.set(delegator, verified.set(role, next));
    return next;
  }

  #named(role: string, delegator: Metadata<Targets>): NamedDelegator {
    const isOurs =
      delegator === this.#set.targets ||
      [...this.#roles.values()].some((roles) => roles.get(delegator.signed.role) === delegator);
    const { delegations, version, role: name } = delegator.signed;
    const roleKeys = delegations && delegatedKeys(delegations, role);
    if (!isOurs || delegations === undefined || roleKeys === undefined) {
      throw new Error('the delegator comes first, and delegates to the role');
    }
    return { ...roleKeys, keys: delegations.keys, name: `${name} version ${version}` };
  }
}
