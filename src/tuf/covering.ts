// The search among DELEGATIONS (TUF 1.0.34, 5.6.7.2), and in succinct hash bins (TAP 15): which roles may sign for a path,
// and by which keys.
import { digestHex } from '../digest-hex.ts';
import { utf8 } from '../encoding.ts';
import {
  type DelegatedRole,
  type Delegations,
  MAX_BITS,
  type Paths,
  type SuccinctRoles,
} from './delegations.ts';
import { matchesPath } from './path-pattern.ts';
import type { RoleKeys } from './root.ts';

/** A target path, and its SHA-256 in hex. */
export interface HashedPath {
  readonly path: string;
  readonly hash: string;
}

/** A delegated role that may sign for a path. */
export type Covering = Pick<DelegatedRole, 'name' | 'terminating'>;

export async function hashPath(path: string): Promise<HashedPath> {
  return { path, hash: await digestHex('sha256', utf8(path)) };
}

/** The roles that may sign for a path, in order, up to the first that ends the search (5.6.7.2). Of bins it is always one. */
export function covering({ roles, succinct }: Delegations, path: HashedPath): Covering[] {
  // A bin ends the search: no other role is there for its paths.
  if (succinct !== undefined) return [{ name: binOf(succinct, path), terminating: true }];
  const found: Covering[] = [];
  for (const role of roles.values()) {
    if (!covers(role.covers, path)) continue;
    found.push(role);
    if (role.terminating) break;
  }
  return found;
}

function covers(by: Paths, { path, hash }: HashedPath): boolean {
  return 'paths' in by
    ? by.paths.some((pattern) => matchesPath(pattern, path))
    : by.pathHashPrefixes.some((prefix) => hash.startsWith(prefix));
}

/** TAP 15: the bin's number is the first bits of the hash; all names have the length of the last one. */
function binOf({ bitLength, namePrefix }: SuccinctRoles, { hash }: HashedPath): string {
  const number = Math.floor(Number.parseInt(hash.slice(0, 8), 16) / 2 ** (MAX_BITS - bitLength));
  return `${namePrefix}-${number.toString(16).padStart(suffixLength(bitLength), '0')}`;
}

function suffixLength(bitLength: number): number {
  return Math.ceil(bitLength / 4);
}

/** Keys and threshold of a delegated role, or undefined where it is not delegated. */
export function delegatedKeys({ roles, succinct }: Delegations, name: string): RoleKeys | undefined {
  if (succinct === undefined) return roles.get(name);
  return isBin(succinct, name) ? succinct : undefined;
}

function isBin({ bitLength, namePrefix }: SuccinctRoles, name: string): boolean {
  if (!name.startsWith(`${namePrefix}-`)) return false;
  const suffix = name.slice(namePrefix.length + 1);
  const shaped = suffix.length === suffixLength(bitLength) && /^[0-9a-f]+$/.test(suffix);
  return shaped && Number.parseInt(suffix, 16) < 2 ** bitLength;
}
