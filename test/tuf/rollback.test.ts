// Rollback, mix and match, and files that are not those that their parents signed (TUF 1.0.34, 5.4 to 5.6).
import { describe, expect, it } from 'vitest';
import type { TrustedSet } from '../../src/tuf/trusted-set.ts';
import { type Files, type Members, offer, repository, setOf, verified } from './repository.ts';

const plain = repository().withTargets({ 'demo.txt': 'Hello' });

/** A set that begins with stored files. */
async function stored(files: Files): Promise<TrustedSet> {
  const set = await setOf(files.root);
  await set.loadTimestamp(files.timestamp);
  await set.loadSnapshot(files.snapshot);
  return set;
}

const starts = [
  ['within one refresh', verified],
  ['across refreshes', stored],
] as const;

describe.each(starts)('%s', (_, start) => {
  it('a timestamp of a lower version is refused (ATTACKS 30)', async () => {
    const set = await start(await plain.release(3).build());
    const { timestamp } = await plain.release(3).with('timestamp', { version: 2 }).build();
    await expect(set.updateTimestamp(timestamp)).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'timestamp',
      clause: '5.4.3.1',
    });
    expect(set.timestamp?.signed.version).toBe(3);
  });

  it('a timestamp that names a lower snapshot version is refused (ATTACKS 31)', async () => {
    const set = await start(await plain.release(3).build());
    const { timestamp } = await plain.release(2).with('timestamp', { version: 4 }).build();
    await expect(set.updateTimestamp(timestamp)).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'snapshot',
      clause: '5.4.3.2',
      got: '2',
    });
    expect(set.timestamp?.signed.version).toBe(3);
  });

  it('a snapshot that lists a lower version of targets is refused (ATTACKS 30)', async () => {
    const set = await start(await plain.release(3).build());
    const next = await plain.release(4).with('targets', { version: 2 }).build();
    await set.updateTimestamp(next.timestamp);
    await expect(set.updateSnapshot(next.snapshot)).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'targets',
      clause: '5.5.5',
    });
    expect(set.snapshot?.signed.version).toBe(3);
  });

  it('a snapshot that lists a role no more is refused (ATTACKS 32)', async () => {
    const also = (signed: Members) => ({
      ...signed,
      meta: { ...(signed['meta'] as Members), 'delegated.json': { version: 7 } },
    });
    const set = await start(await plain.with('snapshot', { signed: also }).build());
    const next = await plain.release(2).build();
    await set.updateTimestamp(next.timestamp);
    await expect(set.updateSnapshot(next.snapshot)).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'delegated',
      clause: '5.5.5',
      got: 'no version',
    });
    expect(set.snapshot?.signed.version).toBe(1);
  });

  it('a timestamp of the same version changes nothing, whatever it says', async () => {
    const set = await start(await plain.release(3).build());
    const other = await plain.release(3).with('snapshot', { version: 9 }).build();
    expect(await set.updateTimestamp(other.timestamp)).toBe(false);
    expect(set.snapshotFile.version).toBe(3);
  });

  it('the next release is accepted', async () => {
    const set = await start(await plain.release(3).build());
    const files = await plain.release(4).build();
    expect(await set.updateTimestamp(files.timestamp)).toBe(true);
    await offer(set, files);
    expect(set.targets?.signed.version).toBe(4);
  });
});

