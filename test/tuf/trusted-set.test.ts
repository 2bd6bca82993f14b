// The client workflow (TUF 1.0.34, section 5) as the trusted set decides it.
import { describe, expect, it } from 'vitest';
import { TrustedSet } from '../../src/tuf/trusted-set.ts';
import { EXPIRED, NOW, offer, repository, setOf, VALID, verified } from './repository.ts';

const plain = repository().withTargets({ 'demo.txt': 'Hello' });

describe('roots', () => {
  it('a root that its own keys did not sign is no start', async () => {
    const root = await plain.with('root', { signedBy: ['stranger'] }).root();
    await expect(TrustedSet.start(root, NOW)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      role: 'root',
      clause: '5.2',
    });
  });

  it.each([
    ['the new keys', ['new']],
    ['the old keys', ['root']],
  ])('a next root that only %s signed is refused (ATTACKS 26)', async (_, signedBy) => {
    const set = await TrustedSet.start(await plain.root(), NOW);
    const next = await plain.nextRoot({ keys: ['new'], signedBy }).root();
    await expect(set.updateRoot(next)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      role: 'root',
      clause: '5.3.4',
    });
    expect(set.root.signed.version).toBe(1);
  });

  it('a next root needs the threshold of the old and of the new keys', async () => {
    const old = plain.with('root', { keys: ['a', 'b', 'c'], threshold: 2 });
    const set = await TrustedSet.start(await old.root(), NOW);
    const next = (signedBy: string[], threshold: number) =>
      old.nextRoot({ keys: ['c', 'd', 'e'], threshold, signedBy }).root();
    const unsigned = { code: 'METADATA_UNSIGNED', clause: '5.3.4' };
    await expect(set.updateRoot(await next(['a', 'd', 'e'], 2))).rejects.toMatchObject(unsigned);
    await expect(set.updateRoot(await next(['a', 'c', 'd'], 3))).rejects.toMatchObject(unsigned);
    await set.updateRoot(await next(['a', 'c', 'd'], 2));
    expect(set.root.signed.version).toBe(2);
  });

  it.each([
    ['the same version again', 1],
    ['the version after the next', 3],
    ['2^53-1', Number.MAX_SAFE_INTEGER],
  ])('%s in the place of the next root is refused (ATTACKS 27)', async (_, version) => {
    const set = await TrustedSet.start(await plain.root(), NOW);
    const next = await plain.nextRoot({ version }).root();
    await expect(set.updateRoot(next)).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'root',
      clause: '5.3.5',
      expected: '2',
      got: String(version),
    });
    expect(set.root.signed.version).toBe(1);
  });

  it('an expired root on the way to a valid one is passed over (ATTACKS 29)', async () => {
    const second = plain.nextRoot({ expires: EXPIRED });
    const roots = [await plain.with('root', { expires: EXPIRED }).root(), await second.root()];
    await expect(setOf(roots)).rejects.toMatchObject({
      code: 'METADATA_EXPIRED',
      role: 'root',
      clause: '5.3.10',
    });
    const set = await setOf([...roots, await second.nextRoot({ expires: VALID }).root()]);
    expect(set.root.signed.version).toBe(3);
  });

  it('a key that the next root drops signs nothing any more (ATTACKS 19)', async () => {
    const next = plain.with('timestamp', { keys: ['new timestamp'] }).nextRoot();
    const set = await setOf([await plain.root(), await next.root()]);
    const { timestamp } = await plain.build();
    const unsigned = { code: 'METADATA_UNSIGNED', role: 'timestamp', clause: '5.4.2' };
    await expect(set.updateTimestamp(timestamp)).rejects.toMatchObject(unsigned);
    await expect(set.loadTimestamp(timestamp)).rejects.toMatchObject(unsigned);
    expect(set.timestamp).toBeUndefined();
  });

  it.each(['timestamp', 'snapshot'] as const)(
    'stored files are forgotten where the keys of %s were replaced on the way (ATTACKS 33)',
    async (role) => {
      const replaced = await plain
        .with(role, { keys: ['new'] })
        .nextRoot()
        .root();
      const added = await plain
        .with(role, { keys: [role, 'new'] })
        .nextRoot()
        .root();
      const raised = await plain.with(role, { threshold: 2 }).nextRoot().root();
      for (const next of [replaced, added, raised]) {
        expect((await setOf([await plain.root(), next])).forgetsStored).toBe(true);
      }
    },
  );

  it('stored files are forgotten where a key was replaced and came back (ATTACKS 33)', async () => {
    const first = repository();
    const second = first.nextRoot().with('timestamp', { keys: ['other'] });
    const third = second.nextRoot().with('timestamp', { keys: ['timestamp'] });
    const set = await setOf([await first.root(), await second.root(), await third.root()]);
    expect(set.forgetsStored).toBe(true);
  });

  it('stored files are kept where only other keys were replaced', async () => {
    const next = plain.with('targets', { keys: ['new'] }).nextRoot({ keys: ['new root'] });
    expect((await setOf([await plain.root(), await next.root()])).forgetsStored).toBe(false);
  });
});

