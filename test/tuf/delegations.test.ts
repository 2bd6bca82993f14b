// DELEGATIONS (TUF 1.0.34, 4.5) and succinct hash bins (TAP 15).
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import type { Json } from '../../src/json.ts';
import { covering, delegatedKeys, hashPath } from '../../src/tuf/covering.ts';
import { parseTargets } from '../../src/tuf/parse-targets.ts';
import { type Members, VALID } from './repository.ts';

const keyids = ['k'];
const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: '0'.repeat(64) } };
const role = { name: 'a', keyids, threshold: 1, terminating: false, paths: ['*'] };
const bins = { keyids, threshold: 1, bit_length: 8, name_prefix: 'bin' };

function parse(delegations: Json | undefined) {
  const signed: Members = {
    _type: 'targets',
    spec_version: '1.0.34',
    version: 1,
    expires: VALID,
    targets: {},
  };
  if (delegations !== undefined) signed['delegations'] = delegations;
  return parseTargets(utf8(JSON.stringify({ signed, signatures: [] }))).signed.delegations;
}

const withRole = (changes: Members) => {
  const merged: Members = { ...role, ...changes };
  return { keys: { k: key }, roles: [merged] };
};

/** `role` without one of its members. */
function without(name: string): Members {
  const { [name]: _, ...others }: Members = { ...role };
  return { keys: { k: key }, roles: [others] };
}

const parseBins = (changes: Members) => parse({ keys: { k: key }, succinct_roles: { ...bins, ...changes } });

function expectRefused(delegations: Json, field: string): void {
  expect(() => parse(delegations)).toThrow(
    expect.objectContaining({
      code: 'METADATA_INVALID',
      role: 'targets',
      message: expect.stringContaining(`signed.delegations${field} `),
    }),
  );
}

describe('delegations', () => {
  it('that are missing or empty are fine, and so are no paths (ATTACKS 78)', async () => {
    expect(parse(undefined)).toBeUndefined();
    expect(parse({ keys: {}, roles: [] })?.roles.size).toBe(0);
    const nothing = parse(withRole({ paths: [] }));
    expect(nothing?.roles.get('a')?.covers).toEqual({ paths: [] });
    if (nothing) expect(covering(nothing, await hashPath('b'))).toEqual([]);
  });

  it.each<[string, Json, string]>([
    ['null', null, ''],
    ['keys that are null', { keys: null, roles: [] }, '.keys'],
    ['no keys', { roles: [] }, '.keys'],
    ['roles that are null', { keys: {}, roles: null }, '.roles'],
    ['no roles', { keys: {} }, '.roles'],
    ['roles that are an object', { keys: {}, roles: {} }, '.roles'],
    ['a role that is null', { keys: {}, roles: [null] }, '.roles[0]'],
    ['paths that are null', withRole({ paths: null }), '.roles[0].paths'],
    ['a path that is null', withRole({ paths: [null] }), '.roles[0].paths'],
    ['both', withRole({ path_hash_prefixes: ['0'] }), '.roles[0].paths'],
    ['both, one null', withRole({ paths: null, path_hash_prefixes: ['0'] }), '.roles[0].paths'],
    ['neither paths nor prefixes', without('paths'), '.roles[0].paths'],
    ['a threshold of 0', withRole({ threshold: 0 }), '.roles[0].threshold'],
    ['no threshold', without('threshold'), '.roles[0].threshold'],
    ['no keyids', without('keyids'), '.roles[0].keyids'],
    ['no terminating', without('terminating'), '.roles[0].terminating'],
    ['a terminating of 1', withRole({ terminating: 1 }), '.roles[0].terminating'],
    ['no name', without('name'), '.roles[0].name'],
    ['an empty name', withRole({ name: '' }), '.roles[0].name'],
    ['the name of a top-level role', withRole({ name: 'targets' }), '.roles[0].name'],
    ['a name twice', { keys: {}, roles: [role, role] }, '.roles[1].name'],
    ['roles beside bins', { keys: {}, roles: [], succinct_roles: bins }, '.succinct_roles'],
    ['bins that are null', { keys: {}, succinct_roles: null }, '.succinct_roles'],
  ])('with %s are refused with the field’s name (ATTACKS 78)', (_, delegations, field) => {
    expectRefused(delegations, field);
  });

  it('prefixes that are null are refused with the field’s name (ATTACKS 78)', () => {
    const { paths: _, ...others } = role;
    expectRefused(
      { keys: {}, roles: [{ ...others, path_hash_prefixes: null }] },
      '.roles[0].path_hash_prefixes',
    );
  });

  it('a pattern of more than 16,384 characters is refused with the field’s name (ATTACKS 46)', () => {
    expect(() => parse(withRole({ paths: ['a', '*'.repeat(16_384)] }))).not.toThrow();
    expectRefused(withRole({ paths: ['a', '*'.repeat(16_385)] }), '.roles[0].paths');
  });

  it('a role called __proto__ is one like others (ATTACKS 4)', () => {
    const delegations = parse(withRole({ name: '__proto__' }));
    expect(delegations && delegatedKeys(delegations, '__proto__')).toMatchObject({ keyids });
    expect(delegations && delegatedKeys(delegations, 'constructor')).toBeUndefined();
  });
});

