// Rollbacks, and the recovery from a version that somebody set too high (TUF 1.0.34, 5.3.11, 5.4.3, 5.5.5).
import { describe, expect, it } from 'vitest';
import { repository } from '../tuf/repository.ts';
import { versionsOnly } from './edit.ts';
import { refreshed } from './site.ts';

const rollback = (role: string, clause: string) => ({ code: 'METADATA_ROLLBACK', role, clause });
const withRole = () =>
  repository()
    .withRole('delegated')
    .delegating('targets', 'delegated', { paths: ['d/*'] });

describe('a rollback', () => {
  // suite: test_new_timestamp_version_rollback
  it('of the timestamp is refused (5.4.3.1)', async () => {
    const { site, reader } = await refreshed(repository().with('timestamp', { version: 2 }));
    await site.publish(repository());
    await expect(reader.refresh()).rejects.toMatchObject(rollback('timestamp', '5.4.3.1'));
    expect(site.asked.at(-1)).toBe('timestamp.json');
    expect((await reader.versions())['timestamp']).toBe(2);
  });

  // With and without hashes: those of the new file are no reason to pass over the file that is kept.
  const kinds = [
    ['versions only', repository().with('timestamp', versionsOnly).with('snapshot', versionsOnly)],
    ['lengths and hashes', repository()],
  ] as const;

  // suite: test_snapshot_rollback
  it.each(kinds)(
    'of the snapshot is refused with the timestamp that names it: %s (5.4.3.2)',
    async (_, of) => {
      const { site, reader } = await refreshed(of.release(2));
      await site.publish(of.release(1).with('timestamp', { version: 3 }));
      await expect(reader.refresh()).rejects.toMatchObject(rollback('snapshot', '5.4.3.2'));
      expect(site.asked.at(-1)).toBe('timestamp.json');
      expect(await reader.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 2 });
    },
  );

  // suite: test_targets_rollback
  it.each(kinds)('of the targets is refused with the snapshot that names them: %s (5.5.5)', async (_, of) => {
    const { site, reader } = await refreshed(of.release(2));
    await site.publish(of.release(3).with('targets', { version: 1 }));
    await expect(reader.refresh()).rejects.toMatchObject(rollback('targets', '5.5.5'));
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 3, snapshot: 2, targets: 2 });
  });

  // suite: test_targets_role_removal
  it('by leaving a role out of the snapshot is refused (5.5.5)', async () => {
    const { site, reader } = await refreshed(withRole());
    await site.publish(repository().release(2));
    await expect(reader.refresh()).rejects.toMatchObject(rollback('delegated', '5.5.5'));
    expect((await reader.versions())['snapshot']).toBe(1);
  });
});

/** Keys that were replaced end what the old ones said; that it is they who do so, the same without them shows. */
describe('recovery from a version that was set too high', () => {
  // suite: test_new_timestamp_fast_forward_recovery
  it('of the timestamp takes a new timestamp key (5.3.11)', async () => {
    const { site, reader } = await refreshed(repository().with('timestamp', { version: 100 }));
    const back = repository().nextRoot();
    await site.publish(back);
    await expect(reader.refresh()).rejects.toMatchObject(rollback('timestamp', '5.4.3.1'));
    await site.publish(back.with('timestamp', { keys: ['new'] }).nextRoot());
    await reader.refresh();
    expect(await reader.versions()).toEqual({ root: 3, timestamp: 1, snapshot: 1, targets: 1 });
  });

  // suite: test_new_snapshot_fast_forward_recovery
  it('of the snapshot takes new keys of snapshot and timestamp (5.3.11)', async () => {
    const { site, reader } = await refreshed(repository().with('snapshot', { version: 100 }));
    const back = repository().nextRoot().with('timestamp', { version: 2 });
    await site.publish(back);
    await expect(reader.refresh()).rejects.toMatchObject(rollback('snapshot', '5.4.3.2'));
    const keys = { keys: ['new'] };
    await site.publish(back.with('timestamp', keys).with('snapshot', keys).nextRoot());
    await reader.refresh();
    expect(await reader.versions()).toEqual({ root: 3, timestamp: 2, snapshot: 1, targets: 1 });
  });

  it('of the snapshot takes a new key of one of the two, since both files are forgotten then (5.3.11)', async () => {
    const { site, reader } = await refreshed(repository().with('snapshot', { version: 100 }));
    await site.publish(
      repository()
        .with('snapshot', { keys: ['new'] })
        .nextRoot(),
    );
    await reader.refresh();
    expect(await reader.versions()).toEqual({ root: 2, timestamp: 1, snapshot: 1, targets: 1 });
  });

  // suite: test_targets_fast_forward_recovery
  it('of the targets takes a new snapshot key, and then roles may go, too (5.3.11)', async () => {
    const { site, reader } = await refreshed(withRole().with('targets', { version: 100 }));
    expect((await reader.versions())['targets']).toBe(100);
    const back = repository().nextRoot().release(2).with('targets', { version: 1 });
    await site.publish(back);
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_ROLLBACK', clause: '5.5.5' });
    await site.publish(
      back
        .release(3)
        .with('targets', { version: 1 })
        .with('snapshot', { keys: ['new'], version: 3 })
        .nextRoot(),
    );
    await reader.refresh();
    expect(await reader.versions()).toEqual({ root: 3, timestamp: 3, snapshot: 3, targets: 1 });
  });
});
