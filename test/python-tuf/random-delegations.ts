// Who delegates what to whom: trees with several delegators of one role and circles, by path patterns and by hash
// prefixes, and hash bins.
import { createHash } from 'node:crypto';
import { pattern, ROLE_NAMES, targetName } from './names.ts';
import type { DelegationPlan, DelegationsPlan, State, SuccinctPlan, TargetsPlan } from './plan.ts';
import type { Random } from './random.ts';
import type { RandomFiles } from './random-files.ts';
import type { RandomSigners } from './random-signers.ts';
import { allTargets } from './state.ts';

export class RandomDelegations {
  readonly #random: Random;
  readonly #signers: RandomSigners;
  readonly #files: RandomFiles;

  constructor(random: Random, signers: RandomSigners, files: RandomFiles) {
    this.#random = random;
    this.#signers = signers;
    this.#files = files;
  }

  /** By who delegates, from `targets` on. */
  tree(): Map<string, DelegationsPlan> {
    const random = this.#random;
    const names = random.some(ROLE_NAMES, 0, random.pick([0, 2, 4, 6]));
    const lists = new Map<string, DelegationPlan[]>();
    const delegate = (from: string, to: string) => {
      const list = lists.get(from) ?? [];
      lists.set(from, list);
      if (list.some(({ name }) => name === to)) return;
      list.splice(random.from(0, list.length), 0, this.#delegation(to));
    };
    for (const [i, name] of names.entries()) {
      const before = ['targets', ...names.slice(0, i)];
      delegate(random.pick(before), name);
      if (random.chance(0.25)) delegate(random.pick(before), name);
      // A circle: back to a role that is visited already.
      if (i > 0 && random.chance(0.2)) delegate(name, random.pick(before.slice(1)));
    }
    const tree = new Map<string, DelegationsPlan>([...lists].map(([name, roles]) => [name, { roles }]));
    const leaves = ['targets', ...names].filter((name) => !lists.has(name));
    if (leaves.length > 0 && random.chance(0.35)) tree.set(random.pick(leaves), { succinct: this.#bins() });
    return tree;
  }

  /** Puts targets into the bins that they belong to; of many bins only those exist that have some. */
  fillBins(state: State): void {
    const random = this.#random;
    for (const { delegations } of allTargets(state)) {
      if (!delegations || !('succinct' in delegations)) continue;
      for (const path of Array.from({ length: 5 }, () => targetName(random))) {
        const bin = binOf(delegations.succinct, path);
        const plan = state.delegated[bin] ?? this.#files.targets(random.from(1, 3));
        if (random.chance(0.8)) this.#files.addTarget(plan.targets, path);
        state.delegated[bin] = plan;
      }
    }
  }

  /** Of one role, or of all bins: other keys, other paths, or whether it ends the search. */
  change(state: State, delegator: TargetsPlan): void {
    const random = this.#random;
    const { delegations } = delegator;
    if (delegations === undefined) return;
    delegator.version++;
    if ('succinct' in delegations) {
      Object.assign(delegations.succinct, this.#signers.some());
      for (const [name, plan] of Object.entries(state.delegated))
        if (name.startsWith(`${delegations.succinct.namePrefix}-`)) plan.version++;
      return;
    }
    const role = random.pick(delegations.roles);
    const what = random.pick(['end', 'paths', 'keys'] as const);
    if (what === 'end') {
      role.terminating = !role.terminating;
    } else if (what === 'paths') {
      delete role.paths;
      delete role.pathHashPrefixes;
      Object.assign(role, this.#covers());
    } else {
      Object.assign(role, this.#signers.some());
      const delegated = state.delegated[role.name];
      if (delegated) delegated.version++;
    }
  }

  #delegation(name: string): DelegationPlan {
    return { ...this.#signers.some(), name, terminating: this.#random.chance(0.3), ...this.#covers() };
  }

  #covers(): Pick<DelegationPlan, 'paths' | 'pathHashPrefixes'> {
    const random = this.#random;
    if (random.chance(0.75)) {
      const paths = Array.from({ length: random.from(0, 3) }, () => pattern(random));
      return { paths: random.chance(0.4) ? ['*', '*/*', ...paths] : paths };
    }
    const digits = random.some([...'0123456789abcdef'], 0, 12);
    return { pathHashPrefixes: [...digits, hashOf(targetName(random)).slice(0, random.from(2, 64))] };
  }

  #bins(): SuccinctPlan {
    const bitLength = this.#random.pick([1, 2, 3, 4, 5, 9, 32]);
    return { ...this.#signers.some(), bitLength, namePrefix: this.#random.pick(['bin', 'b-', 'ü', '']) };
  }
}

/** TAP 15, in other words than in src: the number is cut from the hash as bits. */
function binOf({ bitLength, namePrefix }: SuccinctPlan, path: string): string {
  const bits = [...hashOf(path).slice(0, 8)].map((digit) =>
    Number.parseInt(digit, 16).toString(2).padStart(4, '0'),
  );
  const number = Number.parseInt(bits.join('').slice(0, bitLength), 2);
  const last = 2 ** bitLength - 1;
  return `${namePrefix}-${number.toString(16).padStart(last.toString(16).length, '0')}`;
}

function hashOf(path: string): string {
  return createHash('sha256').update(path).digest('hex');
}
