// Names that JavaScript objects answer to by themselves, in every place of the metadata where a name may stand.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTarget } from '../../src/client/lookup.ts';
import { utf8 } from '../../src/encoding.ts';
import type { Json } from '../../src/json.ts';
import { defaultLimits } from '../../src/limits.ts';
import { DelegatedSet } from '../../src/tuf/delegated-set.ts';
import { parseTargets } from '../../src/tuf/parse-targets.ts';
import { parseSnapshot } from '../../src/tuf/snapshot.ts';
import { parseTimestamp } from '../../src/tuf/timestamp.ts';
import { keyNamed, type Members, repository, setOf, VALID, verified } from './repository.ts';

const NAMES = ['__proto__', 'constructor', 'prototype'];
const { signer } = await keyNamed('named');

/** `{ name: value }`, where `name` is a member of its own whatever it is. */
const only = (name: string, value: Json): Members => Object.fromEntries([[name, value]]);

/** `members` with `name` beside them. */
const also = (members: Json | undefined, name: string, value: Json): Members =>
  Object.fromEntries([...Object.entries((members ?? {}) as Members), [name, value]]);

/** What every object has, and no more. */
const prototypes = () =>
  [Object.prototype, Function.prototype, Array.prototype].map((of) => Reflect.ownKeys(of).length);

let before: number[] = [];
beforeEach(() => {
  before = prototypes();
});
afterEach(() => {
  expect(prototypes()).toEqual(before);
});

describe.each(NAMES)('%s', (name) => {
  it('as the keyid of a role is a name: its key signs, and no other (ATTACKS 4)', async () => {
    const named = (signedBy: readonly string[]) =>
      repository()
        .with('timestamp', {
          signedBy,
          signatures: (made) => made.map(({ sig }) => ({ keyid: name, sig })),
        })
        .with('root', {
          signed: (signed) => ({
            ...signed,
            keys: also(signed['keys'], name, signer.key as Json),
            roles: { ...(signed['roles'] as Members), timestamp: { keyids: [name], threshold: 1 } },
          }),
        })
        .build();
    const files = await named(['named']);
    expect(await (await setOf(files.root)).updateTimestamp(files.timestamp)).toBe(true);
    const forged = await named(['stranger']);
    await expect((await setOf(forged.root)).updateTimestamp(forged.timestamp)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
    });
  });

  it('as a keyid that root lists no key for proves nothing (ATTACKS 4)', async () => {
    const files = await repository()
      .with('timestamp', { signatures: (made) => made.map(({ sig }) => ({ keyid: name, sig })) })
      .with('root', {
        signed: (signed) => ({
          ...signed,
          roles: { ...(signed['roles'] as Members), timestamp: { keyids: [name], threshold: 1 } },
        }),
      })
      .build();
    await expect((await setOf(files.root)).updateTimestamp(files.timestamp)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      got: '0',
    });
  });

  it('as a delegated role, its keyid and its target is found and verified (ATTACKS 4)', async () => {
    const tree = repository()
      .withRole(name, { targets: only(name, 'Hello') })
      .delegating('targets', name);
    const set = await verified(await tree.build());
    const file = (await tree.delegated()).get(name);
    if (set.targets === undefined || file === undefined) throw new Error('both are there');
    const delegated = new DelegatedSet(set);
    const found = await findTarget(set.targets, name, {
      load: (role, delegator) => delegated.update(file, role, delegator),
      limits: defaultLimits,
    });
    expect(found?.role).toBe(name);
    expect(found?.file.length).toBe(5);
    expect(set.targets.signed.targets.get(name)).toBeUndefined();
  });

  it('as a delegated role that the snapshot does not list is not there (ATTACKS 4)', async () => {
    const set = await verified(await repository().build());
    const delegated = new DelegatedSet(set);
    expect(() => delegated.fileOf(name)).toThrow(expect.objectContaining({ code: 'METADATA_MISSING' }));
  });

  it('as a file that the snapshot lists may not disappear, as others (ATTACKS 4)', async () => {
    const listing = (release: number) =>
      repository()
        .release(release)
        .with('snapshot', {
          signed: (signed) => ({ ...signed, meta: also(signed['meta'], name, { version: 3 }) }),
        })
        .build();
    const set = await verified(await listing(1));
    expect(set.snapshot?.signed.meta.get(name)?.version).toBe(3);
    const next = await repository().release(2).build();
    await set.updateTimestamp(next.timestamp);
    await expect(set.updateSnapshot(next.snapshot)).rejects.toMatchObject({ code: 'METADATA_ROLLBACK' });
  });

  it('in the place of a member that has to be there is not that member (ATTACKS 4)', () => {
    const common = { spec_version: '1.0.34', version: 1, expires: VALID };
    const file = (signed: Members) => utf8(JSON.stringify({ signatures: [], signed }));
    const meta = only(name, { 'snapshot.json': { version: 1 }, 'targets.json': { version: 1 } });
    for (const [read, signed] of [
      [parseTimestamp, { ...common, _type: 'timestamp', meta }],
      [parseSnapshot, { ...common, _type: 'snapshot', meta }],
      [parseTargets, { ...common, _type: 'targets', ...only(name, { targets: {} }) }],
    ] as const) {
      expect(() => read(file(signed))).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
    }
  });

  it('as an algorithm, in custom and as an unknown field is kept as it was (ATTACKS 4, 10)', async () => {
    const entry = {
      length: 1,
      hashes: also({ sha256: 'a'.repeat(64) }, name, 'no hash'),
      custom: only(name, only(name, 1)),
      ...only(name, { polluted: true }),
    };
    const set = await verified(await repository().withTargets({ a: entry }).build());
    const target = set.targets?.signed.targets.get('a');
    expect(Object.keys(target?.hashes ?? {}).sort()).toEqual([name, 'sha256'].sort());
    expect(JSON.stringify(target?.custom)).toBe(JSON.stringify(only(name, only(name, 1))));
  });
});
