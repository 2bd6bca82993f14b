// Delegated targets roles over a trusted set (TUF 1.0.34, 5.6.2 to 5.6.7).
import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/tuf/check.ts';
import { DelegatedSet } from '../../src/tuf/delegated-set.ts';
import { fileInfo } from '../../src/tuf/file-info.ts';
import { TrustedSet } from '../../src/tuf/trusted-set.ts';
import {
  type DelegatedOptions,
  EXPIRED,
  type Members,
  NOW,
  offer,
  type Repository,
  repository,
  verified,
} from './repository.ts';

const plain = repository()
  .withRole('a', { targets: { 'a.txt': 'A' } })
  .delegating('targets', 'a');

/** A set that verified the four roles of a repository, one over it for its delegated roles, and their files. */
async function built(of: Repository) {
  const set = await verified(await of.build());
  if (set.targets === undefined) throw new Error('the targets are verified');
  return { set, delegated: new DelegatedSet(set), top: set.targets, files: await of.delegated() };
}

function fileOf(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, role: string) {
  const file = files.get(role);
  if (file === undefined) throw new Error(`there is a file of ${role}`);
  return file;
}

describe('a delegated role', () => {
  it('is verified by the keys of its delegator, and kept under it', async () => {
    const { set, delegated, top, files } = await built(plain);
    const role = await delegated.update(fileOf(files, 'a'), 'a', top);
    expect(role.signed.role).toBe('a');
    expect([...role.signed.targets.keys()]).toEqual(['a.txt']);
    expect(delegated.get('a', top)).toBe(role);
    const clauses = set.checks.filter((check) => check.role === 'a').map(({ clause, ok }) => [clause, ok]);
    expect(clauses).toEqual([
      ['5.6.2', true],
      ['5.6.3', true],
      ['5.6.4', true],
      ['5.6.5', true],
    ]);
  });

  it.each<[string, DelegatedOptions, string, string]>([
    ['another role’s key signed', { signedBy: ['targets'] }, 'METADATA_UNSIGNED', '5.6.3'],
    ['nobody signed', { signedBy: [] }, 'METADATA_UNSIGNED', '5.6.3'],
    ['an older version stands in its place', { version: 1 }, 'METADATA_MISMATCH', '5.6.4'],
    ['a newer version stands in its place', { version: 3 }, 'METADATA_MISMATCH', '5.6.4'],
    ['it has expired', { expires: EXPIRED }, 'METADATA_EXPIRED', '5.6.5'],
    ['it expires now', { expires: NOW.toISOString().replace('.000', '') }, 'METADATA_EXPIRED', '5.6.5'],
  ])('is refused where %s, and nothing is kept of it (ATTACKS 30)', async (_, options, code, clause) => {
    const honest = plain.withRole('a', { version: 2 });
    const { delegated, top } = await built(honest);
    const files = await honest.withRole('a', options).delegated();
    const refused = delegated.update(fileOf(files, 'a'), 'a', top);
    await expect(refused).rejects.toMatchObject({ code, role: 'a', clause });
    expect(delegated.get('a', top)).toBeUndefined();
  });

  it('is refused where too few of its keys signed, and one counts once', async () => {
    const two = { keys: ['k1', 'k2'], threshold: 2 };
    const { delegated, top, files } = await built(
      plain.withRole('a', { keys: ['k1', 'k2'], signedBy: ['k1'] }).delegating('targets', 'a', two),
    );
    const refused = delegated.update(fileOf(files, 'a'), 'a', top);
    await expect(refused).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      expected: '2 valid signatures',
    });
    const signed = await plain.withRole('a', { keys: ['k1', 'k2'] }).delegated();
    await expect(delegated.update(fileOf(signed, 'a'), 'a', top)).resolves.toBeDefined();
  });

  it.each(['length', 'hashes'])('is refused where its %s are not what the snapshot says', async (what) => {
    const files = await plain.delegated();
    const other = await fileInfo(fileOf(await plain.withRole('a', { targets: {} }).delegated(), 'a'));
    const named = { version: 1, [what]: what === 'length' ? other.length : other.hashes };
    const naming = (signed: Members): Members => ({
      ...signed,
      meta: { ...(signed['meta'] as Members), 'a.json': named },
    });
    const { delegated, top } = await built(plain.with('snapshot', { signed: naming }));
    const refused = delegated.update(fileOf(files, 'a'), 'a', top);
    await expect(refused).rejects.toMatchObject({ code: 'METADATA_MISMATCH', role: 'a', clause: '5.6.2' });
  });

  it('that the snapshot does not list is refused', async () => {
    const { delegated, top } = await built(repository().delegating('targets', 'a'));
    const files = await plain.delegated();
    const refused = delegated.update(fileOf(files, 'a'), 'a', top);
    await expect(refused).rejects.toMatchObject({ code: 'METADATA_MISSING', role: 'a' });
  });

  it('whose delegator dropped its key is refused by it, though the old delegator took it (ATTACKS 42)', async () => {
    const old = await built(plain);
    const file = fileOf(old.files, 'a');
    await old.delegated.update(file, 'a', old.top);
    const now = await built(plain.release(2).delegating('targets', 'a', { keys: ['new key'] }));
    await expect(now.delegated.update(file, 'a', now.top)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      role: 'a',
      clause: '5.6.3',
    });
  });

  it('counts under the delegator that verified it, and under no other (ATTACKS 42)', async () => {
    const { delegated, top, files } = await built(
      plain
        .withRole('b')
        .delegating('targets', 'b')
        .delegating('b', 'a', { keys: ['another key'] }),
    );
    const b = await delegated.update(fileOf(files, 'b'), 'b', top);
    await delegated.update(fileOf(files, 'a'), 'a', top);
    expect(delegated.get('a', b)).toBeUndefined();
    await expect(delegated.update(fileOf(files, 'a'), 'a', b)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
    });
  });

  it('is taken from a delegator of this set only, and only where it delegates', async () => {
    const { delegated, top, files } = await built(plain);
    const other = await built(plain);
    const offered = (role: string, delegator: typeof top) =>
      delegated.update(fileOf(files, 'a'), role, delegator);
    await expect(offered('a', other.top)).rejects.toThrow(/delegator comes first/);
    await expect(offered('b', top)).rejects.toThrow(/delegates to the role/);
  });

  it('delegates to others only in the set that verified it, not in another over the same trusted set', async () => {
    const tree = plain.withRole('b').delegating('a', 'b');
    const { set, delegated, top, files } = await built(tree);
    const a = await delegated.update(fileOf(files, 'a'), 'a', top);
    const refused = new DelegatedSet(set).update(fileOf(files, 'b'), 'b', a);
    await expect(refused).rejects.toThrow(/delegator comes first/);
    await expect(delegated.update(fileOf(files, 'b'), 'b', a)).resolves.toBeDefined();
  });

  it('has its checks among those of the trusted set, in their order, and whoever is told of these is told of them', async () => {
    const told: Check[] = [];
    const files = await plain.build();
    const set = await TrustedSet.start(files.root, NOW, (check) => told.push(check));
    set.endRoots();
    await offer(set, files);
    if (set.targets === undefined) throw new Error('the targets are verified');
    const before = set.checks.length;
    const unsigned = await plain.withRole('a', { signedBy: [] }).delegated();
    const refused = new DelegatedSet(set).update(fileOf(unsigned, 'a'), 'a', set.targets);
    await expect(refused).rejects.toMatchObject({ code: 'METADATA_UNSIGNED' });
    const made = set.checks.slice(before).map(({ clause, role, ok }) => [clause, role, ok]);
    expect(made).toEqual([
      ['5.6.2', 'a', true],
      ['5.6.3', 'a', false],
    ]);
    expect(told).toEqual(set.checks);
  });
});