describe('parents vouch for their files', () => {
  it.each([
    ['snapshot', '5.5.2'],
    ['targets', '5.6.2'],
  ] as const)('a %s of another length is refused (ATTACKS 36)', async (role, clause) => {
    const files = await plain.build();
    const longer = new Uint8Array([...files[role], 0x20]);
    const set = await setOf(files.root);
    await expect(offer(set, { ...files, [role]: longer })).rejects.toMatchObject({
      code: 'METADATA_MISMATCH',
      role,
      clause,
      expected: String(files[role].length),
      got: String(longer.length),
    });
    expect(set[role]).toBeUndefined();
  });

  it.each([
    ['snapshot', '5.5.2'],
    ['targets', '5.6.2'],
  ] as const)('a validly signed %s with another hash is refused (ATTACKS 36)', async (role, clause) => {
    const files = await plain.build();
    const other = await plain.with(role, { expires: '2027-02-02T00:00:00Z' }).build();
    expect(other[role].length).toBe(files[role].length);
    const set = await setOf(files.root);
    await expect(offer(set, { ...files, [role]: other[role] })).rejects.toMatchObject({
      code: 'METADATA_MISMATCH',
      role,
      clause,
    });
    expect(set[role]).toBeUndefined();
  });

  it('the snapshot of one release with the targets of another is refused (ATTACKS 35)', async () => {
    const [one, two] = [await plain.release(1).build(), await plain.release(2).build()];
    await expect(verified({ ...two, targets: one.targets })).rejects.toMatchObject({
      code: 'METADATA_MISMATCH',
      role: 'targets',
    });
    await expect(verified({ ...one, targets: two.targets })).rejects.toMatchObject({
      code: 'METADATA_MISMATCH',
      role: 'targets',
    });
    await expect(verified({ ...two, snapshot: one.snapshot })).rejects.toMatchObject({
      code: 'METADATA_MISMATCH',
      role: 'snapshot',
    });
  });

  const bare = (role: 'snapshot' | 'targets') => (signed: Members) => ({
    ...signed,
    meta: { [`${role}.json`]: { version: 1 } },
  });

  it('where a parent signs neither length nor hashes, the version has to be the one it names (ATTACKS 35)', async () => {
    const loose = plain
      .with('timestamp', { signed: bare('snapshot') })
      .with('snapshot', { signed: bare('targets') });
    await verified(await loose.build());
    const files = await loose.build();
    const { snapshot } = await loose.with('snapshot', { version: 2 }).build();
    const { targets } = await loose.with('targets', { version: 2 }).build();
    await expect(verified({ ...files, snapshot })).rejects.toMatchObject({
      code: 'METADATA_MISMATCH',
      role: 'snapshot',
      clause: '5.5.4',
    });
    await expect(verified({ ...files, targets })).rejects.toMatchObject({
      code: 'METADATA_MISMATCH',
      role: 'targets',
      clause: '5.6.4',
    });
  });

  it('a stored snapshot counts as the one that the timestamp names only with its version, length and hashes', async () => {
    const [one, two] = [await plain.release(1).build(), await plain.release(2).build()];
    const other = await plain.with('snapshot', { expires: '2027-02-02T00:00:00Z' }).build();
    const loose = await plain.with('timestamp', { version: 3, signed: bare('snapshot') }).build();
    const load = async (timestamp: Files, snapshot: Files) => {
      const set = await setOf(one.root);
      await set.updateTimestamp(timestamp.timestamp);
      return set.loadSnapshot(snapshot.snapshot);
    };
    expect(await load(one, one)).toBe(true);
    expect(await load(two, one)).toBe(false);
    expect(await load(one, other)).toBe(false);
    expect(await load(loose, other)).toBe(true);
    expect(await load(loose, two)).toBe(false);
  });

  it('a stored snapshot is verified by the keys of the final root', async () => {
    const files = await plain.build();
    const set = await setOf(files.root);
    await set.updateTimestamp(files.timestamp);
    const { snapshot } = await plain.with('snapshot', { signedBy: ['targets'] }).build();
    await expect(set.loadSnapshot(snapshot)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      role: 'snapshot',
      clause: '5.5.3',
    });
    expect(set.snapshot).toBeUndefined();
  });
});

it('each check that was made is told in order, the one that failed last', async () => {
  const set = await verified(await plain.build());
  expect(set.checks.map(({ clause }) => clause)).toEqual([
    '5.2',
    '5.3.10',
    '5.4.2',
    '5.4.4',
    '5.5.2',
    '5.5.3',
    '5.5.4',
    '5.5.6',
    '5.6.2',
    '5.6.3',
    '5.6.4',
    '5.6.5',
  ]);
  expect(set.checks.every(({ ok }) => ok)).toBe(true);
  const { timestamp } = await plain.with('timestamp', { signedBy: [] }).build();
  await expect(set.updateTimestamp(timestamp)).rejects.toMatchObject({ code: 'METADATA_UNSIGNED' });
  expect(set.checks.at(-1)).toMatchObject({ clause: '5.4.2', role: 'timestamp', ok: false });
});
