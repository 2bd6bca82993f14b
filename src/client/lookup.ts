// The search for a target among the roles that may sign for it (TUF 1.0.34, 5.6.7): pre-order and depth first.
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Check } from '../tuf/check.ts';
import { fileName } from '../tuf/checks.ts';
import { type Covering, covering, hashPath } from '../tuf/covering.ts';
import type { Metadata } from '../tuf/metadata.ts';
import type { TargetFile, Targets } from '../tuf/targets.ts';

/** Answers the verified file of a role that `delegator` delegates to. */
export type LoadRole = (role: string, delegator: Metadata<Targets>) => Promise<Metadata<Targets>>;

/** What a search is given. */
export interface Search {
  readonly load: LoadRole;
  readonly limits: Limits;
  /** Told of each step. */
  readonly record?: (step: Check) => void;
}

export interface FoundTarget {
  readonly file: TargetFile;
  /** The role that signed for it. */
  readonly role: string;
}

/** A delegated role that is yet to be visited. */
interface Pending {
  readonly role: string;
  readonly delegator: Metadata<Targets>;
}

/**
 * Searches `top` and what it delegates to, each role once.
 *
 * @returns undefined where no role that may sign for it has the target.
 * @throws DTufError LIMIT_EXCEEDED where more than {@link Limits.rolesVisited} roles would have to be visited; whatever
 * `search.load` throws: a role that cannot be had hides what it says, so the search does not go on without it.
 */
export async function findTarget(
  top: Metadata<Targets>,
  name: string,
  search: Search,
): Promise<FoundTarget | undefined> {
  const path = await hashPath(name);
  const visited = new Set<string>([top.signed.role]);
  // The next one to be visited is the last.
  let pending: Pending[] = [];
  for (let at: Metadata<Targets> | undefined = top; at !== undefined; ) {
    const file = at.signed.targets.get(name);
    search.record?.(lookedAt(at.signed, name, file !== undefined));
    if (file !== undefined) return { file, role: at.signed.role };
    const children: Covering[] = at.signed.delegations ? covering(at.signed.delegations, path) : [];
    // 5.6.7.2.1: after a terminating role nothing that was still to be searched counts.
    if (children.at(-1)?.terminating === true) pending = [];
    const delegator = at;
    for (const child of children) search.record?.(delegated(at.signed, name, child));
    // One by one: there may be more than a call takes arguments.
    for (const { name: role } of children.reverse()) pending.push({ role, delegator });
    at = await visitNext(pending, visited, name, search);
  }
  return undefined;
}

async function visitNext(
  pending: Pending[],
  visited: Set<string>,
  target: string,
  { load, limits }: Search,
): Promise<Metadata<Targets> | undefined> {
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (visited.has(next.role)) continue;
    if (visited.size >= limits.rolesVisited) throw tooMany(target, limits);
    visited.add(next.role);
    return load(next.role, next.delegator);
  }
  return undefined;
}

function lookedAt({ role, version }: Targets, name: string, found: boolean): Check {
  return {
    clause: '5.6.7',
    file: fileName(role, version),
    role,
    what: 'it is searched for the target',
    expected: name,
    got: found ? 'listed' : 'not listed',
    ok: true,
  };
}

function delegated({ role, version }: Targets, name: string, child: Covering): Check {
  return {
    clause: '5.6.7.2',
    file: fileName(role, version),
    role: child.name,
    what: `${role} lets ${child.name} sign for the target`,
    expected: name,
    got: child.terminating ? 'delegated, and nobody is asked after it' : 'delegated',
    ok: true,
  };
}

function tooMany(target: string, { rolesVisited }: Limits): DTufError {
  return new DTufError(
    'LIMIT_EXCEEDED',
    `${target} was not found in the first ${rolesVisited} of the roles that may sign for it, and no more are searched`,
    { target, clause: '5.6.7.1', expected: `at most ${rolesVisited} roles` },
  );
}
