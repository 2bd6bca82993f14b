// DELEGATIONS of a targets file (TUF 1.0.34, 4.5), and succinct hash bins (TAP 15): who else signs for which paths.
import type { PublicKey } from '../ports.ts';
import type { Fields } from './fields.ts';
import { ROLES } from './metadata.ts';
import { parseKeys, parseRoleKeys, type RoleKeys } from './root.ts';

/** A delegated role, and the paths that it may sign for. */
export interface DelegatedRole extends RoleKeys {
  readonly name: string;
  /** Whether the search for a path that it may sign for ends with it. */
  readonly terminating: boolean;
  readonly covers: Paths;
}

/** By patterns, or by the beginnings of the SHA-256 of the path in hex. */
export type Paths = { readonly paths: readonly string[] } | { readonly pathHashPrefixes: readonly string[] };

/** All bins of a role that is split by the SHA-256 of the path (TAP 15); they share keys and threshold. */
export interface SuccinctRoles extends RoleKeys {
  /** There are 2 to this power bins. */
  readonly bitLength: number;
  readonly namePrefix: string;
}

export interface Delegations {
  readonly keys: ReadonlyMap<string, PublicKey>;
  /** By name, in the order in which they are searched. */
  readonly roles: ReadonlyMap<string, DelegatedRole>;
  readonly succinct?: SuccinctRoles;
}

const TOP_LEVEL: ReadonlySet<string> = new Set(ROLES);
/** TAP 15: bins are numbered by the first 32 bits of the hash at most. */
export const MAX_BITS = 32;
/**
 * In UTF-16 units. What a pattern costs to match is linear in it: this keeps one role that delegates from costing others
 * more than a moment.
 */
const MAX_PATTERN = 16 * 1024;

/** @throws DTufError METADATA_INVALID */
export function parseDelegations(fields: Fields): Delegations {
  const succinct = fields.has('succinct_roles');
  if (succinct && fields.has('roles')) throw fields.error('succinct_roles', 'left out where there are roles');
  return {
    keys: parseKeys(fields.fields('keys')),
    roles: succinct ? new Map() : parseRoles(fields),
    ...(succinct ? { succinct: parseSuccinct(fields.fields('succinct_roles')) } : {}),
  };
}

function parseRoles(fields: Fields): ReadonlyMap<string, DelegatedRole> {
  const roles = new Map<string, DelegatedRole>();
  for (const role of fields.list('roles')) {
    const name = role.string('name');
    // 4.5, ROLENAME: a file of that name would be another role's, in the snapshot and everywhere else.
    if (name === '' || TOP_LEVEL.has(name))
      throw role.error('name', 'a name other than those of the four roles');
    // 5.6.7: the search goes by names, and each is visited once.
    if (roles.has(name)) throw role.error('name', 'another than those before it');
    const terminating = role.boolean('terminating');
    roles.set(name, { ...parseRoleKeys(role), name, terminating, covers: parsePaths(role) });
  }
  return roles;
}

/** 4.5: one of the two has to be there, and only one. */
function parsePaths(role: Fields): Paths {
  if (!role.has('path_hash_prefixes')) {
    const paths = role.strings('paths');
    if (paths.some((pattern) => pattern.length > MAX_PATTERN))
      throw role.error('paths', `patterns of at most ${MAX_PATTERN} characters`);
    return { paths };
  }
  if (role.has('paths')) throw role.error('paths', 'left out where there are path_hash_prefixes');
  return { pathHashPrefixes: role.strings('path_hash_prefixes') };
}

function parseSuccinct(fields: Fields): SuccinctRoles {
  const bitLength = fields.integer('bit_length', 1);
  if (bitLength > MAX_BITS) throw fields.error('bit_length', `an integer from 1 to ${MAX_BITS}`);
  return { ...parseRoleKeys(fields), bitLength, namePrefix: fields.string('name_prefix') };
}
