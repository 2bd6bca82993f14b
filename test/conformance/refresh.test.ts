// What a refresh asks for, what it keeps, and where it ends (TUF 1.0.34, 5.2 to 5.6).
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { equalBytes } from '../../src/equal-bytes.ts';
import { ROLES } from '../../src/tuf/metadata.ts';
import { repository, text, VALID } from '../tuf/repository.ts';
import { edit } from './edit.ts';
import { publish, Reader, refreshed } from './site.ts';

const FOUR = ['2.root.json', 'timestamp.json', '1.snapshot.json', '1.targets.json'];

describe('a refresh', () => {
  // suite: test_basic_refresh_requests
  it('asks for the next root, timestamp, snapshot and targets, in this order and once (5.3 to 5.6)', async () => {
    const { site, reader } = await publish(repository());
    await reader.refresh();
    expect(site.asked).toEqual(FOUR);
  });

  // suite: test_basic_refresh_trusted_data
  it('keeps what was published of each role (5.3.8, 5.4.5, 5.5.7, 5.6.6)', async () => {
    const { files, reader } = await publish(repository().release(7));
    await reader.refresh();
    expect(await reader.kept()).toEqual(files);
  });

  // suite: test_implicit_refresh
  it('comes before a download, and stays where there is no such target (5.6.7)', async () => {
    const { site, files, reader } = await publish(repository());
    await expect(reader.download('not there')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(site.asked).toEqual(FOUR);
    expect(await reader.kept()).toEqual(files);
  });

  // suite: test_metadata_bytes_match
  it('keeps each file byte for byte, white space included, since hashes are of bytes (5.5.2)', async () => {
    const { files, reader } = await publish(repository().with('timestamp', { file: (json) => `${json} ` }));
    await reader.refresh();
    const { timestamp = utf8('') } = await reader.kept();
    expect(text(timestamp).endsWith('} ')).toBe(true);
    expect(equalBytes(timestamp, files.timestamp)).toBe(true);
  });

  // suite: test_faketime
  it('judges expiry against the clock that it was given (5.1)', async () => {
    const { reader } = await refreshed(repository());
    await reader.refresh(new Date('2026-12-31T23:59:59Z'));
    const refused = { code: 'METADATA_EXPIRED', role: 'root', clause: '5.3.10' };
    await expect(reader.refresh(new Date(VALID))).rejects.toMatchObject(refused);
  });
});

describe('a first root', () => {
  // suite: test_invalid_initial_root
  it('that has no version ends the refresh before anything is asked for (4.3, 5.2)', async () => {
    const { site, files } = await publish(repository());
    const broken = utf8(text(files.root).replace('"version":1,', ''));
    const reader = new Reader(site, broken);
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_INVALID', role: 'root' });
    expect(site.asked).toEqual([]);
  });

  // suite: test_unsigned_initial_root
  it('that is not signed by its own keys ends the refresh before anything is asked for (5.2)', async () => {
    const { site } = await publish(repository());
    const forged = repository().with('root', {
      signatures: (made) => made.map(({ keyid, sig }) => ({ keyid, sig: `00${sig.slice(2)}` })),
    });
    const reader = new Reader(site, await forged.root());
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role: 'root' });
    expect(site.asked).toEqual([]);
    expect(await reader.versions()).toEqual({});
  });
});

/** Which versions are kept where the second version of a role is refused, by that role. */
const KEPT_BEFORE = {
  root: {},
  timestamp: { root: 2 },
  snapshot: { root: 2, timestamp: 2 },
  targets: { root: 2, timestamp: 2, snapshot: 2 },
};

describe('a refresh that ends', () => {
  const second = () => repository().nextRoot().release(2);

  // suite: test_unsigned_metadata
  it.each(ROLES)(
    'at a %s without signatures keeps what was verified before it, and nothing of it (5.3.4, 5.4.2, 5.5.3, 5.6.3)',
    async (role) => {
      const { site, reader } = await publish(repository());
      await site.publish(second().with(role, { signedBy: [] }));
      await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role });
      expect(await reader.versions()).toEqual(KEPT_BEFORE[role]);
    },
  );

  // suite: test_url_and_metadata_version_mismatch
  it.each(['root', 'snapshot', 'targets'] as const)(
    'at a %s whose version is not the one that was asked for keeps what was verified before it (5.3.5, 5.5.4, 5.6.4)',
    async (role) => {
      const { site, reader } = await publish(repository());
      const parent = { root: undefined, snapshot: 'timestamp', targets: 'snapshot' } as const;
      const above = parent[role];
      // The file says 3 and stands where 2 is asked for; whoever vouches for it says 2.
      const named = edit(({ meta }) => {
        meta[`${role}.json`] = { version: 2 };
      });
      const odd = second().with(role, { version: 3 });
      const files = await site.publish(above === undefined ? odd : odd.with(above, named));
      site.put(`2.${role}.json`, files[role]);
      await expect(reader.refresh()).rejects.toMatchObject({ role, expected: '2', got: '3' });
      expect(await reader.versions()).toEqual(KEPT_BEFORE[role]);
    },
  );

  // suite: test_timestamp_404
  it('at a timestamp that is not there asks for nothing after it (5.4.1)', async () => {
    const { site, reader } = await refreshed(repository());
    site.remove('timestamp.json');
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_MISSING', role: 'timestamp' });
    expect(site.asked).toEqual(['2.root.json', 'timestamp.json']);
  });

  // suite: test_snapshot_404
  it('at a snapshot that is not there keeps the new timestamp (5.4.5, 5.5.1)', async () => {
    const { site, reader } = await refreshed(repository());
    await site.publish(repository().release(2));
    site.remove('2.snapshot.json');
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_MISSING', role: 'snapshot' });
    expect(site.asked.at(-1)).toBe('2.snapshot.json');
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 1, targets: 1 });
  });

  // suite: test_targets_404
  it('at targets that are not there keeps the new timestamp and snapshot (5.5.7, 5.6.1)', async () => {
    const { site, reader } = await refreshed(repository());
    await site.publish(repository().release(2));
    site.remove('2.targets.json');
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_MISSING', role: 'targets' });
    expect(site.asked.at(-1)).toBe('2.targets.json');
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 1 });
  });
});
