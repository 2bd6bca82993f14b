// Verifies a targets file, the same for the top-level role and for delegated ones (TUF 1.0.34, 5.6.2 to 5.6.5, 5.6.7.2).
import { late } from '../late.ts';
import type { Bytes } from '../ports.ts';
import type { Checks, NamedDelegator } from './checks.ts';
import { matchFile } from './file-info.ts';
import type { Metadata, MetaFile } from './metadata.ts';
import { delegating, readTargets, type Targets } from './targets.ts';

/** What is said of a role before its file is seen. */
export interface ExpectedTargets {
  readonly role: string;
  /** By the snapshot. */
  readonly named: MetaFile;
  /** By whoever delegates to it. */
  readonly by: NamedDelegator;
}

/**
 * A file from outside.
 *
 * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_MISMATCH, METADATA_EXPIRED
 */
export async function verifyTargets(
  bytes: Bytes,
  expected: ExpectedTargets,
  checks: Checks,
): Promise<Metadata<Targets>> {
  const { role, named } = expected;
  checks.of(role, named.version).file('5.6.2', named, await matchFile(bytes, named));
  return verifyParsed(await parse(bytes, role), expected, checks);
}

/**
 * A file from local storage.
 *
 * @returns undefined where it is not the one that the snapshot names: it was superseded, and is not looked at further.
 * @throws DTufError METADATA_INVALID, METADATA_UNSIGNED, METADATA_EXPIRED
 */
export async function verifyStoredTargets(
  bytes: Bytes,
  expected: ExpectedTargets,
  checks: Checks,
): Promise<Metadata<Targets> | undefined> {
  const { role, named } = expected;
  if ((await matchFile(bytes, named)) !== undefined) return undefined;
  const metadata = await parse(bytes, role);
  if (metadata.signed.version !== named.version) return undefined;
  checks.of(role, named.version).file('5.6.2', named, undefined);
  return verifyParsed(metadata, expected, checks);
}

async function verifyParsed(
  metadata: Metadata<Targets>,
  { role, named, by }: ExpectedTargets,
  checks: Checks,
): Promise<Metadata<Targets>> {
  const made = checks.of(role, named.version);
  await made.signatures('5.6.3', metadata, by);
  made.version('5.6.4', named.version, metadata.signed.version);
  made.valid('5.6.5', metadata);
  return metadata;
}

/** As `parseTargets` does; the part that reads DELEGATIONS is loaded where there are any, and not for the empty ones that publishers write, ours too. */
async function parse(bytes: Bytes, role: string): Promise<Metadata<Targets>> {
  const { metadata, delegations } = readTargets(bytes, role);
  if (delegations === undefined) return metadata;
  const keys = delegations.fields('keys').names();
  if (!delegations.has('succinct_roles') && keys.length + delegations.list('roles').length === 0)
    return delegating(metadata, { keys: new Map(), roles: new Map() });
  const { parseDelegations } = await late(import('./delegations.ts'));
  return delegating(metadata, parseDelegations(delegations));
}
