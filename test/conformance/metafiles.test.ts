// What a parent vouches for of a file, and what of a file has no meaning of its own (TUF 1.0.34, 4.2 to 4.6).
import { describe, expect, it } from 'vitest';
import { keyidOf } from '../../src/tuf/key-forms.ts';
import { keyNamed, repository } from '../tuf/repository.ts';
import { edit, versionsOnly } from './edit.ts';
import { publish, refreshed } from './site.ts';

/** Says of a file what is not so. */
const wrongHash = (file: string) =>
  edit(({ meta }) => {
    meta[file] = { ...meta[file], version: 2, hashes: { sha256: '0'.repeat(64) } };
  });

describe('lengths and hashes in timestamp and snapshot', () => {
  // suite: test_basic_metadata_hash_support
  it('are accepted where they are right, and need not be there (4.4, 4.6)', async () => {
    const bare = repository().with('timestamp', versionsOnly).with('snapshot', versionsOnly);
    const { site, reader } = await refreshed(bare);
    await site.publish(repository().release(2));
    await reader.refresh();
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 2 });
  });

  // suite: test_snapshot_hash_mismatch
  it('of a snapshot with another hash refuse it, and the timestamp stays (5.5.2)', async () => {
    const { site, reader } = await refreshed(repository());
    await site.publish(repository().release(2).with('timestamp', wrongHash('snapshot.json')));
    const refused = { code: 'METADATA_MISMATCH', role: 'snapshot', clause: '5.5.2' };
    await expect(reader.refresh()).rejects.toMatchObject(refused);
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 1, targets: 1 });
  });

  // suite: test_targets_hash_mismatch
  it('of targets with another hash refuse them, and the snapshot stays (5.6.2)', async () => {
    const { site, reader } = await refreshed(repository());
    await site.publish(repository().release(2).with('snapshot', wrongHash('targets.json')));
    const refused = { code: 'METADATA_MISMATCH', role: 'targets', clause: '5.6.2' };
    await expect(reader.refresh()).rejects.toMatchObject(refused);
    expect(await reader.versions()).toEqual({ root: 1, timestamp: 2, snapshot: 2, targets: 1 });
  });
});

describe('a timestamp', () => {
  // suite: test_timestamp_content_changes
  it('of the version that is kept is discarded, whatever it says, and the refresh is done (5.4.3.1)', async () => {
    const { site, files, reader } = await refreshed(repository());
    await site.publish(repository().with('snapshot', { version: 100 }));
    await reader.refresh();
    expect(site.asked).toEqual(['2.root.json', 'timestamp.json']);
    expect(await reader.kept()).toEqual(files);
  });

  // suite: test_incorrect_metadata_type
  it('that is a snapshot, with all that a timestamp has and signed by its key, is refused (4.3, 5.4)', async () => {
    const { site, reader } = await publish(repository());
    const both = repository()
      .nextRoot()
      .with('snapshot', {
        keys: ['snapshot', 'timestamp'],
        version: 2,
        ...edit(({ meta }) => {
          for (const file of Object.keys(meta)) delete meta[file];
          meta['snapshot.json'] = { version: 1 };
        }),
      });
    const { root, snapshot } = await both.build();
    site.put('2.root.json', root);
    site.put('timestamp.json', snapshot);
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_INVALID', role: 'timestamp' });
    expect(await reader.versions()).toEqual({ root: 2 });
  });
});

describe('fields that the specification does not know', () => {
  // suite: test_custom_fields
  it('are under the signature, in a root, a role and a key (4)', async () => {
    const { site, reader } = await refreshed(repository());
    const { signer } = await keyNamed('another');
    const key = { ...signer.key, 'x-extra': { b: 2, a: 1 } };
    const keyid = await keyidOf(key);
    const next = repository().nextRoot(
      edit((root) => {
        root['x-note'] = 'any';
        root.keys[keyid] = key;
        root.roles['root']?.keyids.push(keyid);
        Object.assign(root.roles['root'] ?? {}, { 'x-note': 'any' });
      }),
    );
    await site.publish(next);
    await reader.refresh();
    expect((await reader.versions())['root']).toBe(2);
    // Who changes one of them afterwards has no signature for it.
    await site.publish(next.nextRoot({ file: (json) => json.replace('"x-note":"any"', '"x-note":"other"') }));
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role: 'root' });
  });

  // suite: test_deprecated_keyid_hash_algorithms
  it('say nothing about a key, whose keyid is a name: keyid_hash_algorithms is ignored (4.2)', async () => {
    const { site, reader } = await publish(repository());
    const { signer } = await keyNamed('snapshot');
    const key = { ...signer.key, keyid_hash_algorithms: 'md5' };
    const keyid = await keyidOf(key);
    const root = edit(({ keys, roles }) => {
      keys[keyid] = key;
      roles['snapshot'] = { keyids: [keyid], threshold: 1 };
    });
    const signatures = (made: { sig: string }[]) => made.map(({ sig }) => ({ keyid, sig }));
    await site.publish(repository().nextRoot(root).release(2).with('snapshot', { signatures }));
    await reader.refresh();
    expect(await reader.versions()).toEqual({ root: 2, timestamp: 2, snapshot: 2, targets: 2 });
    expect(keyid).not.toBe((await keyNamed('snapshot')).keyid);
  });
});