describe('the order of files is enforced', () => {
  it('nothing but roots is taken before the roots are final, and no root after', async () => {
    const files = await plain.build();
    const set = await TrustedSet.start(files.root, NOW);
    await expect(set.updateTimestamp(files.timestamp)).rejects.toThrow(/endRoots/);
    set.endRoots();
    await expect(set.updateRoot(await plain.nextRoot().root())).rejects.toThrow(/roots come before/);
    await expect(set.updateSnapshot(files.snapshot)).rejects.toThrow(/timestamp comes first/);
    await expect(set.updateTargets(files.targets)).rejects.toThrow(/snapshot comes first/);
    expect(() => set.requireValidTimestamp()).toThrow(/timestamp comes first/);
    await offer(set, files);
    expect(set.targets?.signed.targets.has('demo.txt')).toBe(true);
  });
});

describe('each role is verified by its own keys', () => {
  it.each([
    ['timestamp', '5.4.2'],
    ['snapshot', '5.5.3'],
    ['targets', '5.6.3'],
  ] as const)('%s signed by the keys of another role is refused (ATTACKS 19)', async (role, clause) => {
    const files = await plain.with(role, { signedBy: ['root'] }).build();
    await expect(verified(files)).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role, clause });
  });

  it('a role whose threshold is above its keys never verifies, and the root that says so is valid (ATTACKS 7)', async () => {
    const files = await plain.with('snapshot', { threshold: 2 }).build();
    const set = await setOf(files.root);
    await set.updateTimestamp(files.timestamp);
    await expect(set.updateSnapshot(files.snapshot)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      role: 'snapshot',
    });
    expect(set.snapshot).toBeUndefined();
  });
});

describe('expiry', () => {
  it('is not judged by a clock that tells no time', async () => {
    const started = TrustedSet.start(await repository().root(), new Date(Number.NaN));
    await expect(started).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it.each([
    ['root', '5.3.10'],
    ['timestamp', '5.4.4'],
    ['snapshot', '5.5.6'],
    ['targets', '5.6.5'],
  ] as const)(
    '%s has expired at the very moment of its expires, and not before (ATTACKS 13)',
    async (role, clause) => {
      const files = await plain.with(role, { expires: '2026-06-01T00:00:00Z' }).build();
      const refused = { code: 'METADATA_EXPIRED', role, clause };
      await expect(verified(files, new Date('2026-06-01T00:00:00.000Z'))).rejects.toMatchObject(refused);
      const set = await verified(files, new Date('2026-05-31T23:59:59.999Z'));
      expect(set.targets?.signed.version).toBe(1);
    },
  );

  it('the same files are accepted until they expire, then refused (ATTACKS 34)', async () => {
    const files = await plain.build();
    const refresh = async (now: string) => {
      const set = await setOf(files.root, new Date(now));
      await set.loadTimestamp(files.timestamp);
      return set.updateTimestamp(files.timestamp);
    };
    expect(await refresh('2026-12-31T23:59:59Z')).toBe(false);
    const late = setOf(files.root, new Date(VALID));
    await expect(late).rejects.toMatchObject({ code: 'METADATA_EXPIRED', role: 'root' });
    const frozen = await plain.with('timestamp', { expires: '2026-02-01T00:00:00Z' }).build();
    const set = await setOf(frozen.root, new Date('2026-02-01T00:00:00Z'));
    await set.loadTimestamp(frozen.timestamp);
    await expect(set.updateTimestamp(frozen.timestamp)).rejects.toMatchObject({
      code: 'METADATA_EXPIRED',
      role: 'timestamp',
      clause: '5.4.4',
    });
  });

  it('stored files that expired still count against a rollback', async () => {
    const old = await plain.release(1).build();
    const stored = await plain
      .release(5)
      .with('timestamp', { expires: EXPIRED })
      .with('snapshot', { expires: EXPIRED })
      .build();
    const set = await setOf(stored.root);
    await set.loadTimestamp(stored.timestamp);
    expect(await set.loadSnapshot(stored.snapshot)).toBe(true);
    expect(() => set.requireValidSnapshot()).toThrow(
      expect.objectContaining({ code: 'METADATA_EXPIRED', role: 'snapshot', clause: '5.5.6' }),
    );
    await expect(set.updateTimestamp(old.timestamp)).rejects.toMatchObject({ code: 'METADATA_ROLLBACK' });
  });
});
