// What is published, as far as a publisher can rely on it.
import { refreshRoles, refreshRoots } from '../client/refresh.ts';
import { equalBytes } from '../equal-bytes.ts';
import { hasCode } from '../errors.ts';
import type { MetadataSource } from '../layout/layout.ts';
import type { BundleFiles } from '../layout/write-bundle.ts';
import type { Limits } from '../limits.ts';
import { TrustedSet } from '../tuf/trusted-set.ts';
import type { MasterState } from './master-state.ts';
import { sharedRoot, type Versions } from './merge.ts';

/**
 * What is published, verified from our own root on. Its age is no matter: a publish is how an expired repository is
 * brought back.
 *
 * @throws DTufError TRUST_BROKEN, and what a client throws at files that are whole and refused
 */
export async function verifyPublished(
  state: MasterState,
  source: MetadataSource,
  limits: Limits,
  notice: (text: string) => void,
): Promise<TrustedSet> {
  const set = await TrustedSet.start(await sharedRoot(state, source), new Date(0));
  await refreshRoots(set, source, limits);
  try {
    await refreshRoles(set, source, {}, limits);
  } catch (error) {
    // Without a bundle a publish that died may have left roles of the root that it did not come to publish.
    const ahead = hasCode(error, 'METADATA_UNSIGNED') && (await verifyAhead(state, set, source, limits));
    if (ahead) return ahead;
    // Lost in the registry, by a garbage collection perhaps, or a mixture of two publishes where there is no bundle:
    // publishing again is what repairs it.
    if (!hasCode(error, 'NOT_FOUND', 'METADATA_MISSING', 'DIGEST_MISMATCH', 'METADATA_MISMATCH')) throw error;
    notice(`what is published is not whole: ${error.message}. It is published anew from the state here`);
  }
  return set;
}

/** What is published, where it verifies from our own root that is not published yet. */
async function verifyAhead(
  { root }: MasterState,
  published: TrustedSet,
  source: MetadataSource,
  limits: Limits,
): Promise<TrustedSet | undefined> {
  if (root.signed.version <= published.root.signed.version) return undefined;
  const set = await TrustedSet.start(root.bytes, new Date(0));
  set.endRoots();
  try {
    await refreshRoles(set, source, {}, limits);
  } catch (error) {
    if (hasCode(error, 'METADATA_UNSIGNED')) return undefined;
    throw error;
  }
  return set;
}

/** Whether all that was published is there: without a bundle, files of another publisher may stand beside our timestamp. */
export async function isWhole(
  source: MetadataSource,
  { files, versions }: { readonly files: BundleFiles; readonly versions: Versions },
  limits: Limits,
): Promise<boolean> {
  if (source.layout === 'native') return true;
  try {
    const snapshot = await source.snapshot(versions.snapshot, limits.snapshot);
    const targets = await source.targets(versions.targets, limits.targets);
    return equalBytes(snapshot, files.snapshot[1]) && equalBytes(targets, files.targets[1]);
  } catch (error) {
    // A cache that does not know them yet.
    if (hasCode(error, 'NOT_FOUND', 'METADATA_MISSING')) return true;
    throw error;
  }
}
