// What is signed is what every reader reads.
import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/json.ts';
import type { Bytes } from '../../src/ports.ts';
import { parseTargets } from '../../src/tuf/parse-targets.ts';
import {
  rootToSign,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from '../../src/tuf/signing.ts';
import type { TargetFile } from '../../src/tuf/targets.ts';
import { keyNamed, offer, setOf } from './repository.ts';

const validity = { version: 1, expires: new Date('2027-01-01T00:00:00Z') };
const hashes = { sha256: '0'.repeat(64) };

/** Fails in another way than the signing does. */
function readTargets(bytes: Bytes): TargetFile | undefined {
  try {
    return parseTargets(bytes).signed.targets.get('a');
  } catch (cause) {
    throw new Error('what was signed cannot be read', { cause });
  }
}

/** What clients read of a `custom` that was signed. */
async function targetsWith(custom: Json) {
  const file = { length: 1, hashes, custom } as TargetFile;
  const bytes = await signMetadata(targetsToSign(validity, new Map([['a', file]])), [
    await keyNamed('targets'),
  ]);
  return { custom: readTargets(bytes)?.custom };
}

it('targets metadata that was read without delegations is written back without (ATTACKS 78)', () => {
  const validity = { version: 2, expires: new Date('2027-01-01T00:00:00Z') };
  const raw = {
    _type: 'targets',
    spec_version: '1.0.34',
    version: 1,
    expires: '2027-01-01T00:00:00Z',
    targets: {},
  };
  expect(targetsToSign(validity, new Map(), raw)).not.toHaveProperty('delegations');
  expect(targetsToSign(validity, new Map())).toHaveProperty('delegations', { keys: {}, roles: [] });
});

describe('custom', () => {
  it('comes back as it was, whatever its characters (ATTACKS 80)', async () => {
    const custom = {
      'a\n\tb\u2028': '"\\\u0000\u007f',
      '\u{1f600}': 1,
      '\ue000': 2,
      '\uffff': [true, null, -5, {}],
    };
    expect((await targetsWith(custom)).custom).toEqual(custom);
  });

  it.each([1.5, 2 ** 53, 2 ** 53 + 2, -(2 ** 53), Number.NaN])(
    'with the number %d is refused (ATTACKS 80)',
    async (number) => {
      await expect(targetsWith({ deep: [number] })).rejects.toMatchObject({ code: 'METADATA_INVALID' });
    },
  );

  it('with a lone surrogate is refused (ATTACKS 80)', async () => {
    await expect(targetsWith({ a: '\ud800' })).rejects.toMatchObject({ code: 'METADATA_INVALID' });
  });

  it.each([28, 29, 1000, 100_000])(
    'that is nested %d deep is signed only where clients read it',
    async (depth) => {
      let custom: Json = 1;
      for (let i = 0; i < depth; i++) custom = { a: custom };
      if (depth === 28) expect((await targetsWith(custom)).custom).toEqual(custom);
      else await expect(targetsWith(custom)).rejects.toMatchObject({ code: 'METADATA_INVALID' });
    },
  );

  it('that holds itself is refused', async () => {
    const endless: { [name: string]: Json } = {};
    endless['self'] = endless;
    await expect(targetsWith(endless)).rejects.toMatchObject({ code: 'METADATA_INVALID' });
  });

  it('with a Date, or what else JSON writes in a way of its own, is refused', async () => {
    const date: unknown = { built: new Date(0) };
    await expect(targetsWith(date as Json)).rejects.toMatchObject({ code: 'METADATA_INVALID' });
    const nothing: unknown = { a: undefined };
    await expect(targetsWith(nothing as Json)).rejects.toMatchObject({ code: 'METADATA_INVALID' });
  });
});

it('a target called __proto__ is published and read like others (ATTACKS 4)', async () => {
  const signed = targetsToSign(validity, new Map([['__proto__', { length: 1, hashes }]]));
  const bytes = await signMetadata(signed, [await keyNamed('targets')]);
  expect([...parseTargets(bytes).signed.targets]).toEqual([['__proto__', { length: 1, hashes }]]);
});

it('unknown members and delegations of the version before are carried on (ATTACKS 10)', () => {
  const before = { 'x-extra': [1], delegations: { keys: { k: {} }, roles: [] }, version: 7, _type: 'other' };
  const signed = targetsToSign({ ...validity, version: 8 }, new Map(), before);
  expect(signed).toMatchObject({
    'x-extra': [1],
    delegations: before.delegations,
    version: 8,
    _type: 'targets',
  });
});

it('the four files that are written verify', async () => {
  const role = async (name: string) => {
    const { keyid, signer } = await keyNamed(name);
    return new Map([[keyid, signer.key]]);
  };
  const keys = {
    root: await role('root'),
    targets: await role('targets'),
    snapshot: await role('snapshot'),
    timestamp: await role('timestamp'),
  };
  const root = await signMetadata(rootToSign(validity, keys, { 'x-dtuf': { layout: 'native' } }), [
    await keyNamed('root'),
  ]);
  const targets = await signMetadata(targetsToSign(validity, new Map()), [await keyNamed('targets')]);
  const meta = new Map([['targets.json', { version: 1, length: targets.length }]]);
  const snapshot = await signMetadata(snapshotToSign(validity, meta), [await keyNamed('snapshot')]);
  const timestamp = await signMetadata(await timestampToSign(validity, 1, snapshot), [
    await keyNamed('timestamp'),
  ]);
  const set = await offer(await setOf(root), { timestamp, snapshot, targets });
  expect(set.root.signed).toMatchObject({ layout: 'native', consistentSnapshot: true });
});
