// Delegated targets roles in the trusted set (TUF 1.0.34, 5.6.2 to 5.6.7).
import { describe, expect, it } from 'vitest';
import { fileInfo } from '../../src/tuf/signing.ts';
import {
  type DelegatedOptions,
  EXPIRED,
  type Members,
  NOW,
  type Repository,
  repository,
  verified,
} from './repository.ts';

const plain = repository()
  .withRole('a', { targets: { 'a.txt': 'A' } })
  .delegating('targets', 'a');

/** A set that verified the four roles of a repository, and the files of its delegated roles. */
async function built(of: Repository) {
  const set = await verified(await of.build());
  if (set.targets === undefined) throw new Error('the targets are verified');
  return { set, top: set.targets, files: await of.delegated() };
}

function fileOf(files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>, role: string) {
  const file = files.get(role);
  if (file === undefined) throw new Error(`there is a file of ${role}`);
  return file;
}

describe('a delegated role', () => {
  it('is verified by the keys of its delegator, and kept under it', async () => {
    const { set, top, files } = await built(plain);
    const role = await set.updateDelegatedTargets(fileOf(files, 'a'), 'a', top);
    expect(role.signed.role).toBe('a');
    expect([...role.signed.targets.keys()]).toEqual(['a.txt']);
    expect(set.delegated('a', top)).toBe(role);
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
    const { set, top } = await built(honest);
    const files = await honest.withRole('a', options).delegated();
    const refused = set.updateDelegatedTargets(fileOf(files, 'a'), 'a', top);
    await expect(refused).rejects.toMatchObject({ code, role: 'a', clause });
    expect(set.delegated('a', top)).toBeUndefined();
  });

  it('is refused where too few of its keys signed, and one counts once', async () => {
    const two = { keys: ['k1', 'k2'], threshold: 2 };
    const { set, top, files } = await built(
      plain.withRole('a', { keys: ['k1', 'k2'], signedBy: ['k1'] }).delegating('targets', 'a', two),
    );
    const refused = set.updateDelegatedTargets(fileOf(files, 'a'), 'a', top);
    await expect(refused).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      expected: '2 valid signatures',
    });
    const signed = await plain.withRole('a', { keys: ['k1', 'k2'] }).delegated();
    await expect(set.updateDelegatedTargets(fileOf(signed, 'a'), 'a', top)).resolves.toBeDefined();
  });

  it.each(['length', 'hashes'])('is refused where its %s are not what the snapshot says', async (what) => {
    const files = await plain.delegated();
    const other = await fileInfo(fileOf(await plain.withRole('a', { targets: {} }).delegated(), 'a'));
    const named = { version: 1, [what]: what === 'length' ? other.length : other.hashes };
    const naming = (signed: Members): Members => ({
      ...signed,
      meta: { ...(signed['meta'] as Members), 'a.json': named },
    });
    const { set, top } = await built(plain.with('snapshot', { signed: naming }));
    const refused = set.updateDelegatedTargets(fileOf(files, 'a'), 'a', top);
    await expect(refused).rejects.toMatchObject({ code: 'METADATA_MISMATCH', role: 'a', clause: '5.6.2' });
  });

  it('that the snapshot does not list is refused', async () => {
    const { set, top } = await built(repository().delegating('targets', 'a'));
    const files = await plain.delegated();
    const refused = set.updateDelegatedTargets(fileOf(files, 'a'), 'a', top);
    await expect(refused).rejects.toMatchObject({ code: 'METADATA_MISSING', role: 'a' });
  });

  it('whose delegator dropped its key is refused by it, though the old delegator took it (ATTACKS 42)', async () => {
    const old = await built(plain);
    const file = fileOf(old.files, 'a');
    await old.set.updateDelegatedTargets(file, 'a', old.top);
    const now = await built(plain.release(2).delegating('targets', 'a', { keys: ['new key'] }));
    await expect(now.set.updateDelegatedTargets(file, 'a', now.top)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      role: 'a',
      clause: '5.6.3',
    });
  });

  it('counts under the delegator that verified it, and under no other (ATTACKS 42)', async () => {
    const { set, top, files } = await built(
      plain
        .withRole('b')
        .delegating('targets', 'b')
        .delegating('b', 'a', { keys: ['another key'] }),
    );
    const b = await set.updateDelegatedTargets(fileOf(files, 'b'), 'b', top);
    await set.updateDelegatedTargets(fileOf(files, 'a'), 'a', top);
    expect(set.delegated('a', b)).toBeUndefined();
    await expect(set.updateDelegatedTargets(fileOf(files, 'a'), 'a', b)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
    });
  });

  it('is taken from a delegator of this set only, and only where it delegates', async () => {
    const { set, top, files } = await built(plain);
    const other = await built(plain);
    const offered = (role: string, delegator: typeof top) =>
      set.updateDelegatedTargets(fileOf(files, 'a'), role, delegator);
    await expect(offered('a', other.top)).rejects.toThrow(/delegator comes first/);
    await expect(offered('b', top)).rejects.toThrow(/delegates to the role/);
  });
});
