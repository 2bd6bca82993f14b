// The search for a target among delegated roles (TUF 1.0.34, 5.6.7).
import { describe, expect, it } from 'vitest';
import { findTarget } from '../../src/client/lookup.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { hashPath } from '../../src/tuf/covering.ts';
import { DelegatedSet } from '../../src/tuf/delegated-set.ts';
import { type Repository, repository, verified } from '../tuf/repository.ts';

/** Searches, and answers who signed for the target, or undefined, and which roles were loaded on the way. */
async function search(of: Repository, name: string, rolesVisited = defaultLimits.rolesVisited) {
  const set = await verified(await of.build());
  const delegated = new DelegatedSet(set);
  const files: ReadonlyMap<string, Bytes> = await of.delegated();
  const loaded: string[] = [];
  if (set.targets === undefined) throw new Error('the targets are verified');
  const found = findTarget(set.targets, name, {
    load: (role, delegator) => {
      loaded.push(role);
      return delegated.update(files.get(role) ?? new Uint8Array(), role, delegator);
    },
    limits: { ...defaultLimits, rolesVisited },
  });
  return { role: await found.then((target) => target?.role), loaded };
}

const rolesNamed = (names: readonly string[], from: Repository = repository()) =>
  names.reduce((all, name) => all.withRole(name), from);

