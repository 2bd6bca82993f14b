// A repository that others made: sigstore's, as it stood in December 2025. Its files are not in this repository.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { findTarget } from '../../src/client/lookup.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { DelegatedSet } from '../../src/tuf/delegated-set.ts';
import { matchFile } from '../../src/tuf/file-info.ts';
import { TrustedSet } from '../../src/tuf/trusted-set.ts';

const folder = fileURLToPath(new URL('../../../shared/fixtures/sigstore/metadata', import.meta.url));
const there = existsSync(folder);
if (!there) process.stderr.write(`NOT RUN: sigstore’s chain of roots: there is no folder ${folder}\n`);

const read = (name: string): Bytes => Uint8Array.from(readFileSync(`${folder}/${name}`));
const NOW = new Date('2025-12-12T12:00:00Z');

async function rootsFrom(version: number, now: Date): Promise<TrustedSet> {
  const set = await TrustedSet.start(read(`${version}.root.json`), now);
  for (let next = version + 1; next <= 14; next++) await set.updateRoot(read(`${next}.root.json`));
  set.endRoots();
  return set;
}

describe.runIf(there)('sigstore’s repository', () => {
  let set: TrustedSet;

  beforeAll(async () => {
    set = await rootsFrom(1, NOW);
  });

  it('is walked from its first root to the fourteenth: hex points and PEM, fractions in expires, empty signatures (ATTACKS 12, 21, 25)', () => {
    expect(set.root.signed.version).toBe(14);
    expect(set.forgetsStored).toBe(true);
  });

  it('verifies down to its targets', async () => {
    expect(await set.updateTimestamp(read('timestamp.json'))).toBe(true);
    expect(set.snapshotFile.version).toBe(163);
    await set.updateSnapshot(read('163.snapshot.json'));
    await set.updateTargets(read('13.targets.json'));
    expect(set.targets?.signed.targets.get('trusted_root.json')?.hashes['sha256']).toBe(
      '6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66',
    );
    expect(set.checks.every(({ ok }) => ok)).toBe(true);
  });

  it('has the keys of registry.npmjs.org, through the delegation of a folder', async () => {
    const top = set.targets;
    if (top === undefined) throw new Error('the targets are verified');
    const delegated = new DelegatedSet(set);
    const find = (name: string) =>
      findTarget(top, name, {
        load: async (role, delegator) =>
          delegated.update(read(`${delegated.fileOf(role).version}.${role}.json`), role, delegator),
        limits: defaultLimits,
      });
    const found = await find('registry.npmjs.org/keys.json');
    expect(found?.role).toBe('registry.npmjs.org');
    const hash = '160677eb6e1c7083c89b166b20f8fe4e837fb71181506aff1991b80b89184f7d';
    const data = read(`../targets/registry.npmjs.org/${hash}.keys.json`);
    expect(found && (await matchFile(data, found.file))).toBeUndefined();
    expect(await find('registry.npmjs.org/other.json')).toBeUndefined();
    expect((await find('trusted_root.json'))?.role).toBe('targets');
    expect(set.checks.every(({ ok }) => ok)).toBe(true);
  });

  it('is walked from any of its roots', async () => {
    for (let version = 2; version <= 14; version++) {
      expect((await rootsFrom(version, NOW)).root.signed.version).toBe(14);
    }
  });

  it('is refused with a root left out, or once its timestamp has expired (ATTACKS 27, 13)', async () => {
    const from1 = await TrustedSet.start(read('1.root.json'), NOW);
    await expect(from1.updateRoot(read('3.root.json'))).rejects.toMatchObject({ code: 'METADATA_ROLLBACK' });
    const late = await rootsFrom(14, new Date('2025-12-13T19:22:26Z'));
    await expect(late.updateTimestamp(read('timestamp.json'))).rejects.toMatchObject({
      code: 'METADATA_EXPIRED',
      role: 'timestamp',
    });
  });
});
