// A repository as the files of a plain TUF repository on a web server (TUF 1.0.34, 5.7.3 and 6.2), in the order in which
// they can be put there: at every moment a client finds all that it is told of.
import { streamOf } from '../content/read-all.ts';
import type { Expected } from '../content/verify.ts';
import { equalBytes } from '../equal-bytes.ts';
import { DTufError, hasCode } from '../errors.ts';
import { targetPath } from '../layout/http-targets.ts';
import type { MetadataSource, Part, TargetSource } from '../layout/layout.ts';
import { signedMediaType } from '../layout/signed-media-type.ts';
import { writeBundle } from '../layout/write-bundle.ts';
import type { Limits } from '../limits.ts';
import type { Bytes, HashAlgorithm } from '../ports.ts';
import { describe } from '../registry/describe.ts';
import { fileName } from '../tuf/checks.ts';
import { knownHashes } from '../tuf/file-info.ts';
import type { Metadata } from '../tuf/metadata.ts';
import type { TargetFile, Targets } from '../tuf/targets.ts';
import { TrustedSet } from '../tuf/trusted-set.ts';
import { reachable } from './delegated-roles.ts';
import { findTarget, type LoadRole } from './lookup.ts';
import { lookupCost } from './lookup-cost.ts';
import { advised, type Published, roleLoader } from './published.ts';

/** A file of an export. */
export interface ExportedFile {
  /** Below the folder that is served, as in `targets/docs/<sha256>.a.txt`; segments are not encoded. */
  readonly path: string;
  /** What it has to be. */
  readonly expected: Expected;
  /** Whether another version stands under the same name before and after. */
  readonly changes: boolean;
  /** The data, not verified yet. */
  open(signal?: AbortSignal): Promise<ReadableStream<Uint8Array>>;
}

/** What is exported: verified metadata, and where the rest is. */
interface Exporting {
  readonly set: TrustedSet;
  /** Top-level targets first, then each delegated role. */
  readonly roles: readonly Metadata<Targets>[];
  /** Whether whoever looks for that target gets it from that role. */
  readonly finds: (name: string, role: string) => Promise<boolean>;
  readonly source: TargetSource;
  /** Where the roots of before are. */
  readonly metadata: MetadataSource;
}

/**
 * The files: data before the metadata that names it, and what changes in its place last.
 *
 * @param now the one time that expiry is judged against.
 */
export async function* exportedFiles(
  published: Published,
  now: Date,
  signal?: AbortSignal,
): AsyncIterable<ExportedFile> {
  const { set, roles, finds, source, metadata } = await exporting(published, now, signal);
  const { root, timestamp, snapshot, targets } = set;
  if (!timestamp || !snapshot || !targets) throw new Error('a verified set has all four roles');
  const consistent = root.signed.consistentSnapshot;
  const seen = new Set<string>();
  for (const { signed } of roles) {
    for (const [name, file] of signed.targets) {
      // What a role lists and may not sign for is nobody's target.
      if (!(await finds(name, signed.role))) continue;
      for await (const one of targetFiles(name, file, source, consistent, signal)) {
        if (!seen.has(one.path)) yield one;
        seen.add(one.path);
      }
    }
  }
  const roots = await chain(set, metadata);
  for (const [version, bytes] of roots) yield await metadataFile(fileName('root', version), bytes);
  const versioned = (role: string, { signed, bytes }: Metadata<Targets> | typeof snapshot) =>
    consistent
      ? metadataFile(fileName(role, signed.version), bytes)
      : metadataFile(`${role}.json`, bytes, true);
  for (const role of roles) {
    requireOwnName(role.signed.role);
    yield await versioned(role.signed.role, role);
  }
  yield await versioned('snapshot', snapshot);
  if (consistent) {
    const bundle = await writeBundle({
      timestamp: timestamp.bytes,
      snapshot: [fileName('snapshot', snapshot.signed.version), snapshot.bytes],
      targets: [fileName('targets', targets.signed.version), targets.bytes],
      roots: roots.map(([version, bytes]) => [fileName('root', version), bytes]),
    });
    yield await metadataFile('bundle.json', bundle, true);
  }
  yield await metadataFile('timestamp.json', timestamp.bytes, true);
}

/** All that a plain TUF repository holds, of what was pulled. Delegated roles are fetched where they are not stored. */
async function exporting(published: Published, now: Date, signal?: AbortSignal): Promise<Exporting> {
  const { hosting, limits } = published.options;
  const { set, targets, layout, snapshotVersion } = await published.verified(now);
  if (layout === 'legacy') {
    throw new DTufError(
      'NOT_SUPPORTED',
      `${hosting.name} is laid out as python-dtuf does: the targets that it signs are lists of blobs, which no client of a web server reads as files`,
      { expected: 'native or http', got: layout },
    );
  }
  const load = roleLoader(published.options, { set, layout, snapshotVersion }, signal);
  const roles = [targets, ...(await advised(() => allRoles(set, targets, unlessUnlisted(set, load))))];
  requireAffordable(hosting.name, roles, limits);
  const finds = async (name: string, role: string) =>
    (await findTarget(targets, name, { load, limits }))?.role === role;
  const metadata = await hosting.metadata({ layout, ...(signal === undefined ? {} : { signal }) });
  return { set, roles, finds, source: await hosting.targets(layout, set.root.signed), metadata };
}