describe('the roles that may sign for a path', () => {
  it('are those whose patterns or hash prefixes cover it, up to the terminating one (ATTACKS 45)', async () => {
    const path = await hashPath('dir/a.txt');
    const named = (name: string, changes: Members): Members => {
      const { paths: _, ...others } = role;
      return { ...others, name, ...changes };
    };
    const delegations = parse({
      keys: {},
      roles: [
        named('other folder', { paths: ['*', 'other/*', 'dir/*/a.txt'] }),
        named('pattern', { paths: ['x', 'dir/*.txt'] }),
        named('prefix', { path_hash_prefixes: ['zz', path.hash.slice(0, 3)] }),
        named('other prefix', { path_hash_prefixes: [`${path.hash.slice(0, 3)}g`] }),
        named('last', { paths: ['dir/*'], terminating: true }),
        named('after it', { paths: ['dir/*'] }),
      ],
    });
    const names = delegations && covering(delegations, path).map(({ name }) => name);
    expect(names).toEqual(['pattern', 'prefix', 'last']);
  });
});

describe('succinct hash bins', () => {
  it.each([0, -1, 33, 2 ** 31, '8', null, undefined, 1e300])(
    'with a bit_length of %j are refused (ATTACKS 49)',
    (bit_length) => {
      const { bit_length: _, ...others } = bins;
      const succinct_roles = bit_length === undefined ? others : { ...others, bit_length };
      const read = () => parse({ keys: {}, succinct_roles });
      expect(read).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
    },
  );

  it.each([null, 1, [], undefined])(
    'with a name_prefix that is %j are refused (ATTACKS 49)',
    (name_prefix) => {
      const { name_prefix: _, ...others } = bins;
      const succinct_roles = name_prefix === undefined ? others : { ...others, name_prefix };
      expectRefused({ keys: {}, succinct_roles }, '.succinct_roles.name_prefix');
    },
  );

  it.each([
    [1, 'bin-1'],
    [2, 'bin-2'],
    [4, 'bin-b'],
    [5, 'bin-17'],
    [8, 'bin-ba'],
    [16, 'bin-ba78'],
    [32, 'bin-ba7816bf'],
  ])('of %i bits give a path the bin of the first bits of its hash (ATTACKS 49)', async (bit_length, bin) => {
    // SHA-256 of "abc" begins with ba7816bf (FIPS 180-2, B.1).
    const delegations = parseBins({ bit_length });
    if (delegations === undefined) throw new Error('there are delegations');
    expect(covering(delegations, await hashPath('abc'))).toEqual([{ name: bin, terminating: true }]);
    expect(delegatedKeys(delegations, bin)).toMatchObject({ keyids, threshold: 1 });
  });

  it.each([
    'bin',
    'bin-',
    'bin-f',
    'bin-0ff',
    'bin-FF',
    'bin-gg',
    'bin-1 ',
    'bi-00',
    'xbin-00',
    'bin-00.json',
  ])('have no bin called %s (ATTACKS 49)', (name) => {
    const delegations = parseBins({});
    expect(delegations && delegatedKeys(delegations, name)).toBeUndefined();
    expect(delegations && delegatedKeys(delegations, 'bin-ff')).toBeDefined();
  });

  it('have no bin above the last (ATTACKS 49)', () => {
    const delegations = parseBins({ bit_length: 5 });
    expect(delegations && delegatedKeys(delegations, 'bin-1f')).toBeDefined();
    expect(delegations && delegatedKeys(delegations, 'bin-20')).toBeUndefined();
  });
});
