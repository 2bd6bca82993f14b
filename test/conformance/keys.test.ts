// Keys, thresholds and signatures (TUF 1.0.34, 4.2 and 4.3).
import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/encoding.ts';
import type { JsonObject } from '../../src/json.ts';
import { canonicalJson } from '../../src/tuf/canonical.ts';
import { keyidOf } from '../../src/tuf/key-forms.ts';
import { generateKeyPair, type KeyType, signerOf } from '../../src/tuf/signer.ts';
import type { RoleSigner } from '../../src/tuf/signing.ts';
import { fileOf, keyNamed, type Repository, repository, text } from '../tuf/repository.ts';
import { edit } from './edit.ts';
import { publish, refreshed } from './site.ts';

const unsigned = (role: string, clause: string) => ({ code: 'METADATA_UNSIGNED', role, clause });
const KEYS = ['one', 'two', 'three'];

describe('a threshold', () => {
  // suite: test_snapshot_does_not_meet_threshold
  it('that a snapshot was signed for before has to be met by each version (5.5.3)', async () => {
    const three = repository().with('snapshot', { keys: KEYS, threshold: 3 });
    const { site, reader } = await refreshed(three);
    await site.publish(three.release(2).with('snapshot', { signedBy: ['one', 'two'] }));
    await expect(reader.refresh()).rejects.toMatchObject(unsigned('snapshot', '5.5.3'));
    expect((await reader.versions())['snapshot']).toBe(1);
  });

  // suite: test_snapshot_has_too_few_keys
  it('above the number of keys is no fault of the root; only the role itself never verifies (4.3, 5.5.3)', async () => {
    const { site, reader } = await refreshed(repository());
    const few = repository().nextRoot().release(2).with('snapshot', { keys: KEYS, threshold: 4 });
    await site.publish(few);
    await expect(reader.refresh()).rejects.toMatchObject(unsigned('snapshot', '5.5.3'));
    expect(await reader.versions()).toMatchObject({ root: 2, timestamp: 2 });
    expect((await reader.versions())['snapshot']).not.toBe(2);
  });

  // suite: test_duplicate_keys
  it('is not met by one key many times, under its keyid or under others (4.2.1, 5.5.3)', async () => {
    const { keyid, signer } = await keyNamed('snapshot');
    const again = { ...signer.key, 'x-again': true };
    const another = await keyidOf(again);
    const repeated = (keyids: string[]) =>
      edit(({ keys, roles }) => {
        keys[another] = again;
        roles['snapshot'] = { keyids, threshold: 2 };
      });
    for (const keyids of [
      [keyid, keyid],
      [keyid, another],
    ]) {
      const { site, reader } = await publish(repository());
      const signatures = (made: { sig: string }[]) =>
        [...new Set(keyids)].map((name) => ({ keyid: name, sig: made[0]?.sig ?? '' }));
      const next = repository().nextRoot(repeated(keyids)).release(2);
      await site.publish(next.with('snapshot', { signatures }));
      await expect(reader.refresh()).rejects.toMatchObject(unsigned('snapshot', '5.5.3'));
      expect((await reader.versions())['snapshot']).toBeUndefined();
    }
  });
});

describe('signatures', () => {
  // suite: test_duplicate_sig_keyids
  it('that name a keyid twice are refused, also where enough have signed (4.2.1)', async () => {
    const twice = repository().with('snapshot', { signatures: (made) => [...made, ...made] });
    const { reader } = await publish(twice);
    await expect(reader.refresh()).rejects.toMatchObject({ code: 'METADATA_INVALID', role: 'snapshot' });
    expect((await reader.versions())['snapshot']).toBeUndefined();
  });

  // suite: test_invalid_sig_in_valid_metadata
  it('that are wrong or empty do no harm beside enough that are good (4.2.1, 5.4.2)', async () => {
    const { keyid } = await keyNamed('one');
    const of = (version: number, sig: (good: string) => string) =>
      repository()
        .release(version)
        .with('timestamp', {
          keys: ['one', 'two'],
          signatures: (made) => made.map((one) => (one.keyid === keyid ? { keyid, sig: sig(one.sig) } : one)),
        });
    const { site, reader } = await publish(of(1, (good) => good));
    const wrong = [(good: string) => good.replace(/^../, 'ff'), () => '', () => 'zz', () => '00'];
    for (const [i, sig] of wrong.entries()) {
      await site.publish(of(i + 2, sig));
      await reader.refresh();
      expect((await reader.versions())['timestamp']).toBe(i + 2);
    }
  });
});

async function newKey(type: KeyType): Promise<RoleSigner> {
  const signer = await signerOf((await generateKeyPair(type)).pkcs8);
  return { keyid: await keyidOf(signer.key), signer };
}

/** A root that needs the signature of another key, too. @param change what becomes of that signature. */
async function rootWith(of: Repository, { keyid, signer }: RoleSigner, change = (sig: string) => sig) {
  const needs = edit(({ keys, roles }) => {
    keys[keyid] = signer.key as JsonObject;
    roles['root'] = { keyids: [...(roles['root']?.keyids ?? []), keyid], threshold: 2 };
  });
  const { signed } = JSON.parse(text(await of.with('root', needs).root())) as { signed: JsonObject };
  const sig = change(toHex(await signer.sign(canonicalJson(signed))));
  return fileOf(signed, ['root'], { signatures: (made) => [...made, { keyid, sig }] });
}

describe('a key of the type', () => {
  // suite: test_keytype_and_scheme
  it.each([
    ['rsa', 'rsassa-pss-sha256'],
    ['ecdsa', 'ecdsa-sha2-nistp256'],
    ['ed25519', 'ed25519'],
  ] as const)(
    '%s with the scheme %s verifies, and its wrong signature does not (4.2.2)',
    async (type, scheme) => {
      const key = await newKey(type);
      expect(key.signer.key).toMatchObject({ keytype: type, scheme });
      const second = repository().nextRoot();
      const third = second.nextRoot();
      // Well-formed and by the same key, over something else.
      const forged = toHex(await key.signer.sign(canonicalJson({})));
      const { site, reader } = await refreshed(repository());
      site.put('2.root.json', await rootWith(second, key));
      await reader.refresh();
      site.put('3.root.json', await rootWith(third, key, () => forged));
      await expect(reader.refresh()).rejects.toMatchObject(unsigned('root', '5.3.4'));
      expect((await reader.versions())['root']).toBe(2);
      site.put('3.root.json', await rootWith(third, key));
      await reader.refresh();
      expect((await reader.versions())['root']).toBe(3);
    },
  );
});
