// What stands in a state of a plan.
import { ROLES, type Role } from '../../src/tuf/metadata.ts';
import type { DelegationsPlan, FilePlan, RootPlan, Signers, State, TargetsPlan } from './plan.ts';

export function lastRoot({ roots }: State): RootPlan {
  const root = roots.at(-1);
  if (root === undefined) throw new Error('a state has a root');
  return root;
}

/** The top-level targets role and all that are delegated. */
export function allTargets({ targets, delegated }: State): TargetsPlan[] {
  return [targets, ...Object.values(delegated)];
}

/** All files but roots, by role. */
export function filesOf({ timestamp, snapshot, targets, delegated }: State): Map<string, FilePlan> {
  const topLevel = Object.entries({ timestamp, snapshot, targets });
  return new Map<string, FilePlan>([...topLevel, ...Object.entries(delegated)]);
}

/** Who has to sign for a role: of a delegated one, for each of its delegators. */
export function signersOf(state: State, role: string): Signers[] {
  if (ROLES.includes(role as Role)) return [lastRoot(state).roles[role as Role]];
  return allTargets(state).flatMap(({ delegations }) => (delegations ? delegatedTo(role, delegations) : []));
}

function delegatedTo(role: string, plan: DelegationsPlan): Signers[] {
  if ('roles' in plan) return plan.roles.filter(({ name }) => name === role);
  return role.startsWith(`${plan.succinct.namePrefix}-`) ? [plan.succinct] : [];
}

export function dateAfter(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