/** A role that the snapshot does not list yet was never published: no client has it. */
function unlessUnlisted(set: TrustedSet, load: LoadRole) {
  return async (role: string, delegator: Metadata<Targets>) =>
    set.snapshot?.signed.meta.has(`${role}.json`) ? load(role, delegator) : undefined;
}

/** @throws DTufError LIMIT_EXCEEDED where it would take too long to tell which of their targets roles may sign for. */
function requireAffordable(name: string, roles: readonly Metadata<Targets>[], { comparisons }: Limits): void {
  const names = roles.slice(1).flatMap(({ signed }) => [...signed.targets.keys()]);
  if (lookupCost(names, roles) <= comparisons) return;
  throw new DTufError(
    'LIMIT_EXCEEDED',
    `the roles that ${name} delegates to have so many targets and path patterns that it cannot be told in time which are found`,
    { clause: '5.6.7', expected: `at most ${comparisons} comparisons (limits.comparisons)` },
  );
}

/** All delegated roles. One that a delegator has other keys for counts where another has the right ones. */
async function allRoles(
  set: TrustedSet,
  top: Metadata<Targets>,
  load: (...role: Parameters<LoadRole>) => Promise<Metadata<Targets> | undefined>,
): Promise<readonly Metadata<Targets>[]> {
  const refused = new Map<string, unknown>();
  const roles = await reachable(set, top, async (role, delegator) => {
    try {
      return await load(role, delegator);
    } catch (error) {
      if (!hasCode(error, 'METADATA_UNSIGNED')) throw error;
      refused.set(role, error);
      return undefined;
    }
  });
  for (const { signed } of roles) refused.delete(signed.role);
  for (const error of refused.values()) throw error;
  return roles;
}

/** 6.2: without versions in their names, the file of a role called `2.root` would be that of a root. */
function requireOwnName(role: string): void {
  if (!/^\d+\.root$/.test(role)) return;
  throw new DTufError('NOT_SUPPORTED', `the role ${JSON.stringify(role)} has the name of a root's file`, {
    role,
  });
}

/** The file of a target; of one that is a manifest its parts before it. */
async function* targetFiles(
  name: string,
  file: TargetFile,
  source: TargetSource,
  consistent: boolean,
  signal?: AbortSignal,
): AsyncIterable<ExportedFile> {
  const hashes = knownHashes(file.hashes);
  // No client is handed what no known hash vouches for; it keeps nobody from the rest.
  if (hashes.length === 0) return;
  if (signedMediaType(name, file.custom) !== undefined) {
    for (const part of await source.parts(name, file, signal)) {
      // That an index is itself is no part of it.
      if (part.bytes === undefined)
        yield exported(`targets/blobs/${part.digest.replace(':', '/')}`, part, false);
    }
  }
  const whole = await source.whole(name, file, signal);
  // 6.2: under each hash, since a client may ask by any of them.
  for (const [, hex] of consistent ? hashes : hashes.slice(0, 1)) {
    yield exported(plainPath('targets', targetPath(name, consistent ? hex : undefined)), whole, !consistent);
  }
}

function exported(path: string, { expected, open }: Part, changes: boolean): ExportedFile {
  return { path, expected, changes, open };
}

/** The path of a file, by the one in an address. */
function plainPath(folder: string, encoded: string): string {
  return [folder, ...encoded.split('/').map(decodeURIComponent)].join('/');
}

async function metadataFile(name: string, bytes: Bytes, changes = false): Promise<ExportedFile> {
  const { digest } = await describe('application/json', bytes);
  const hashes: [HashAlgorithm, string][] = [['sha256', digest.slice('sha256:'.length)]];
  // A role's name may have slashes: web servers take the encoded ones that a client sends for what they are.
  const path = plainPath('metadata', targetPath(name));
  return { path, expected: { length: bytes.length, hashes }, changes, open: async () => streamOf(bytes) };
}

/** Every root from the first that is there to the present one, each signed by the one before (5.3). */
async function chain(
  set: TrustedSet,
  source: MetadataSource,
): Promise<readonly (readonly [number, Bytes])[]> {
  const present = set.root;
  const found: [number, Bytes][] = [];
  for (let version = 1; version < present.signed.version; version++) {
    const bytes = await source.root(version);
    if (bytes !== undefined) found.push([version, bytes]);
    else if (found.length > 0) found.length = 0;
  }
  found.push([present.signed.version, present.bytes]);
  const [[, first] = [0, present.bytes], ...next] = found;
  try {
    const roots = await TrustedSet.start(first, set.now);
    for (const [, bytes] of next) await roots.updateRoot(bytes);
    if (equalBytes(roots.root.bytes, present.bytes)) return found;
  } catch (error) {
    if (!hasCode(error, 'METADATA_INVALID', 'METADATA_UNSIGNED', 'METADATA_ROLLBACK')) throw error;
    throw new DTufError(
      'TRUST_BROKEN',
      `the roots that are published do not lead to the one that is trusted here: ${error.message}`,
      { role: 'root', cause: error },
    );
  }
  throw new Error('the chain ends with the present root');
}
