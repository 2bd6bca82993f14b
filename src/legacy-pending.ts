// python-dtuf's folder of targets: a file for each target that holds its list of blobs. What is in it and not yet in
// targets.json is published next.
import { DTufError } from './errors.ts';
import type { PushedTarget } from './layout/publisher.ts';
import type { Pending, TargetChanges } from './master-state.ts';
import type { Bytes, Store } from './ports.ts';
import { fileInfo } from './tuf/signing.ts';
import type { TargetFile } from './tuf/targets.ts';

const FOLDER = 'repository/targets/';
/** python-dtuf keeps a copy of each file under its consistent name. */
const CONSISTENT = /^[0-9a-f]{64}\./;

export class LegacyPending {
  readonly #store: Store;
  readonly #signed: ReadonlyMap<string, TargetFile>;

  /** @param signed the targets as they were signed last. */
  constructor(store: Store, signed: ReadonlyMap<string, TargetFile>) {
    this.#store = store;
    this.#signed = signed;
  }

  async read(): Promise<Pending> {
    const lists = await this.lists();
    const pending = new Map<string, TargetFile | undefined>();
    for (const [name, list] of lists) {
      const file = await fileInfo(list);
      if (this.#signed.get(name)?.hashes['sha256'] !== file.hashes.sha256) pending.set(name, file);
    }
    for (const name of this.#signed.keys()) if (!lists.has(name)) pending.set(name, undefined);
    return pending;
  }

  /** The list of blobs of each target. */
  async lists(): Promise<ReadonlyMap<string, Bytes>> {
    const names = (await this.#store.list(FOLDER)).filter(
      (name) => !CONSISTENT.test(name.slice(FOLDER.length)),
    );
    const files = await this.#store.read(names);
    return new Map([...files].map(([name, { bytes }]) => [name.slice(FOLDER.length), bytes]));
  }

  async set(changes: TargetChanges): Promise<void> {
    const writes = new Map<string, Uint8Array>();
    const deletes: string[] = [];
    for (const [name, pushed] of changes) {
      const copies = (await this.#store.list(FOLDER)).filter(
        (file) => file.slice(FOLDER.length).replace(CONSISTENT, '') === name,
      );
      if (pushed === undefined) deletes.push(...copies);
      else writes.set(`${FOLDER}${name}`, listOf(name, pushed));
    }
    await this.#store.commit(new Map(), writes, deletes);
  }

  /** The folder stays as it is: it is what targets.json says now. */
  async published(): Promise<void> {}
}

function listOf(name: string, { list }: PushedTarget): Bytes {
  if (list === undefined)
    throw new DTufError('INVALID_ARGUMENT', `${name} has no list of blobs`, { target: name });
  return list;
}
