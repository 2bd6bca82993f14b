// Repositories as the tools write them that publish the real ones: what they add to the format, or leave out of it.
import { describe, expect, it } from 'vitest';
import { repository } from '../tuf/repository.ts';
import { edit, versionsOnly } from './edit.ts';
import { publish } from './site.ts';

const DATA = { 'signed/artifact.txt': 'Hello' };

// suite: test_static_repository
describe('a repository as it is written by', () => {
  it('tuf-on-ci: notes in keys and roles, and empty signatures of those who have not signed (4, 4.2.1)', async () => {
    const people = ['anna', 'bert', 'carl'];
    const annotated = edit(({ keys, roles }) => {
      for (const key of Object.values(keys)) key['x-tuf-on-ci-keyowner'] = '@somebody';
      Object.assign(roles['timestamp'] ?? {}, {
        'x-tuf-on-ci-expiry-period': 7,
        'x-tuf-on-ci-signing-period': 6,
      });
    });
    const lastIsEmpty = (made: { keyid: string; sig: string }[]) =>
      made.map((one, i) => (i === people.length - 1 ? { ...one, sig: '' } : one));
    const signed = { keys: people, threshold: 2, signatures: lastIsEmpty };
    const of = repository()
      .with('root', { ...signed, ...annotated })
      .with('targets', signed)
      .with('snapshot', versionsOnly)
      .with('timestamp', versionsOnly)
      .withRole('signed', { keys: people, targets: DATA })
      .delegating('targets', 'signed', { paths: ['signed/*'], terminating: true, threshold: 2 });
    const { site, reader } = await publish(of, DATA);
    expect(await reader.download('signed/artifact.txt')).toBe('Hello');
    expect(site.asked).toContain('1.signed.json');
  });

  it('RSTUF: all targets in hash bins, whose names need no list (TAP 15)', async () => {
    const bins = [...'0123456789abcdef'].map((digit) => `bins-${digit}`);
    const delegated = repository().delegating('targets', 'bins-0', { keys: ['online'] });
    const succinct = edit((signed) => {
      const { keys, roles } = signed['delegations'] as { keys: object; roles: { keyids: string[] }[] };
      const keyids = roles[0]?.keyids ?? [];
      const split = { keyids, threshold: 1, bit_length: 4, name_prefix: 'bins' };
      signed['delegations'] = { keys: { ...keys }, succinct_roles: split };
    });
    // The first four bits of the SHA-256 of the path, 19…, name the bin; the others hold other data.
    const content = (bin: string) => ({ 'signed/artifact.txt': bin === 'bins-1' ? 'Hello' : `of ${bin}` });
    const of = bins.reduce(
      (made, bin) => made.withRole(bin, { keys: ['online'], targets: content(bin) }),
      delegated.with('targets', succinct),
    );
    const { site, reader } = await publish(of, DATA);
    expect(await reader.download('signed/artifact.txt')).toBe('Hello');
    expect(site.asked.filter((path) => path.includes('bins-'))).toEqual(['1.bins-1.json']);
  });

  it('whoever has no consistent snapshots: names without versions and hashes (6.2)', async () => {
    const plain = edit((root) => {
      root['consistent_snapshot'] = false;
    });
    const of = repository().with('root', plain).withTargets(DATA);
    const { site, reader } = await publish(of, DATA);
    expect(await reader.download('signed/artifact.txt')).toBe('Hello');
    expect(site.asked.slice(1)).toEqual([
      'timestamp.json',
      'snapshot.json',
      'targets.json',
      'targets/signed/artifact.txt',
    ]);
  });
});
