// python-dtuf's folder of targets: a file for each target that holds its list of blobs. What is in it and not yet in
// targets.json is published next.
import { utf8 } from '../encoding.ts';
import { DTufError, hasCode } from '../errors.ts';
import { parseJson } from '../json.ts';
import type { LegacyPublisher } from '../layout/legacy-publisher.ts';
import type { PushedTarget } from '../layout/publisher.ts';
import type { Bytes, Store } from '../ports.ts';
import { Fields } from '../tuf/fields.ts';
import { fileInfo } from '../tuf/file-info.ts';
import type { TargetFile } from '../tuf/targets.ts';
import type { Pending, StoreChange, TargetChanges } from './master-state.ts';

const FOLDER = 'repository/targets/';
/** By target the sha256 of the list whose data is kept from garbage collection. */
const KEPT = 'repository/kept.json';
/** python-dtuf keeps a copy of each file under its consistent name. */
const CONSISTENT = /^[0-9a-f]{64}\./;

type Targets = ReadonlyMap<string, TargetFile>;

/** A target's list of blobs, as it lies in the folder. */
interface List {
  readonly bytes: Bytes;
  /** Of the store. */
  readonly version: string;
  readonly file: TargetFile;
}

export class LegacyPending {
  readonly #store: Store;
  readonly #signed: Targets;
  readonly #registry: Pick<LegacyPublisher, 'keep' | 'list'>;
  readonly #notice: (text: string) => void;
  /** The folder as it was read for the publish that is under way. */
  #read: ReadonlyMap<string, List> = new Map();
  /** Lists of what another publisher published, from the registry. */
  readonly #fetched = new Map<string, Bytes>();

  /** @param signed the targets as they were signed last. */
  constructor(
    store: Store,
    signed: Targets,
    registry: Pick<LegacyPublisher, 'keep' | 'list'>,
    notice: (text: string) => void,
  ) {
    this.#store = store;
    this.#signed = signed;
    this.#registry = registry;
    this.#notice = notice;
  }

