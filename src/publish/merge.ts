// What is published, and what is here, become the base of the next publish.
import { equalBytes } from '../equal-bytes.ts';
import { DTufError, hasCode } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { MetadataSource } from '../layout/layout.ts';
import type { Bytes } from '../ports.ts';
import { member } from '../tuf/fields.ts';
import type { Metadata, Signed } from '../tuf/metadata.ts';
import type { Root } from '../tuf/root.ts';
import { TrustedSet } from '../tuf/trusted-set.ts';
import type { MasterState } from './master-state.ts';

/** The versions that were seen or written anywhere: a new one is above them. */
export type Versions = Readonly<Record<'targets' | 'snapshot' | 'timestamp', number>>;

/** Our newest root that is published too, byte for byte. */
export async function sharedRoot(state: MasterState, source: MetadataSource): Promise<Bytes> {
  for (const [version, { bytes }] of [...state.roots].reverse()) {
    const published = await source.root(version);
    if (published === undefined) continue;
    if (equalBytes(published, bytes)) return bytes;
    throw new DTufError(
      'TRUST_BROKEN',
      `another root version ${version} is published than the one here: two publishers changed keys at once, or the registry was tampered with. Nothing was overwritten. If what is published is yours: run pull-metadata, copy the four files of copy/repository/metadata/current to master/repository/metadata.staged, delete ${version}.root.json there and those above it, and run push-metadata once more, and reset-keys where it is still needed`,
      { role: 'root' },
    );
  }
  throw new DTufError(
    'TRUST_BROKEN',
    'what is published under this name has none of our roots: it is another repository, and is not overwritten. Choose another name, or delete its tag timestamp.json',
    { role: 'root' },
  );
}

/** Our roots, and those that another publisher published above them. */
export function mergeRoots(
  state: MasterState,
  remote: TrustedSet | undefined,
): ReadonlyMap<number, Metadata<Root>> {
  const theirs = (remote?.roots ?? []).map((root) => [root.signed.version, root] as const);
  return new Map([...state.roots, ...theirs.filter(([version]) => !state.roots.has(version))]);
}

/**
 * Adds the roots that are published and not here, as far down as each verifies the next: a bundle without them would leave
 * clients of before behind. In python-dtuf's layout each has a tag of its own, and stays.
 */
export async function withOlderRoots(
  roots: ReadonlyMap<number, Metadata<Root>>,
  source: MetadataSource | undefined,
): Promise<ReadonlyMap<number, Metadata<Root>>> {
  if (source?.layout !== 'native') return roots;
  const all = new Map(roots);
  for (let version = Math.max(...all.keys()) - 1; version > 0; version--) {
    if (all.has(version)) continue;
    const older = await olderRoot(source, version, all.get(version + 1));
    if (older === undefined) break;
    all.set(version, older);
  }
  return new Map([...all].sort(([a], [b]) => a - b));
}

async function olderRoot(
  source: MetadataSource,
  version: number,
  next: Metadata<Root> | undefined,
): Promise<Metadata<Root> | undefined> {
  try {
    const bytes = await source.root(version);
    if (bytes === undefined || next === undefined) return undefined;
    const set = await TrustedSet.start(bytes, new Date(0));
    await set.updateRoot(next.bytes);
    return set.roots[0];
  } catch (error) {
    // Lost, or of no use to any client: then nothing is lost by leaving it out.
    if (
      hasCode(error, 'NOT_FOUND', 'DIGEST_MISMATCH', 'LIMIT_EXCEEDED') ||
      hasCode(error, 'METADATA_INVALID', 'METADATA_UNSIGNED', 'METADATA_ROLLBACK')
    )
      return undefined;
    throw error;
  }
}

/** Versions above all that were seen. @param floor what was written and overwritten. */
export function above(
  { timestamp, snapshot, targets }: MasterState,
  remote: TrustedSet | undefined,
  floor: Versions,
): Versions {
  const seen = remote?.timestamp?.signed;
  return {
    timestamp: next(floor.timestamp, timestamp.signed.version, seen?.version),
    snapshot: next(floor.snapshot, snapshot.signed.version, seen?.snapshot.version),
    targets: next(floor.targets, targets.signed.version, remote?.snapshot && remote.targetsFile.version),
  };
}

/** The last number has no next: it is of a fast-forward attack, from which clients recover by a change of keys (5.3.11). */
function next(...versions: readonly (number | undefined)[]): number {
  return 1 + Math.max(0, ...versions.map((version = 0) => (version < Number.MAX_SAFE_INTEGER ? version : 0)));
}

/** The newer of two files; of the same version the published one. */
export function newest<T extends Signed>(local: Metadata<T>, remote: Metadata<T> | undefined): Metadata<T> {
  return remote !== undefined && remote.signed.version >= local.signed.version ? remote : local;
}

/** What a snapshot lists, by file name. */
export function listedFiles(raw: JsonObject): Map<string, JsonObject> {
  return new Map(Object.entries((member(raw, 'meta') ?? {}) as Record<string, JsonObject>));
}