describe('the search', () => {
  it('is in pre-order, depth first', async () => {
    const tree = rolesNamed(['a', 'a1', 'a2', 'b', 'b1'])
      .delegating('targets', 'a')
      .delegating('targets', 'b')
      .delegating('a', 'a1')
      .delegating('a', 'a2')
      .delegating('b', 'b1');
    expect(await search(tree, 'x')).toEqual({ role: undefined, loaded: ['a', 'a1', 'a2', 'b', 'b1'] });
    const two = tree.withRole('a2', { targets: { x: '1' } }).withRole('b', { targets: { x: '2' } });
    expect(await search(two, 'x')).toEqual({ role: 'a2', loaded: ['a', 'a1', 'a2'] });
    expect(await search(two.withTargets({ x: '0' }), 'x')).toEqual({ role: 'targets', loaded: [] });
  });

  it('visits each role of a cycle once (ATTACKS 43)', async () => {
    const cycle = rolesNamed(['a', 'b'])
      .delegating('targets', 'a')
      .delegating('a', 'b')
      .delegating('b', 'a')
      .delegating('b', 'b');
    expect(await search(cycle, 'x')).toEqual({ role: undefined, loaded: ['a', 'b'] });
  });

  it('ends at its bound in a chain of 1,000 roles (ATTACKS 43)', async () => {
    const names = Array.from({ length: 1_000 }, (_, i) => `r${i}`);
    let chain = repository();
    for (const [i, name] of names.entries()) {
      chain = chain.withRole(name, { keys: ['one'] }).delegating(names[i - 1] ?? 'targets', name);
    }
    const refused = { code: 'LIMIT_EXCEEDED', target: 'x', clause: '5.6.7.1' };
    await expect(search(chain, 'x')).rejects.toMatchObject(refused);
    // `targets`, and 32 delegations.
    const at = (name: string) => chain.withRole(name, { targets: { x: 'X' } });
    expect((await search(at('r31'), 'x')).role).toBe('r31');
    await expect(search(at('r32'), 'x')).rejects.toMatchObject(refused);
    expect((await search(at('r2'), 'x', 4)).role).toBe('r2');
    await expect(search(at('r2'), 'x', 3)).rejects.toMatchObject(refused);
  });

  it('loads none of 10,000 siblings that may not sign, and no more than its bound of those that may (ATTACKS 43)', async () => {
    const set = await verified(await rolesNamed(['a']).delegating('targets', 'a').build());
    const top = set.targets;
    const one = top?.signed.delegations?.roles.get('a');
    if (top === undefined || one === undefined) throw new Error('there is a delegation');
    const siblings = (paths: readonly string[]) => {
      const names = Array.from({ length: 10_000 }, (_, i) => `s${i}`);
      const roles = new Map(names.map((name) => [name, { ...one, name, covers: { paths } }]));
      return { ...top, signed: { ...top.signed, delegations: { keys: new Map(), roles } } };
    };
    let loads = 0;
    const load = async () => {
      loads++;
      return { ...top, signed: { ...top.signed, delegations: { keys: new Map(), roles: new Map() } } };
    };
    expect(await findTarget(siblings(['other/*']), 'x', { load, limits: defaultLimits })).toBeUndefined();
    expect(loads).toBe(0);
    const refused = findTarget(siblings(['*']), 'x', { load, limits: defaultLimits });
    await expect(refused).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(loads).toBe(32);
  });

  it('ends at its bound where more siblings may sign than a call takes arguments (ATTACKS 43)', async () => {
    const top = (await verified(await repository().build())).targets;
    if (top === undefined) throw new Error('the targets are verified');
    const role = { keyids: [], threshold: 1, terminating: false, covers: { paths: ['*'] } };
    const names = Array.from({ length: 300_000 }, (_, i) => `r${i}`);
    const roles = new Map(names.map((name) => [name, { ...role, name }]));
    const crowd = { ...top, signed: { ...top.signed, delegations: { keys: new Map(), roles } } };
    const search = findTarget(crowd, 'x', { load: async () => top, limits: defaultLimits });
    await expect(search).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('ends at a terminating role that covers the target, wherever it stands (ATTACKS 44)', async () => {
    const tree = rolesNamed(['a', 'a1', 'a2', 'b'])
      .withRole('b', { targets: { x: 'B' } })
      .withRole('a2', { targets: { x: 'A2' } })
      .delegating('targets', 'a')
      .delegating('targets', 'b')
      .delegating('a', 'a1', { terminating: true })
      .delegating('a', 'a2');
    expect(await search(tree, 'x')).toEqual({ role: undefined, loaded: ['a', 'a1'] });
    // One that does not cover the target ends nothing.
    const aside = tree.delegating('a', 'a1', { terminating: true, paths: ['y'] });
    expect((await search(aside, 'x')).role).toBe('a2');
  });

  it('goes on below a terminating role (ATTACKS 44)', async () => {
    const tree = rolesNamed(['a', 'a1', 'b'])
      .withRole('a1', { targets: { x: 'A1' } })
      .withRole('b', { targets: { x: 'B' } })
      .delegating('targets', 'a', { terminating: true })
      .delegating('targets', 'b')
      .delegating('a', 'a1');
    expect(await search(tree, 'x')).toEqual({ role: 'a1', loaded: ['a', 'a1'] });
  });

  it('does not find a target outside the paths of its role, nor through a role that may sign for more than its delegator (ATTACKS 45)', async () => {
    const tree = rolesNamed(['a', 'b'])
      .withRole('a', { targets: { x: 'X', 'a/x': 'AX' } })
      .withRole('b', { targets: { x: 'X', 'a/x': 'AX', 'a/y': 'AY' } })
      .delegating('targets', 'a', { paths: ['a/*'] })
      .delegating('a', 'b', { paths: ['*', 'a/*', '*/*'] });
    expect(await search(tree, 'x')).toEqual({ role: undefined, loaded: [] });
    expect((await search(tree, 'a/x')).role).toBe('a');
    expect((await search(tree, 'a/y')).role).toBe('b');
  });

  it('goes by hash prefixes (ATTACKS 45)', async () => {
    const { hash } = await hashPath('x');
    const by = (prefix: string) =>
      repository()
        .withRole('a', { targets: { x: 'X' } })
        .delegating('targets', 'a', { pathHashPrefixes: [prefix] });
    expect((await search(by(hash.slice(0, 2)), 'x')).role).toBe('a');
    expect((await search(by(hash), 'x')).role).toBe('a');
    expect((await search(by(`${hash}0`), 'x')).role).toBeUndefined();
    expect((await search(by(hash.slice(1, 3)), 'x')).role).toBeUndefined();
  });

  it('fails where a role on the way cannot be had: what it says is not passed over', async () => {
    const tree = rolesNamed(['a', 'b'])
      .withRole('a', { signedBy: ['stranger'] })
      .withRole('b', { targets: { x: 'X' } })
      .delegating('targets', 'a')
      .delegating('targets', 'b');
    await expect(search(tree, 'x')).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role: 'a' });
  });
});
