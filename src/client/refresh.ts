// The client workflow (TUF 1.0.34, 5.3 to 5.6) over a source: the trusted set decides, this only carries.
import { hasCode } from '../errors.ts';
import type { MetadataSource } from '../layout/layout.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import type { Role } from '../tuf/metadata.ts';
import type { TrustedSet } from '../tuf/trusted-set.ts';

/** The files that were kept from the last refresh, as far as they are there. */
export type StoredMetadata = Partial<Readonly<Record<Role, Bytes>>>;

/** Brings the roots of `set` up to the newest on offer (5.3). It stops at the bound and keeps what it verified. */
export async function refreshRoots(set: TrustedSet, source: MetadataSource, limits: Limits): Promise<void> {
  for (let rotations = 0; rotations < limits.rootRotations; rotations++) {
    const bytes = await source.root(set.root.signed.version + 1);
    if (bytes === undefined) break;
    await set.updateRoot(bytes);
  }
  set.endRoots();
}

/** Brings timestamp, snapshot and targets of `set` up to what the source offers (5.4 to 5.6); the roots are final. */
export async function refreshRoles(
  set: TrustedSet,
  source: MetadataSource,
  stored: StoredMetadata,
  limits: Limits,
): Promise<void> {
  const kept = set.forgetsStored ? {} : stored;
  await passOver(kept.timestamp, (bytes) => set.loadTimestamp(bytes));
  await set.updateTimestamp(await source.timestamp());
  if ((await passOver(kept.snapshot, (bytes) => set.loadSnapshot(bytes))) === true) {
    set.requireValidSnapshot();
  } else {
    const { version, length } = set.snapshotFile;
    await set.updateSnapshot(
      await source.snapshot(version, Math.min(length ?? limits.snapshot, limits.targets)),
    );
  }
  await passOver(kept.targets, (bytes) => set.loadTargets(bytes));
  if (set.targets === undefined) {
    const { version, length } = set.targetsFile;
    await set.updateTargets(
      await source.targets(version, Math.min(length ?? limits.targets, limits.targets)),
    );
  }
}

/** Stored files that are damaged, superseded or signed by dropped keys are passed over: others are fetched. */
async function passOver<T>(
  bytes: Bytes | undefined,
  load: (bytes: Bytes) => Promise<T>,
): Promise<T | undefined> {
  if (bytes === undefined) return undefined;
  try {
    return await load(bytes);
  } catch (error) {
    if (hasCode(error, 'METADATA_INVALID', 'METADATA_UNSIGNED', 'METADATA_MISMATCH', 'METADATA_EXPIRED'))
      return undefined;
    throw error;
  }
}
