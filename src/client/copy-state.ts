// What a client keeps of a repository, under the names that python-dtuf gave to its files.
import { utf8 } from '../encoding.ts';
import type { LayoutName } from '../layout/layout.ts';
import type { Bytes, Store } from '../ports.ts';
import { member } from '../tuf/fields.ts';
import { ROLES, type Role } from '../tuf/metadata.ts';
import { readNotes } from './notes.ts';
import type { StoredMetadata } from './refresh.ts';

const CURRENT = (role: Role) => `repository/metadata/current/${role}.json`;
const PREVIOUS = (role: Role) => `repository/metadata/previous/${role}.json`;
/** What names the versions of all targets roles. */
export const SNAPSHOT = CURRENT('snapshot');
/** The root that trust began with: where the chain is walked from if the current one is damaged. */
const FIRST_ROOT = 'repository/metadata/first_root.json';
const PIN = 'repository/dtuf.json';

/** The only ones that are kept name the content itself (layout/native.ts). */
const ETAG = /^"sha256:[0-9a-f]{64}"$/;

/** What was decided once and is kept: never a matter of what a registry answers. */
export interface Pin {
  readonly layout?: LayoutName;
  readonly etag?: string;
}

export interface CopyState {
  readonly metadata: StoredMetadata;
  readonly firstRoot: Bytes | undefined;
  readonly pin: Pin;
  readonly versions: ReadonlyMap<string, string | undefined>;
}

/** The layout that the state was read in; where nothing says so it is python-dtuf's. */
export function pinnedLayout({ metadata, firstRoot, pin }: CopyState): LayoutName | undefined {
  const isNew = metadata.root === undefined && firstRoot === undefined;
  return pin.layout ?? (isNew ? undefined : 'legacy');
}

export async function readCopyState(store: Store): Promise<CopyState> {
  const names = [...ROLES.map(CURRENT), FIRST_ROOT, PIN];
  const stored = await store.read(names);
  const metadata: Partial<Record<Role, Bytes>> = {};
  for (const role of ROLES) {
    const file = stored.get(CURRENT(role));
    if (file !== undefined) metadata[role] = file.bytes;
  }
  return {
    metadata,
    firstRoot: stored.get(FIRST_ROOT)?.bytes,
    pin: readPin(stored.get(PIN)?.bytes),
    versions: new Map(names.map((name) => [name, stored.get(name)?.version])),
  };
}

/**
 * Keeps what was verified, in one transaction.
 *
 * @returns false where somebody else changed the state meanwhile.
 */
export async function commitCopyState(
  store: Store,
  before: CopyState,
  after: {
    readonly metadata: StoredMetadata;
    readonly firstRoot: Bytes;
    readonly pin: Pin;
    /** Whether a root on the way replaced keys (TUF 1.0.34, 5.3.11). */
    readonly forgetsStored: boolean;
  },
): Promise<boolean> {
  if (isUntried(before, after)) return true;
  const writes = new Map<string, Uint8Array>();
  for (const role of ROLES) {
    const [old, next] = [before.metadata[role], after.metadata[role]];
    if (next === undefined || next === old) continue;
    writes.set(CURRENT(role), next);
    if (old !== undefined) writes.set(PREVIOUS(role), old);
  }
  if (after.firstRoot !== before.firstRoot) writes.set(FIRST_ROOT, after.firstRoot);
  const pin = JSON.stringify(after.pin);
  if (pin !== JSON.stringify(before.pin)) writes.set(PIN, utf8(pin));
  const deletes = (after.forgetsStored ? outdated(before, after.metadata) : []).map(CURRENT);
  return (writes.size === 0 && deletes.length === 0) || store.commit(before.versions, writes, deletes);
}

/** A first trust from which nothing was verified yet is not kept: it may be the root of another repository. */
function isUntried(
  { metadata, firstRoot }: CopyState,
  after: { readonly metadata: StoredMetadata; readonly firstRoot: Bytes },
): boolean {
  const known = metadata.root ?? firstRoot;
  return (
    known === undefined && after.metadata.root === after.firstRoot && after.metadata.timestamp === undefined
  );
}

/**
 * The stored files that a new root makes worthless, where the refresh ended before others took their place. The next one
 * starts from that root and could not tell any more that keys were replaced (TUF 1.0.34, 5.3.11).
 */
function outdated(before: CopyState, after: StoredMetadata): Role[] {
  return (['timestamp', 'snapshot'] as const).filter((role) => before.metadata[role] && !after[role]);
}

function readPin(bytes: Bytes | undefined): Pin {
  const pin = readNotes(bytes, 'the state');
  const layout = member(pin, 'layout');
  const etag = member(pin, 'etag');
  return {
    ...(layout === 'native' || layout === 'legacy' || layout === 'http' ? { layout } : {}),
    ...(typeof etag === 'string' && ETAG.test(etag) ? { etag } : {}),
  };
}
