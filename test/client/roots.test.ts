// A client follows the chain of roots, and recovers where keys were replaced.
import { describe, expect, it } from 'vitest';
import { fromHex, utf8 } from '../../src/encoding.ts';
import { memoryStore } from '../../src/index.ts';
import type { Bytes } from '../../src/ports.ts';
import { ed25519Spki } from '../../src/tuf/key-forms.ts';
import { writePem } from '../../src/tuf/pem.ts';
import { EXPIRED, keyNamed, type Repository, repository, text, VALID } from '../tuf/repository.ts';
import { CURRENT, client, Place, refreshed, stateOf } from './place.ts';

const plain = repository().withTargets({ 'demo.txt': 'Hello' });
const root = await plain.root();

async function pemOf(name: string): Promise<string> {
  const { signer } = await keyNamed(name);
  return writePem('PUBLIC KEY', ed25519Spki(fromHex(signer.key.keyval.public) ?? new Uint8Array()));
}

/** Roots 1 to `count`, all of the same keys; those of `expired` have expired. */
async function chain(count: number, expired: readonly number[] = []): Promise<Bytes[]> {
  const roots: Bytes[] = [];
  for (let version = 1; version <= count; version++) {
    const expires = expired.includes(version) ? EXPIRED : VALID;
    roots.push(await plain.with('root', { version, expires }).root());
  }
  return roots;
}

describe('a long chain of roots', () => {
  it('is followed for 256 versions in one refresh, and further in the next (ATTACKS 28)', async () => {
    const roots = await chain(260);
    const place = new Place();
    const store = memoryStore();
    const copy = client(place, { trust: root, store });
    await place.publish(await plain.build(), roots, ['Hello']);
    expect((await copy.pullMetadata()).rootVersion).toBe(257);
    expect((await stateOf(store))[`${CURRENT}root.json`]).toBe(text(roots[256] ?? root));
    expect((await copy.pullMetadata()).rootVersion).toBe(260);
  });

  it('whose root at the bound has expired is kept that far, refused, and followed in the next refresh (ATTACKS 28)', async () => {
    const roots = await chain(259, [257]);
    const place = new Place();
    const store = memoryStore();
    const copy = client(place, { trust: root, store });
    await place.publish(await plain.build(), roots);
    await expect(copy.pullMetadata()).rejects.toMatchObject({
      code: 'METADATA_EXPIRED',
      role: 'root',
      clause: '5.3.10',
    });
    expect(await copy.pullTarget('demo.txt').catch((error: { code: string }) => error.code)).toBe(
      'METADATA_MISSING',
    );
    expect((await copy.pullMetadata()).rootVersion).toBe(259);
  });

  it('with a root that expired on the way is followed (ATTACKS 29)', async () => {
    const place = new Place();
    await place.publish(await plain.build(), await chain(4, [1, 2, 3]));
    expect((await client(place, { trust: root }).pullMetadata()).rootVersion).toBe(4);
  });

  it('is kept as far as it was verified where a later root is bad', async () => {
    const { place, store, copy } = await refreshed(await plain.build());
    const [, second = root] = await chain(2);
    const bad = await plain.with('root', { version: 3, signedBy: ['stranger'] }).root();
    await place.publish(await plain.build(), [root, second, bad]);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role: 'root' });
    expect((await stateOf(store))[`${CURRENT}root.json`]).toBe(text(second));
  });
});