  async read(): Promise<Pending> {
    this.#read = await this.#lists();
    const pending = new Map<string, TargetFile | undefined>();
    for (const [name, { file }] of this.#read) {
      if (!sameFile(this.#signed.get(name), file)) pending.set(name, file);
    }
    for (const name of this.#signed.keys()) {
      if (!this.#read.has(name) && isFileName(name)) pending.set(name, undefined);
    }
    return pending;
  }

  async #lists(): Promise<ReadonlyMap<string, List>> {
    const names = (await this.#store.list(FOLDER)).filter((path) => {
      const name = path.slice(FOLDER.length);
      return isFileName(name) && !CONSISTENT.test(name);
    });
    const lists = new Map<string, List>();
    for (const [path, { bytes, version }] of await this.#store.read(names)) {
      lists.set(path.slice(FOLDER.length), { bytes, version, file: await fileInfo(bytes) });
    }
    return lists;
  }

  async set(changes: TargetChanges): Promise<void> {
    const writes = new Map<string, Uint8Array>();
    const deletes: string[] = [];
    const kept = new Map<string, string>();
    for (const [name, pushed] of changes) {
      if (pushed === undefined) deletes.push(...(await this.#copiesOf(name)));
      else writes.set(FOLDER + name, listOf(name, pushed));
      const sha256 = pushed?.file.hashes['sha256'];
      if (sha256 !== undefined) kept.set(name, sha256);
    }
    await this.#store.commit(new Map(), writes, deletes);
    // A publisher that dies before this looks once more whether the data is kept: that does no harm.
    if (kept.size > 0) await this.#noteKept(kept);
  }

  /** The file of a target and its copies under consistent names: python-dtuf publishes a target that has only those. */
  async #copiesOf(name: string): Promise<string[]> {
    if (!isFileName(name)) {
      throw new DTufError(
        'TARGET_RESERVED',
        `${JSON.stringify(name.slice(0, 80))} cannot be deleted from here: its name is none of a file in the state folder`,
        { target: name },
      );
    }
    return (await this.#store.list(FOLDER)).filter(
      (path) => path.slice(FOLDER.length).replace(CONSISTENT, '') === name,
    );
  }

  /**
   * Keeps the data of all targets that are going to be signed from garbage collection: what python-dtuf pushed, nothing
   * keeps. It is remembered for which that is done.
   */
  async prepare(targets: Targets, signal?: AbortSignal): Promise<void> {
    const done = await this.#kept();
    const kept = new Map<string, string>();
    try {
      for (const [name, file] of targets) {
        const sha256 = file.hashes['sha256'];
        if (sha256 === undefined) continue;
        const list = await this.#listFor(name, file, signal);
        if (done.get(name) === sha256) continue;
        if (list !== undefined && (await this.#registry.keep(name, list, signal))) kept.set(name, sha256);
        else
          this.#notice(
            `the registry has lost the data of ${JSON.stringify(name)}, by a garbage collection perhaps: push the target again`,
          );
      }
    } finally {
      if (kept.size > 0) await this.#noteKept(kept, targets);
    }
  }

  /** The list of blobs of a target: from the folder, or where another publisher published it from the registry. */
  async #listFor(
    name: string,
    file: TargetFile,
    signal: AbortSignal | undefined,
  ): Promise<Bytes | undefined> {
    const here = this.#read.get(name);
    if (here !== undefined && sameFile(here.file, file)) return here.bytes;
    try {
      const list = await this.#registry.list(name, file, signal);
      this.#fetched.set(name, list);
      return list;
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) return undefined;
      throw error;
    }
  }

  /**
   * Makes the folder say what was published, together with targets.json: what differs from it is published next, and would
   * take back what another publisher did. Targets that were pushed or deleted here meanwhile stay as they are.
   */
  async settle(targets: Targets): Promise<StoreChange> {
    const lists = await this.#lists();
    const expected = new Map<string, string | undefined>();
    const writes = new Map<string, Uint8Array>();
    const deletes: string[] = [];
    for (const name of new Set([...targets.keys(), ...lists.keys()])) {
      const [here, before, signed] = [lists.get(name), this.#read.get(name), targets.get(name)];
      if (here?.version !== before?.version || !isFileName(name)) continue;
      const list = this.#fetched.get(name);
      if (signed === undefined) deletes.push(...(await this.#copiesOf(name)));
      else if (list !== undefined && !sameFile(here?.file, signed)) writes.set(FOLDER + name, list);
      else continue;
      expected.set(FOLDER + name, here?.version);
    }
    return { expected, writes, deletes };
  }

  async #kept(): Promise<ReadonlyMap<string, string>> {
    return (await this.#readKept()).kept;
  }

  /** @param targets all that there are; others are forgotten. */
  async #noteKept(added: ReadonlyMap<string, string>, targets?: Targets): Promise<void> {
    for (;;) {
      const { kept, version } = await this.#readKept();
      const next = [...kept, ...added].filter(([name]) => targets?.has(name) ?? true);
      const bytes = utf8(JSON.stringify(Object.fromEntries(next)));
      // Another process noted something at the same moment: once more. Each round one of them is through.
      if (await this.#store.commit(new Map([[KEPT, version]]), new Map([[KEPT, bytes]]))) return;
    }
  }

  async #readKept(): Promise<{ kept: ReadonlyMap<string, string>; version: string | undefined }> {
    const file = (await this.#store.read([KEPT])).get(KEPT);
    return { kept: file === undefined ? new Map() : parseKept(file.bytes), version: file?.version };
  }
}

/** A damaged file is as good as none: then it is looked once more what is kept. */
function parseKept(bytes: Bytes): ReadonlyMap<string, string> {
  try {
    const fields = new Fields(parseJson(bytes, 'kept targets'), 'kept targets', 'file');
    return new Map(fields.names().map((name) => [name, fields.string(name)]));
  } catch (error) {
    if (hasCode(error, 'METADATA_INVALID')) return new Map();
    throw error;
  }
}

/** python-dtuf looks into no folder below; names with ":" or "\" are none that every host can keep. */
function isFileName(name: string): boolean {
  return /^[^/\\:\0]+$/.test(name) && name !== '.' && name !== '..';
}

function sameFile(a: TargetFile | undefined, b: TargetFile): boolean {
  return a !== undefined && a.length === b.length && a.hashes['sha256'] === b.hashes['sha256'];
}

function listOf(name: string, { list }: PushedTarget): Bytes {
  if (list === undefined)
    throw new DTufError('INVALID_ARGUMENT', `${name} has no list of blobs`, { target: name });
  return list;
}
