// What a publisher keeps of a repository, under the names that python-dtuf gave to its files.
import { utf8 } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import { parseJson } from '../json.ts';
import type { RegistryLayout } from '../layout/layout.ts';
import type { PushedTarget } from '../layout/publisher.ts';
import type { Bytes, Store } from '../ports.ts';
import { Fields } from '../tuf/fields.ts';
import type { Metadata, Role } from '../tuf/metadata.ts';
import { parseTargets } from '../tuf/parse-targets.ts';
import { parseRoot, type Root } from '../tuf/root.ts';
import { parseSnapshot, type Snapshot } from '../tuf/snapshot.ts';
import { parseTargetFile, type TargetFile, type Targets } from '../tuf/targets.ts';
import { parseTimestamp, type Timestamp } from '../tuf/timestamp.ts';

const STAGED = 'repository/metadata.staged/';
const PENDING = 'repository/pending.json';

/** Names of the files of `metadata.staged`. */
export const stagedName = (file: string) => `${STAGED}${file}`;

/** Changes of targets that are not published yet: by name what is to be signed, or undefined where it is to go. */
export type Pending = ReadonlyMap<string, TargetFile | undefined>;

/** Changes as they are made: what was uploaded by name, or undefined where a target is to go. */
export type TargetChanges = ReadonlyMap<string, PushedTarget | undefined>;

/** What {@link Store.commit} is given. */
export interface StoreChange {
  readonly expected: ReadonlyMap<string, string | undefined>;
  readonly writes: ReadonlyMap<string, Uint8Array>;
  readonly deletes: readonly string[];
}

/** The targets with pending changes made. */
export function applyPending(
  targets: ReadonlyMap<string, TargetFile>,
  pending: Pending,
): Map<string, TargetFile> {
  const changed = new Map(targets);
  for (const [name, file] of pending) {
    if (file === undefined) changed.delete(name);
    else changed.set(name, file);
  }
  return changed;
}

/** The metadata as it was signed last. */
export interface MasterState {
  /** By version, in ascending order; the last is the present one and may not be published yet. */
  readonly roots: ReadonlyMap<number, Metadata<Root>>;
  readonly root: Metadata<Root>;
  readonly timestamp: Metadata<Timestamp>;
  readonly snapshot: Metadata<Snapshot>;
  readonly targets: Metadata<Targets>;
  readonly versions: ReadonlyMap<string, string | undefined>;
}

/** @throws DTufError METADATA_MISSING where none was created, METADATA_INVALID */
export async function readMasterState(store: Store): Promise<MasterState> {
  const listed = await store.list(STAGED);
  const rootNames = listed.filter((name) => /^\d+\.root\.json$/.test(name.slice(STAGED.length)));
  const roles = (['root', 'timestamp', 'snapshot', 'targets'] as const).map((role) =>
    stagedName(`${role}.json`),
  );
  const files = await store.read([...roles, ...rootNames]);
  const bytesOf = (role: Role): Bytes => {
    const file = files.get(stagedName(`${role}.json`));
    if (file !== undefined) return file.bytes;
    throw new DTufError(
      'METADATA_MISSING',
      `there is no ${role} metadata of this repository here: run create-metadata first`,
      { role },
    );
  };
  const root = parseRoot(bytesOf('root'));
  const roots = rootNames.flatMap((name) => {
    const file = files.get(name);
    return file === undefined ? [] : [parseRoot(file.bytes)];
  });
  const byVersion = new Map(
    [...roots, root].map((one) => [one.signed.version, one] as const).sort(([a], [b]) => a - b),
  );
  return {
    roots: byVersion,
    root,
    timestamp: parseTimestamp(bytesOf('timestamp')),
    snapshot: parseSnapshot(bytesOf('snapshot')),
    targets: parseTargets(bytesOf('targets')),
    versions: new Map([...roles, ...rootNames].map((name) => [name, files.get(name)?.version])),
  };
}

/** The signed mark decides; what has none is python-dtuf's. */
export function layoutOf(root: Metadata<Root>): RegistryLayout {
  return root.signed.layout === 'native' ? 'native' : 'legacy';
}

/** What was published from here last: another publisher may have overwritten it at the same moment, and not seen it. */
export interface LastPublish {
  /** Of the timestamp. */
  readonly version: number;
  /** What the registry answered for it. */
  readonly state: string;
  readonly changes: Pending;
}

/** The file of {@link LastPublish}. */
export const LAST_PUBLISH = 'repository/last_publish.json';

export async function readLastPublish(store: Store): Promise<LastPublish | undefined> {
  const file = (await store.read([LAST_PUBLISH])).get(LAST_PUBLISH);
  if (file === undefined) return undefined;
  const fields = new Fields(parseJson(file.bytes, 'the last publish'), 'the last publish', 'file');
  return {
    version: fields.integer('version', 1),
    state: fields.string('state'),
    changes: parseChanges(fields.fields('changes')),
  };
}

export function writeLastPublish({ version, state, changes }: LastPublish): Bytes {
  return utf8(JSON.stringify({ version, state, changes: changesToJson(changes) }));
}

function parseChanges(fields: Fields): Map<string, TargetFile | undefined> {
  const change = (name: string) =>
    fields.object[name] === null ? undefined : parseTargetFile(fields.fields(name));
  return new Map(fields.names().map((name) => [name, change(name)] as const));
}

function changesToJson(changes: Pending): object {
  return Object.fromEntries([...changes].map(([name, file]) => [name, file ?? null] as const));
}

/** Changes of targets, kept until they are published. */
export class PendingTargets {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** @throws DTufError METADATA_INVALID where the file is damaged: what was pushed must not be forgotten in silence. */
  async read(): Promise<Pending> {
    return (await this.#load()).pending;
  }

  async set(changes: TargetChanges): Promise<void> {
    await this.#update((pending) => {
      for (const [name, pushed] of changes) pending.set(name, pushed?.file);
    });
  }

  /** Forgets changes that were published; those that were made anew meanwhile stay. */
  async settle(_: ReadonlyMap<string, TargetFile>, changes: Pending): Promise<StoreChange> {
    const { pending, version } = await this.#load();
    for (const [name, file] of changes) {
      if (JSON.stringify(pending.get(name)) === JSON.stringify(file)) pending.delete(name);
    }
    return { expected: new Map([[PENDING, version]]), writes: writePending(pending), deletes: [] };
  }

  async #load(): Promise<{ pending: Map<string, TargetFile | undefined>; version: string | undefined }> {
    const file = (await this.#store.read([PENDING])).get(PENDING);
    if (file === undefined) return { pending: new Map(), version: undefined };
    const pending = parseChanges(
      new Fields(parseJson(file.bytes, 'pending targets'), 'pending targets', 'file'),
    );
    return { pending, version: file.version };
  }

  async #update(change: (pending: Map<string, TargetFile | undefined>) => void): Promise<void> {
    for (;;) {
      const { pending, version } = await this.#load();
      change(pending);
      // Another process pushed a target at the same moment: once more. Each round one of them is through.
      if (await this.#store.commit(new Map([[PENDING, version]]), writePending(pending))) return;
    }
  }
}

function writePending(pending: Pending): ReadonlyMap<string, Uint8Array> {
  return new Map([[PENDING, utf8(JSON.stringify(changesToJson(pending)))]]);
}
