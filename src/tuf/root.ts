// root.json (TUF 1.0.34, 4.3).
import type { Bytes, PublicKey } from '../ports.ts';
import type { Fields } from './fields.ts';
import { type Metadata, parseMetadata, ROLES, type Role, type Signed } from './metadata.ts';

/** Who signs for a role, and how many of them have to. */
export interface RoleKeys {
  readonly keyids: readonly string[];
  readonly threshold: number;
}

export interface Root extends Signed {
  readonly consistentSnapshot: boolean;
  readonly keys: ReadonlyMap<string, PublicKey>;
  readonly roles: Readonly<Record<Role, RoleKeys>>;
  /** Our publisher's signed mark of how the targets are laid out; undefined in everybody else's repositories. */
  readonly layout: string | undefined;
}

/** @throws DTufError METADATA_INVALID */
export function parseRoot(bytes: Bytes): Metadata<Root> {
  return parseMetadata(bytes, 'root', 'root', (fields, common) => ({
    ...common,
    // 4.3: optional, and false where it is left out.
    consistentSnapshot: fields.has('consistent_snapshot') && fields.boolean('consistent_snapshot'),
    keys: parseKeys(fields.fields('keys')),
    roles: parseRoles(fields.fields('roles')),
    layout: fields.has('x-dtuf') ? fields.fields('x-dtuf').string('layout') : undefined,
  }));
}

/** KEYS (4.3). Key types that are not known are kept: their keys never count, and harm nobody. */
export function parseKeys(fields: Fields): ReadonlyMap<string, PublicKey> {
  const keys = new Map<string, PublicKey>();
  for (const keyid of fields.names()) {
    const key = fields.fields(keyid);
    keys.set(keyid, {
      ...key.object,
      keytype: key.string('keytype'),
      scheme: key.string('scheme'),
      keyval: { public: key.fields('keyval').string('public') },
    });
  }
  return keys;
}

function parseRoles(fields: Fields): Root['roles'] {
  // Of roles beyond the four (4.3 knows `mirrors`) nothing is used.
  const entries = ROLES.map((role) => [role, parseRoleKeys(fields.fields(role))] as const);
  return Object.fromEntries(entries) as Root['roles'];
}

/** A threshold above the number of keys is valid (4.3): the role then never verifies. */
export function parseRoleKeys(fields: Fields): RoleKeys {
  return { keyids: fields.strings('keyids'), threshold: fields.integer('threshold', 1) };
}

/**
 * Whether the keys of timestamp or snapshot were replaced from one root to a later one: files of both that were trusted
 * before are then deleted, which recovers from a fast-forward attack with the old keys (5.3.11).
 */
export function replacesStored(before: Root, after: Root): boolean {
  return (['timestamp', 'snapshot'] as const).some((role) => !sameSigners(before, after, role));
}

/** Whether two roots name the same keys and threshold for a role. */
function sameSigners(a: Root, b: Root, role: Role): boolean {
  const signers = ({ roles, keys }: Root) => {
    const keyids = [...new Set(roles[role].keyids)].sort();
    return JSON.stringify([roles[role].threshold, keyids.map((keyid) => [keyid, keys.get(keyid)])]);
  };
  return signers(a) === signers(b);
}
