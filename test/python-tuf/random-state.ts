// Random states that a client accepts, and what becomes of them until it looks again.
import { ROLES, type Role } from '../../src/tuf/metadata.ts';
import { targetName } from './names.ts';
import type { DelegationsPlan, RootPlan, Signers, State } from './plan.ts';
import type { Random } from './random.ts';
import { RandomDelegations } from './random-delegations.ts';
import { NOW, RandomFiles } from './random-files.ts';
import { RandomSigners } from './random-signers.ts';
import { allTargets, dateAfter, filesOf, lastRoot, signersOf } from './state.ts';

/** The roles of which clients forget what they hold, where keys are replaced (TUF 1.0.34, 5.3.11). */
const FORGOTTEN: readonly Role[] = ['timestamp', 'snapshot'];

type Change = (role: Role, signers: Signers) => Signers;

export class RandomStates {
  readonly #random: Random;
  readonly #signers: RandomSigners;
  readonly #files: RandomFiles;
  readonly #delegations: RandomDelegations;

  constructor(random: Random, keys: readonly string[]) {
    this.#random = random;
    this.#signers = new RandomSigners(random, keys);
    this.#files = new RandomFiles(random);
    this.#delegations = new RandomDelegations(random, this.#signers, this.#files);
  }

  first(): State {
    const files = this.#files;
    const version = this.#random.from(1, 5);
    const tree = this.#delegations.tree();
    const state: State = {
      now: dateAfter(NOW),
      roots: this.#chain(this.#random.from(1, 3)),
      timestamp: { ...files.file(version), snapshot: files.meta(version) },
      snapshot: { ...files.file(version), meta: {} },
      targets: files.targets(version, tree.get('targets')),
      delegated: {},
      data: {},
      faults: {},
    };
    for (const name of namesIn(tree)) {
      state.delegated[name] = files.targets(this.#random.from(1, 3), tree.get(name));
    }
    this.#delegations.fillBins(state);
    this.#list(state);
    for (const [role, plan] of filesOf(state))
      Object.assign(plan, this.#signers.signing(...signersOf(state, role)));
    return state;
  }

  /**
   * What is published later.
   *
   * @param whole whether the keys of timestamp and snapshot are replaced as a whole or not at all: what was stored then
   * counts for neither client or for both (differences.ts).
   */
  next(before: State, whole: boolean): State {
    const random = this.#random;
    const state = structuredClone(before);
    state.now = this.#files.later(before);
    if (random.chance(0.4)) this.#rotate(state, before, whole);
    if (random.chance(0.4)) this.#rotate(state, before, whole);
    this.#changeTargets(state, before);
    const isChanged = ([role, { version }]: [string, { version: number }]) =>
      role !== 'timestamp' && filesOf(before).get(role)?.version !== version;
    const isReleased =
      [...filesOf(state)].some(isChanged) || isRekeyed('snapshot', state, before) || random.chance(0.2);
    if (isReleased) this.#release(state, before);
    else if (isRekeyed('timestamp', state, before) || random.chance(0.5)) {
      const { snapshot, version } = before.timestamp;
      state.timestamp = { ...this.#files.file(version + 1, state), snapshot: { ...snapshot } };
    }
    this.#signChanged(state, before);
    return state;
  }

  /** Paths to look up: some of those that there are or were, and another. */
  lookups(states: readonly State[]): string[] {
    const there = states.flatMap(allTargets).flatMap(({ targets }) => Object.keys(targets));
    return [...new Set([...this.#random.some([...new Set(there)], 4, 4), targetName(this.#random)])];
  }

  // --- roots

  #chain(length: number): RootPlan[] {
    const roles = Object.fromEntries(ROLES.map((role) => [role, this.#signers.some()])) as Record<
      Role,
      Signers
    >;
    const file = { ...this.#files.file(1), ...this.#signers.signing(roles.root) };
    const roots: RootPlan[] = [{ ...file, consistent: this.#random.chance(0.7), roles }];
    while (roots.length < length) this.#addRoot(roots, (_, signers) => this.#signers.changed(signers));
    return roots;
  }

  #rotate(state: State, before: State, whole: boolean): void {
    const held = FORGOTTEN.flatMap((role) => lastRoot(before).roles[role].keys);
    const replaces = this.#random.chance(0.4);
    this.#addRoot(
      state.roots,
      (role, signers) => {
        if (!whole || !FORGOTTEN.includes(role)) return this.#signers.changed(signers);
        return replaces ? this.#signers.some(held) : signers;
      },
      state,
    );
  }

  #addRoot(roots: RootPlan[], change: Change, state?: State): void {
    const before = roots.at(-1);
    if (before === undefined) throw new Error('a chain begins with a root');
    const entries = ROLES.map((role) => [role, change(role, before.roles[role])] as const);
    const roles = Object.fromEntries(entries) as Record<Role, Signers>;
    const consistent = this.#random.chance(0.1) ? !before.consistent : before.consistent;
    const signing = this.#signers.signing(before.roles.root, roles.root);
    roots.push({ ...this.#files.file(before.version + 1, state), ...signing, consistent, roles });
  }

  // --- releases

  #changeTargets(state: State, before: State): void {
    const random = this.#random;
    if (isRekeyed('targets', state, before) || random.chance(0.4))
      this.#files.changeTargets(state.targets, before.targets);
    for (const [name, plan] of Object.entries(state.delegated))
      if (random.chance(0.3)) this.#files.changeTargets(plan, before.delegated[name]);
    for (const plan of allTargets(state)) if (random.chance(0.3)) this.#delegations.change(state, plan);
  }

  #release(state: State, before: State): void {
    const random = this.#random;
    state.snapshot = { ...this.#files.file(before.snapshot.version + random.from(1, 3), state), meta: {} };
    const version = before.timestamp.version + random.from(1, 3);
    state.timestamp = {
      ...this.#files.file(version, state),
      snapshot: this.#files.meta(state.snapshot.version),
    };
    this.#list(state);
  }

  #list(state: State): void {
    for (const [role, { version }] of Object.entries({ targets: state.targets, ...state.delegated }))
      state.snapshot.meta[role] = this.#files.meta(version);
  }

  /** Only a file of a new version is signed anew. */
  #signChanged(state: State, before: State): void {
    const old = filesOf(before);
    for (const [role, plan] of filesOf(state)) {
      if (plan.version === old.get(role)?.version) continue;
      delete plan.spoiled;
      Object.assign(plan, this.#signers.signing(...signersOf(state, role)));
      plan.expires = this.#files.expires(state);
    }
  }
}

function isRekeyed(role: Role, state: State, before: State): boolean {
  return JSON.stringify(lastRoot(state).roles[role]) !== JSON.stringify(lastRoot(before).roles[role]);
}

function namesIn(tree: ReadonlyMap<string, DelegationsPlan>): Set<string> {
  return new Set(
    [...tree.values()].flatMap((plan) => ('roles' in plan ? plan.roles : []).map(({ name }) => name)),
  );
}
