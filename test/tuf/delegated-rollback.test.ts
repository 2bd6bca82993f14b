// A delegated role that goes back, disappears or is signed twice by one key: refused like a top-level one.
import { describe, expect, it } from 'vitest';
import { DelegatedSet } from '../../src/tuf/delegated-set.ts';
import type { TrustedSet } from '../../src/tuf/trusted-set.ts';
import {
  type Files,
  keyNamed,
  type Members,
  type Repository,
  repository,
  type Signature,
  setOf,
  verified,
} from './repository.ts';

const plain = repository().withRole('dev').delegating('targets', 'dev');

/** A set that begins with stored files. */
async function stored(files: Files): Promise<TrustedSet> {
  const set = await setOf(files.root);
  await set.loadTimestamp(files.timestamp);
  await set.loadSnapshot(files.snapshot);
  return set;
}

describe.each([
  ['within one refresh', verified],
  ['across refreshes', stored],
] as const)('%s', (_, start) => {
  const at = (release: number, version: number) => plain.release(release).withRole('dev', { version });

  it('a snapshot that lists a lower version of a delegated role is refused (ATTACKS 30)', async () => {
    const set = await start(await at(3, 5).build());
    const next = await at(4, 4).build();
    await set.updateTimestamp(next.timestamp);
    await expect(set.updateSnapshot(next.snapshot)).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'dev',
      clause: '5.5.5',
      got: '4',
    });
    expect(set.snapshot?.signed.version).toBe(3);
  });

  it('a snapshot of a lower version is refused, whatever it lists (ATTACKS 30)', async () => {
    const set = await start(await at(3, 5).build());
    const next = await at(4, 6).with('snapshot', { version: 2 }).build();
    await expect(set.updateTimestamp(next.timestamp)).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'snapshot',
      clause: '5.4.3.2',
    });
  });

  it('a snapshot that lists a delegated role no more is refused, also where nobody delegates to it (ATTACKS 32)', async () => {
    const set = await start(await at(3, 5).build());
    const next = await repository().release(4).build();
    await set.updateTimestamp(next.timestamp);
    await expect(set.updateSnapshot(next.snapshot)).rejects.toMatchObject({
      code: 'METADATA_ROLLBACK',
      role: 'dev',
      got: 'no version',
    });
  });

  it('a snapshot that lists the same and a higher version is accepted', async () => {
    const set = await start(await at(3, 5).build());
    for (const [release, version] of [
      [4, 5],
      [5, 9],
    ] as const) {
      const next = await at(release, version).build();
      await set.updateTimestamp(next.timestamp);
      await set.updateSnapshot(next.snapshot);
    }
    expect(new DelegatedSet(set).fileOf('dev').version).toBe(9);
  });
});

/** Offers `dev`, whose delegation has the members of `role` and lists `keys`. */
async function offered(
  role: (keyid: string) => Members,
  keys: (keyid: string, key: Members) => Members,
  signatures: (made: Signature[]) => Signature[],
): Promise<unknown> {
  const { keyid, signer } = await keyNamed('dev');
  const made: Repository = plain.withRole('dev', { signatures }).with('targets', {
    signed: (signed) => {
      const { roles } = signed['delegations'] as { roles: Members[] };
      const listed = keys(keyid, { ...signer.key } as Members);
      return { ...signed, delegations: { keys: listed, roles: [{ ...roles[0], ...role(keyid) }] } };
    },
  });
  const set = await verified(await made.build());
  const file = (await made.delegated()).get('dev');
  if (set.targets === undefined || file === undefined) throw new Error('both are there');
  return new DelegatedSet(set).update(file, 'dev', set.targets);
}

describe('a key of a delegated role', () => {
  const unsigned = { code: 'METADATA_UNSIGNED', role: 'dev', clause: '5.6.3', got: '1' };
  const twice = (made: Signature[]) => [...made, { keyid: 'alias', sig: made[0]?.sig ?? '' }];

  it('counts once under two keyids (ATTACKS 16)', async () => {
    const role = (keyid: string) => ({ keyids: [keyid, 'alias'], threshold: 2 });
    const keys = (keyid: string, key: Members) => ({ [keyid]: key, alias: key });
    await expect(offered(role, keys, twice)).rejects.toMatchObject(unsigned);
  });

  it('counts once though its keyid stands twice in the role (ATTACKS 17)', async () => {
    const role = (keyid: string) => ({ keyids: [keyid, keyid], threshold: 2 });
    const keys = (keyid: string, key: Members) => ({ [keyid]: key });
    await expect(offered(role, keys, (made) => made)).rejects.toMatchObject(unsigned);
  });

  it('is one of several that are too few for the threshold: the role never verifies, the delegator does (ATTACKS 7)', async () => {
    const role = (keyid: string) => ({ keyids: [keyid], threshold: 2 });
    const keys = (keyid: string, key: Members) => ({ [keyid]: key });
    await expect(offered(role, keys, (made) => made)).rejects.toMatchObject(unsigned);
  });

  it('that signed twice makes the file malformed (ATTACKS 15)', async () => {
    const role = (keyid: string) => ({ keyids: [keyid], threshold: 1 });
    const keys = (keyid: string, key: Members) => ({ [keyid]: key });
    const same = (made: Signature[]) => [...made, ...made];
    await expect(offered(role, keys, same)).rejects.toMatchObject({ code: 'METADATA_INVALID', role: 'dev' });
  });

  it('is no key of the top-level role, nor the other way round (ATTACKS 19)', async () => {
    const byTargets = plain.withRole('dev', { signedBy: ['targets'] });
    const set = await verified(await byTargets.build());
    const file = (await byTargets.delegated()).get('dev');
    if (set.targets === undefined || file === undefined) throw new Error('both are there');
    await expect(new DelegatedSet(set).update(file, 'dev', set.targets)).rejects.toMatchObject({
      code: 'METADATA_UNSIGNED',
      got: '0',
    });
    const byDev = await plain.with('targets', { signedBy: ['dev'] }).build();
    await expect(verified(byDev)).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role: 'targets' });
  });
});