describe('a fast-forward attack with keys that root then replaces', () => {
  const max = Number.MAX_SAFE_INTEGER;
  const attacked = plain.release(max);

  /** The repository after the recovery: version 2 of root, release 6. */
  const recoveries: Record<string, Repository> = {
    'the timestamp key': plain.with('timestamp', { keys: ['new timestamp'] }),
    'the snapshot key': plain.with('snapshot', { keys: ['new snapshot'] }),
    'both keys': plain
      .with('timestamp', { keys: ['new timestamp'] })
      .with('snapshot', { keys: ['new snapshot'] }),
    'the snapshot key by a second one beside it': plain.with('snapshot', {
      keys: ['snapshot', 'new snapshot'],
    }),
  };

  it('without a new key stays a rollback', async () => {
    const { place, copy } = await refreshed(await attacked.build());
    await place.publish(await plain.release(6).build(), [root]);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_ROLLBACK', role: 'timestamp' });
  });

  it.each(Object.entries(recoveries))(
    'is recovered from by replacing %s (ATTACKS 33)',
    async (_, recovered) => {
      const { place, copy } = await refreshed(await attacked.build());
      const next = recovered.release(6).nextRoot();
      const files = await next.build();
      await place.publish(files, [root, files.root], ['Hello']);
      expect((await copy.pullMetadata()).rootVersion).toBe(2);
      expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
    },
  );

  it.each(Object.entries(recoveries))(
    'is recovered from by replacing %s, also where the refresh breaks off after the new root (ATTACKS 33)',
    async (_, recovered) => {
      const { place, store, copy } = await refreshed(await attacked.build());
      const next = recovered.release(6).nextRoot();
      const files = await next.build();
      const broken = await next.with('timestamp', { signedBy: [] }).build();
      await place.publish(broken, [root, files.root]);
      await expect(copy.pullMetadata()).rejects.toMatchObject({
        code: 'METADATA_UNSIGNED',
        role: 'timestamp',
      });
      expect((await stateOf(store))[`${CURRENT}root.json`]).toBe(text(files.root));
      await place.publish(files, [root, files.root], ['Hello']);
      expect((await copy.pullMetadata()).rootVersion).toBe(2);
      expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
    },
  );

  it('is recovered from also where the refresh breaks off after the new timestamp (ATTACKS 33)', async () => {
    const { place, copy } = await refreshed(await attacked.build());
    const next = plain
      .with('timestamp', { keys: ['new timestamp'] })
      .release(6)
      .nextRoot();
    const files = await next.build();
    const { snapshot } = await next.with('snapshot', { expires: '2027-03-03T00:00:00Z' }).build();
    await place.publish({ ...files, snapshot }, [root, files.root]);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_MISMATCH', role: 'snapshot' });
    await place.publish(files, [root, files.root], ['Hello']);
    await copy.pullMetadata();
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello');
  });

  it('is recovered from where the keys came back in a refresh that failed (ATTACKS 33)', async () => {
    const first = repository().release(99);
    const { place, copy } = await refreshed(await first.build());
    const second = first.nextRoot();
    const third = second.nextRoot().release(5);
    const files = await third.build();
    const replaced = await second.with('timestamp', { keys: ['new'] }).root();
    const roots = [await first.root(), replaced, files.root];
    await place.publish({ ...files, timestamp: utf8('{}') }, roots);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_INVALID' });
    await place.publish(files, roots);
    expect((await copy.pullMetadata()).rootVersion).toBe(3);
  });

  it('new root or targets keys forget no stored file (ATTACKS 30)', async () => {
    const { place, copy } = await refreshed(await plain.release(9).build());
    const next = plain
      .with('targets', { keys: ['new targets'] })
      .release(6)
      .nextRoot({ keys: ['new root'] });
    const files = await next.build();
    await place.publish(files, [root, files.root]);
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'METADATA_ROLLBACK', role: 'timestamp' });
  });
});

describe('a root key that is given to a client with state', () => {
  const next = plain.release(2).nextRoot({ keys: ['new root'] });

  it('and was retired replaces nothing: it is ignored with a notice (ATTACKS 95)', async () => {
    const { place, store, copy } = await refreshed(await plain.build());
    const files = await next.build();
    await place.publish(files, [root, files.root], ['Hello']);
    await copy.pullMetadata();

    // Who holds the retired key offers roots of their own.
    const theirs = plain.withTargets({ 'demo.txt': 'Evil' }).release(9);
    await place.publish(await theirs.build(), [await theirs.root()], ['Evil']);
    const notices: string[] = [];
    const again = client(place, { trust: await pemOf('root'), store, notices });
    await again.pullMetadata();
    expect(await stateOf(store).then((state) => state[`${CURRENT}root.json`])).toBe(text(files.root));
    expect(notices.join()).toMatch(/was ignored/);
    expect(notices).toHaveLength(1);
  });

  it('and is of the retired keys’ root.json is ignored with a notice (ATTACKS 95)', async () => {
    const files = await next.build();
    const place = new Place();
    const store = memoryStore();
    await place.publish(files, [root, files.root], ['Hello']);
    await client(place, { trust: files.root, store }).pullMetadata();
    const notices: string[] = [];
    await client(place, { trust: root, store, notices }).pullMetadata();
    expect(notices.join()).toMatch(/was ignored/);
    expect((await stateOf(store))[`${CURRENT}root.json`]).toBe(text(files.root));
  });

  it('and is one of the present keys is no matter of notice (ATTACKS 95)', async () => {
    const { place, store } = await refreshed(await plain.build());
    const notices: string[] = [];
    for (const trust of [await pemOf('root'), root])
      await client(place, { trust, store, notices }).pullMetadata();
    expect(notices).toEqual([]);
  });

  it('and is a stranger’s leads to no stranger’s root (ATTACKS 95)', async () => {
    const { place, store, before } = await refreshed(await plain.build());
    const theirs = repository()
      .with('root', { keys: ['stranger'] })
      .withTargets({ 'demo.txt': 'Evil' })
      .release(9);
    const files = await theirs.build();
    await place.publish(files, [files.root], ['Evil']);
    const copy = client(place, { trust: await pemOf('stranger'), store });
    // Theirs has the same role keys but for root, so that only the root decides: release 9 of the same keys is newer.
    await copy.pullMetadata();
    expect((await stateOf(store))[`${CURRENT}root.json`]).toBe(before[`${CURRENT}root.json`]);
  });
});
