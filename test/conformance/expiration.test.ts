// Freeze attacks, and local files that have expired (TUF 1.0.34, 5.3.10, 5.4.4, 5.5.6, 5.6.5).
import { describe, expect, it } from 'vitest';
import { EXPIRED, repository } from '../tuf/repository.ts';
import { publish, refreshed } from './site.ts';

const expired = (role: string, clause: string) => ({ code: 'METADATA_EXPIRED', role, clause });

describe('of a new file that has expired', () => {
  // suite: test_root_expired
  it('a root is kept, since it may be the step to a newer one, and nothing is taken by it (5.3.8, 5.3.10)', async () => {
    const { site, reader } = await refreshed(repository());
    const second = repository().nextRoot();
    await site.publish(second);
    await reader.refresh();
    await site.publish(second.nextRoot({ expires: EXPIRED }).release(2));
    await expect(reader.refresh()).rejects.toMatchObject(expired('root', '5.3.10'));
    expect(await reader.versions()).toEqual({ root: 3, timestamp: 1, snapshot: 1, targets: 1 });
  });

  // suite: test_timestamp_expired
  it('a timestamp is not kept (5.4.4)', async () => {
    const { site, reader } = await refreshed(repository());
    await site.publish(repository().with('timestamp', { version: 2, expires: EXPIRED }));
    await expect(reader.refresh()).rejects.toMatchObject(expired('timestamp', '5.4.4'));
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 });
  });

  // suite: test_snapshot_expired
  it('a snapshot is not kept, but the timestamp that names it is (5.5.6)', async () => {
    const { site, reader } = await refreshed(repository());
    await site.publish(repository().release(2).with('snapshot', { expires: EXPIRED }));
    await expect(reader.refresh()).rejects.toMatchObject(expired('snapshot', '5.5.6'));
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 1, targets: 1 });
  });

  // suite: test_targets_expired
  it('targets are not kept, but the snapshot that names them is (5.6.5)', async () => {
    const { site, reader } = await refreshed(repository());
    await site.publish(repository().release(2).with('targets', { expires: EXPIRED }));
    await expect(reader.refresh()).rejects.toMatchObject(expired('targets', '5.6.5'));
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 1 });
  });
});

describe('where a local file has expired meanwhile', () => {
  const SOON = '2026-01-08T00:00:00Z';
  const LATER = new Date('2026-01-19T00:00:00Z');

  // suite: test_expired_local_root
  it('a root is the way to its valid successor (5.3.10)', async () => {
    const { site, reader } = await publish(repository());
    const second = repository().nextRoot({ expires: SOON });
    await site.publish(second);
    await reader.refresh();
    await site.publish(second.nextRoot({ expires: '2026-01-22T00:00:00Z' }));
    await reader.refresh(LATER);
    expect((await reader.versions())['root']).toBe(3);
  });

  // suite: test_expired_local_timestamp
  it('a timestamp still shows a rollback, and gives way to a valid one (5.4.3, 5.4.4)', async () => {
    const old = repository().with('timestamp', { version: 2, expires: SOON });
    const { site, reader } = await refreshed(old);
    await site.publish(repository().release(1));
    const rollback = { code: 'METADATA_ROLLBACK', role: 'timestamp', clause: '5.4.3.1' };
    await expect(reader.refresh(LATER)).rejects.toMatchObject(rollback);
    await site.publish(repository().release(3));
    await reader.refresh(LATER);
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 3, snapshot: 3, targets: 3 });
  });
});
