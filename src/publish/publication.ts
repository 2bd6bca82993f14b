// One publish: sign above everything that was seen, switch, look whether it stayed. Nothing in a registry can be compared
// and swapped, so another publisher is found out before where it was visible, and right after where it was not.

import { DTufError } from '../errors.ts';
import type { Published, Publisher } from '../layout/publisher.ts';
import type { BundleFiles } from '../layout/write-bundle.ts';
import type { Limits } from '../limits.ts';
import type { Call } from '../options.ts';
import type { Bytes, Signer, Store } from '../ports.ts';
import { fileInfo } from '../tuf/file-info.ts';
import type { Metadata, Role } from '../tuf/metadata.ts';
import type { Root } from '../tuf/root.ts';
import {
  type RoleSigner,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from '../tuf/signing.ts';
import type { TargetFile } from '../tuf/targets.ts';
import { parseTimestamp } from '../tuf/timestamp.ts';
import type { TrustedSet } from '../tuf/trusted-set.ts';
import {
  applyPending,
  LAST_PUBLISH,
  type LastPublish,
  type MasterState,
  type Pending,
  readLastPublish,
  readMasterState,
  type StoreChange,
  stagedName,
  writeLastPublish,
} from './master-state.ts';
import { above, listedFiles, mergeRoots, newest, type Versions, withOlderRoots } from './merge.ts';
import { expiresAfter, type Lifetimes, namedSigners } from './roots.ts';
import { isWhole, verifyPublished } from './verify-published.ts';
import { checkSizes, verifySigned } from './verify-signed.ts';

export interface PublishResult {
  /** Of the timestamp. */
  readonly version: number;
  /** Whether another publisher had overwritten ours, and both were merged above. */
  readonly healed: boolean;
}

export interface PublicationOptions {
  readonly store: Store;
  readonly publisher: Publisher;
  readonly pending: Changes;
  readonly limits: Limits;
  readonly lifetimes: Lifetimes;
  readonly now: Date;
  readonly signers: Readonly<Record<Role, Signer>>;
  /** Of keys that were replaced, for clients that have not seen the new root yet. */
  readonly previousSigners: (role: Role) => Promise<Signer[]>;
  readonly notice: (text: string) => void;
}

/** The changes of targets that a publish makes. */
interface Changes {
  read(): Promise<Pending>;
  /** Before anything of a publish is seen that signs `targets`. */
  prepare?(targets: ReadonlyMap<string, TargetFile>, signal?: AbortSignal): Promise<void>;
  /**
   * What becomes of the changes when `targets` are published. It is kept together with the metadata that says so: who died
   * in between would publish them once more, over what others did since.
   */
  settle(targets: ReadonlyMap<string, TargetFile>, changes: Pending): Promise<StoreChange>;
}

interface Next {
  readonly files: BundleFiles;
  readonly targets: ReadonlyMap<string, TargetFile>;
  readonly versions: Versions;
  readonly roots: ReadonlyMap<number, Metadata<Root>>;
}

const ATTEMPTS = 3;
/** Waits, in milliseconds, before an answer that is older than what was written is asked for again. */
const STALE_WAITS = [200, 1000, 3000];

export class Publication {
  readonly #options: PublicationOptions;

  constructor(options: PublicationOptions) {
    this.#options = options;
  }

  /** @throws DTufError OVERWRITTEN, TRUST_BROKEN, KEY_INVALID, and what registry and store throw */
  async run(call: Call): Promise<PublishResult> {
    const { publisher, store, pending, limits, notice } = this.#options;
    let floor: Versions = { targets: 0, snapshot: 0, timestamp: 0 };
    let healed = false;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const state = await readMasterState(store);
      const before = await publisher.published(call.signal);
      const remote = before && (await verifyPublished(state, before.source, limits, notice));
      const changes = await pending.read();
      const lost: Pending = before ? await this.#overwritten(before, remote, call.signal) : new Map();
      const roots = await withOlderRoots(mergeRoots(state, remote), before?.source);
      const next = await this.#sign(state, remote, roots, new Map([...lost, ...changes]), floor);
      await pending.prepare?.(next.targets, call.signal);
      await publisher.upload(next.files, call);
      if ((await publisher.published(call.signal))?.state !== before?.state) continue;
      const written = await publisher.switchTo(next.versions.timestamp, next.files, call);
      if (await this.#stayed(written, next, call.signal)) {
        const last = {
          version: next.versions.timestamp,
          state: written,
          changes: new Map([...lost, ...changes]),
        };
        await this.#keep(state, next, last, changes);
        return { version: next.versions.timestamp, healed };
      }
      healed = true;
      floor = next.versions;
    }
    throw new DTufError(
      'OVERWRITTEN',
      `another publisher published at the same moments, ${ATTEMPTS} times in a row: nothing is lost here, try again when it has finished`,
    );
  }

  async #sign(
    state: MasterState,
    remote: TrustedSet | undefined,
    roots: Next['roots'],
    changes: Pending,
    floor: Versions,
  ): Promise<Next> {
    const root = [...roots.values()].at(-1) ?? state.root;
    const versions = above(state, remote, floor);
    const published = remote?.root.signed;
    const by = (role: Role) => this.#signersOf(role, root.signed, published);
    const validity = (role: keyof Versions) => ({
      version: versions[role],
      expires: expiresAfter(this.#options.now, this.#options.lifetimes[role]),
    });

    const base = newest(state.targets, remote?.targets);
    const entries = applyPending(base.signed.targets, changes);
    const targets = await signMetadata(
      targetsToSign(validity('targets'), entries, base.signed.raw),
      await by('targets'),
    );
    // python-dtuf's clients know versions only in the snapshot.
    const listed = root.signed.layout === 'native' ? await fileInfo(targets) : {};
    const meta = listedFiles(newest(state.snapshot, remote?.snapshot).signed.raw);
    meta.set('targets.json', { ...listed, version: versions.targets });
    const snapshot = await signMetadata(snapshotToSign(validity('snapshot'), meta), await by('snapshot'));
    const timestamp = await signMetadata(
      await timestampToSign(validity('timestamp'), versions.snapshot, snapshot),
      await by('timestamp'),
    );
    await verifySigned(root.bytes, { timestamp, snapshot, targets });
    checkSizes({ root: root.bytes, targets, snapshot, timestamp }, this.#options.limits);
    if (root.signed.expires <= this.#options.now) {
      this.#options.notice(
        `the root metadata expired at ${root.signed.expires.toISOString()}: clients refuse the repository until you run reset-keys and push-metadata`,
      );
    }
    const files: BundleFiles = {
      timestamp,
      snapshot: [`${versions.snapshot}.snapshot.json`, snapshot],
      targets: [`${versions.targets}.targets.json`, targets],
      roots: [...roots].map(([version, { bytes }]) => [`${version}.root.json`, bytes] as const),
    };
    return { files, targets: entries, versions, roots };
  }

  /**
   * The changes of our last publish where another publisher overwrote it without having seen it: both looked before they
   * switched, and both saw the same state.
   */
  async #overwritten(
    before: Published,
    remote: TrustedSet | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Pending> {
    const { store, publisher, notice } = this.#options;
    const last = await readLastPublish(store);
    if (before.state === last?.state) return new Map();
    const version = remote?.timestamp?.signed.version;
    // Also over the state of one that it has overwritten, and died before it came to say so.
    if (version !== undefined && (await publisher.stateAt(version, signal)) !== before.state)
      await before.keepAs(version);
    if (last === undefined) return new Map();
    const there = await publisher.stateAt(last.version, signal);
    // A tag that was pruned tells nothing: what was published from here long ago must not come back over newer changes.
    if (there === undefined || there === last.state) return new Map();
    notice(
      `version ${last.version}, which was published from here, was overwritten by another publisher at the same moment: its changes are published again`,
    );
    return last.changes;
  }

  /** The signers of a role; where no bundle switches roots and roles in one step, those of the root before too. */
  async #signersOf(role: Role, root: Root, published: Root | undefined): Promise<RoleSigner[]> {
    const signer = this.#options.signers[role];
    const present = await namedSigners(root, role, [signer]);
    const { threshold } = root.roles[role];
    if (threshold > 1 && present.length < threshold) {
      throw new DTufError(
        'KEY_INVALID',
        `the root metadata asks for ${threshold} signatures of ${role}, and here is one signer a role: nothing was published`,
        { role, expected: String(threshold), got: String(present.length) },
      );
    }
    if (present.length < threshold) {
      throw new DTufError(
        'KEY_INVALID',
        `the ${role} key is not one that the root metadata names: run reset-keys to sign a root that does`,
        { role },
      );
    }
    if (root.layout === 'native' || published === undefined || published.version === root.version)
      return present;
    const known = new Set(present.map(({ keyid }) => keyid));
    const before = await namedSigners(published, role, [
      signer,
      ...(await this.#options.previousSigners(role)),
    ]);
    if (before.length < published.roles[role].threshold) {
      this.#options.notice(
        `the ${role} key of before is not at hand: clients refuse the repository for the moment between the new ${role} and the new root`,
      );
    }
    return [...present, ...before.filter(({ keyid }) => !known.has(keyid))];
  }

  /** Whether what was written is what the registry answers; a stale answer is asked for again, and not taken for a loss. */
  async #stayed(written: string, next: Next, signal: AbortSignal | undefined): Promise<boolean> {
    const version = next.versions.timestamp;
    for (const wait of [...STALE_WAITS, undefined]) {
      const after = await this.#options.publisher.published(signal);
      if (after?.state === written) return isWhole(after.source, next, this.#options.limits);
      if (after !== undefined && parseTimestamp(await after.source.timestamp()).signed.version >= version)
        return false;
      if (wait !== undefined) await new Promise((resolve) => setTimeout(resolve, wait));
    }
    this.#options.notice(
      `the registry still answers with an older state than version ${version}, which it took: a cache before it is stale`,
    );
    return true;
  }

  async #keep(state: MasterState, next: Next, last: LastPublish, changes: Pending): Promise<void> {
    const { store, pending } = this.#options;
    const writes = this.#filesToKeep(next, last);
    for (;;) {
      const settled = await pending.settle(next.targets, changes);
      const expected = new Map([...state.versions, ...settled.expected]);
      if (await store.commit(expected, new Map([...writes, ...settled.writes]), settled.deletes)) return;
      // Targets that were pushed or deleted at the same moment: once more. Each round one of them is through.
      if (await isUnchanged(store, state.versions)) continue;
      throw new DTufError(
        'STATE_CHANGED',
        'it was published, but the local metadata was changed by another process meanwhile: run push-metadata once more',
      );
    }
  }

  #filesToKeep({ files, roots }: Next, last: LastPublish): ReadonlyMap<string, Uint8Array> {
    const [root] = [...roots.values()].slice(-1);
    const writes = new Map<string, Bytes>([
      [LAST_PUBLISH, writeLastPublish(last)],
      [stagedName('timestamp.json'), files.timestamp],
      [stagedName('snapshot.json'), files.snapshot[1]],
      [stagedName('targets.json'), files.targets[1]],
      ...files.roots.map(([name, bytes]) => [stagedName(name), bytes] as const),
    ]);
    if (root !== undefined) writes.set(stagedName('root.json'), root.bytes);
    if (root?.signed.layout !== 'native') {
      // python-dtuf looks for these where it carries on our folder.
      for (const [name, bytes] of [files.snapshot, files.targets]) writes.set(stagedName(name), bytes);
    }
    return writes;
  }
}

async function isUnchanged(
  store: Store,
  versions: ReadonlyMap<string, string | undefined>,
): Promise<boolean> {
  const found = await store.read([...versions.keys()]);
  return [...versions].every(([name, version]) => found.get(name)?.version === version);
}
