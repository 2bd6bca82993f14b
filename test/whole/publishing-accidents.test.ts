// Accidents of a publisher: what died in the middle, what was forgotten, keys that do not fit.
import { describe, expect, it } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import {
  DTufMaster,
  type MasterOptions,
  memoryLock,
  memoryStore,
  type Place,
  type Store,
} from '../../src/index.ts';
import { generateKeyPair, signerOf } from '../../src/tuf/signer.ts';
import { signMetadata } from '../../src/tuf/signing.ts';
import { bytesOf, client, type Publisher, publisher, publisherWithKeyFiles } from '../core/people.ts';
import { watched } from '../core/watched.ts';

const STAGED = 'repository/metadata.staged/';
/** So that what two sign at once is not the same, byte for byte. */
const later = () => new Date(Date.now() + 5000);
const newSigner = async () => signerOf((await generateKeyPair('ed25519')).pkcs8);

function masterOf(of: Publisher, host: Place, options: Partial<MasterOptions> = {}): DTufMaster {
  return new DTufMaster({
    host,
    repository: of.repository,
    store: of.store,
    lock: memoryLock(),
    keys: of.keys,
    ...options,
  });
}

async function filesOf(store: Store, prefix = ''): Promise<Map<string, string>> {
  const files = await store.read(await store.list(prefix));
  return new Map([...files].map(([name, { bytes }]) => [name, new TextDecoder().decode(bytes)]));
}

async function put(store: Store, files: ReadonlyMap<string, string>, deletes: string[] = []): Promise<void> {
  await store.commit(new Map(), new Map([...files].map(([name, text]) => [name, bytesOf(text)])), deletes);
}

/** The publisher on another machine, with its state as it is now. */
async function elsewhere(
  of: Publisher,
  host: Place,
  options: Partial<MasterOptions> = {},
): Promise<Publisher> {
  const store = memoryStore();
  await put(store, await filesOf(of.store));
  return { ...of, store, master: masterOf(of, host, { store, ...options }) };
}

/** The published text of each target, as a client sees it. */
async function seenBy(copy: ReturnType<typeof client>): Promise<Record<string, string>> {
  await copy.pullMetadata();
  const seen: Record<string, string> = {};
  for await (const { name } of copy.listTargets()) seen[name] = await (await copy.pullTarget(name)).text();
  return seen;
}

const isTag =
  (tag: string) =>
  (request: { method: string; path: string }, method = 'PUT') =>
    request.method === method && request.path.endsWith(`/manifests/${tag}`);
const isHead = isTag('timestamp.json');

describe.each(['native', 'legacy'] as const)('in the %s layout', (layout) => {
  const start = async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry, { layout });
    await made.master.pushTarget('b', bytesOf('b0'));
    await made.master.pushMetadata();
    return { registry, made, newClient: () => client(registry, made.repository, { trust: made.rootKey }) };
  };

  it('who dies right after the state was kept takes back nothing that another published since (ATTACKS 63, 66)', async () => {
    const { registry, made, newClient } = await start();
    const other = await elsewhere(made, registry);
    await other.master.pushTarget('b', bytesOf('b1'));
    await other.master.pushMetadata();
    await made.master.pushTarget('a', bytesOf('a1'));
    let switched = false;
    const { fetch } = watched(registry, (request) => {
      if (isHead(request)) switched = true;
    });
    let died = false;
    const dying: Store = {
      ...made.store,
      async commit(...change) {
        if (died) throw new Error('dead');
        const done = await made.store.commit(...change);
        died = switched;
        return done;
      },
    };
    await masterOf(made, { fetch }, { store: dying })
      .pushMetadata()
      .catch(() => undefined);
    expect(died).toBe(true);
    for (const [name, text] of [
      ['a', 'a2'],
      ['b', 'b2'],
    ] as const)
      await other.master.pushTarget(name, bytesOf(text));
    await other.master.pushMetadata();
    await made.master.pushMetadata();
    expect(await seenBy(newClient())).toEqual({ a: 'a2', b: 'b2' });
  });

  it('a numbered tag that was pruned is no sign of having been overwritten (ATTACKS 66, 102)', async () => {
    const { registry, made, newClient } = await start();
    const other = await elsewhere(made, registry);
    await other.master.pushTarget('b', bytesOf('b1'));
    await other.master.pushMetadata();
    const { fetch } = watched(registry, (request) =>
      /\/manifests\/2\.timestamp\.json$/.test(request.path) ? new Response('', { status: 404 }) : undefined,
    );
    await masterOf(made, { fetch }).pushMetadata();
    expect(await seenBy(newClient())).toEqual({ b: 'b1' });
  });

  it.each([
    ['died between its two tags', true],
    ['could not write the second of its two tags', false],
  ])('a rival that %s has not taken our changes away (ATTACKS 63, 66)', async (_, dies) => {
    const { registry, made, newClient } = await start();
    await made.master.pushTarget('ours', bytesOf('ours'));
    let [raced, dead] = [false, false];
    const { fetch } = watched(registry, async (request) => {
      if (isTag('3.timestamp.json')(request)) dead = true;
      if (dies ? dead : isTag('3.timestamp.json')(request)) throw new Error('dead');
      if (raced || !isHead(request)) return;
      raced = true;
      await made.master.pushMetadata();
    });
    const rival = await elsewhere(made, { fetch }, { clock: later });
    await put(rival.store, new Map(), ['repository/pending.json', 'repository/targets/ours']);
    await rival.master.pushTarget('theirs', bytesOf('theirs'));
    const published = rival.master.pushMetadata();
    // Who lives looks at that tag, in the native layout: ours stands under it, and is not written over.
    if (dies) await expect(published).rejects.toThrow();
    else await published.catch(() => undefined);
    await made.master.pushMetadata();
    expect(await seenBy(newClient())).toMatchObject({ b: 'b0', ours: 'ours' });
    await masterOf(rival, registry).pushMetadata();
    expect(await seenBy(newClient())).toEqual({ b: 'b0', ours: 'ours', theirs: 'theirs' });
  });

  it('targets that no client would take are not published, and can be taken out again (ATTACKS 101)', async () => {
    const { registry, made, newClient } = await start();
    const master = masterOf(made, registry, { limits: { targets: 2000 } });
    const names = Array.from({ length: 20 }, (_, i) => `t${i}`);
    for (const name of names) await master.pushTarget(name, bytesOf(name));
    await expect(master.pushMetadata()).rejects.toMatchObject({ code: 'TOO_LARGE', role: 'targets' });
    expect(await seenBy(newClient())).toEqual({ b: 'b0' });
    await master.delTarget(...names);
    await master.pushMetadata();
    expect(await seenBy(newClient())).toEqual({ b: 'b0' });
  });

  it('a signer whose signatures do not verify publishes nothing (ATTACKS 68, 100)', async () => {
    const { registry, made, newClient } = await start();
    const { timestamp } = made.keys;
    if (timestamp === undefined) throw new Error('no signer');
    const { fetch, seen } = watched(registry);
    const keys = { ...made.keys, timestamp: { key: timestamp.key, sign: async () => new Uint8Array(64) } };
    await expect(masterOf(made, { fetch }, { keys }).pushMetadata()).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
    expect(seen.filter(({ method }) => method === 'PUT')).toEqual([]);
    await made.master.pushMetadata();
    await seenBy(newClient());
  });

  it('a root of a faulty signer is not kept (ATTACKS 68, 100)', async () => {
    const { registry, made } = await start();
    const { key } = await newSigner();
    const keys = { ...made.keys, root: { key, sign: async () => new Uint8Array(64) } };
    const before = await filesOf(made.store);
    await expect(masterOf(made, registry, { keys }).resetKeys()).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
    expect(await filesOf(made.store)).toEqual(before);
    const store = memoryStore();
    const first = masterOf(made, registry, { keys, store, layout });
    await expect(first.createMetadata()).rejects.toMatchObject({ code: 'KEY_INVALID' });
    expect(await filesOf(store)).toEqual(new Map());
  });

  it.each([1e12, 400_000_000_000, Number.NaN, Number.POSITIVE_INFINITY])(
    'a lifetime of %d seconds is refused, and nothing is kept (ATTACKS 12)',
    async (seconds) => {
      const { registry, made, newClient } = await start();
      const before = await filesOf(made.store);
      const lifetimes = { root: seconds, targets: seconds };
      const refused = { code: 'INVALID_ARGUMENT' };
      await expect(masterOf(made, registry, { lifetimes }).resetKeys()).rejects.toMatchObject(refused);
      await expect(masterOf(made, registry, { lifetimes }).pushMetadata()).rejects.toMatchObject(refused);
      const store = memoryStore();
      await expect(masterOf(made, registry, { lifetimes, store }).createMetadata()).rejects.toMatchObject(
        refused,
      );
      expect(await filesOf(store)).toEqual(new Map());
      expect(await filesOf(made.store)).toEqual(before);
      await seenBy(newClient());
    },
  );

  it('roots that are not here any more stay published, so that clients of before can follow', async () => {
    const { made, newClient } = await start();
    const old = newClient();
    await old.pullMetadata();
    for (const _ of [2, 3, 4]) await made.master.resetKeys();
    await made.master.pushMetadata();
    await put(
      made.store,
      new Map(),
      [1, 2, 3].map((version) => `${STAGED}${version}.root.json`),
    );
    await made.master.pushMetadata();
    expect((await old.pullMetadata()).rootVersion).toBe(4);
  });

  it('reset-keys behind the published root is refused by push-metadata with a way out that works', async () => {
    const { registry, made, newClient } = await start();
    const other = await elsewhere(made, registry, { clock: later });
    await other.master.resetKeys();
    await other.master.pushMetadata();
    await made.master.resetKeys();
    await made.master.pushTarget('a', bytesOf('a1'));
    await expect(made.master.pushMetadata()).rejects.toMatchObject({
      code: 'TRUST_BROKEN',
      message: expect.stringMatching(/metadata\/current.*metadata\.staged.*2\.root\.json/),
    });
    const store = memoryStore();
    await client(registry, made.repository, { trust: made.rootKey, store }).pullMetadata();
    const pulled = await filesOf(store, 'repository/metadata/current/');
    const staged = new Map(
      ['root', 'targets', 'snapshot', 'timestamp'].map((role) => [
        `${STAGED}${role}.json`,
        pulled.get(`repository/metadata/current/${role}.json`) ?? '',
      ]),
    );
    await put(made.store, staged, [`${STAGED}2.root.json`]);
    await made.master.pushMetadata();
    expect(await seenBy(newClient())).toEqual({ a: 'a1', b: 'b0' });
  });

  it('an expired root is told of by a publish, which cannot bring it back (ATTACKS 13)', async () => {
    const { registry, made } = await start();
    const notices: string[] = [];
    const clock = () => new Date(Date.now() + 400 * 24 * 3600 * 1000);
    const late = masterOf(made, registry, { clock, onNotice: (text) => notices.push(text) });
    await late.pushMetadata();
    expect(notices.join()).toMatch(/root.*expired.*reset-keys/);
    notices.length = 0;
    await late.resetKeys();
    await late.pushMetadata();
    expect(notices).toEqual([]);
    await seenBy(client(registry, made.repository, { trust: made.rootKey, clock }));
  });

  it('a root that asks for more than one signature is not signed anew for one', async () => {
    const { made } = await start();
    const [root, targets, snapshot, timestamp] = (['root', 'targets', 'snapshot', 'timestamp'] as const).map(
      (role) => made.keys[role],
    );
    if (!root || !targets || !snapshot || !timestamp) throw new Error('no signers');
    const second = await newSigner();
    const staged = JSON.parse((await filesOf(made.store)).get(`${STAGED}root.json`) ?? '');
    const { keyids } = staged.signed.roles.root;
    const keys = { ...staged.signed.keys, second: second.key };
    const roles = {
      ...staged.signed.roles,
      targets: { keyids: [...staged.signed.roles.targets.keyids, 'second'], threshold: 2 },
    };
    const signed = { ...staged.signed, version: 2, keys, roles };
    const bytes = await signMetadata(signed, [{ keyid: keyids[0], signer: root }]);
    const text = new TextDecoder().decode(bytes);
    await put(
      made.store,
      new Map([`${STAGED}root.json`, `${STAGED}2.root.json`].map((name) => [name, text])),
    );
    const before = await filesOf(made.store);
    await expect(made.master.pushMetadata()).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message: expect.stringMatching(/2 signatures/),
    });
    await expect(made.master.resetKeys()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(await filesOf(made.store)).toEqual(before);
  });
});

describe('in the legacy layout', () => {
  it('a change of keys without the old ones can be repeated where it died before the root (ATTACKS 63)', async () => {
    for (const tag of ['3.timestamp.json', '2.root.json', 'root.json']) {
      const registry = embeddedRegistry();
      const made = await publisher(registry, { layout: 'legacy' });
      await made.master.pushTarget('a', bytesOf('a'));
      await made.master.pushMetadata();
      const next = await publisher(embeddedRegistry());
      const keys = { ...next.keys, ...(made.keys.root ? { root: made.keys.root } : {}) };
      await masterOf(made, registry, { keys }).resetKeys();
      const { fetch } = watched(registry, (request) => {
        if (isTag(tag)(request)) throw new Error('dead');
      });
      await expect(masterOf(made, { fetch }, { keys }).pushMetadata()).rejects.toThrow();
      await masterOf(made, registry, { keys }).pushMetadata();
      expect(await seenBy(client(registry, made.repository, { trust: made.rootKey })), tag).toEqual({
        a: 'a',
      });
    }
  });

  it('files of two publishers that were mixed up by a race are published whole again (ATTACKS 66)', async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry, { layout: 'legacy' });
    await made.master.pushMetadata();
    const rival = await elsewhere(made, registry, { clock: later });
    await rival.master.pushTarget('theirs', bytesOf('theirs'));
    await made.master.pushTarget('ours', bytesOf('ours'));
    let raced = false;
    // All of theirs arrives between our snapshot and our timestamp, which names our snapshot.
    const { fetch } = watched(registry, async (request) => {
      if (raced || !isHead(request)) return;
      raced = true;
      await rival.master.pushMetadata();
    });
    await masterOf(made, { fetch }).pushMetadata();
    const newClient = () => client(registry, made.repository, { trust: made.rootKey });
    await seenBy(newClient());
    await rival.master.pushMetadata();
    await made.master.pushMetadata();
    expect(await seenBy(newClient())).toEqual({ ours: 'ours', theirs: 'theirs' });
  });

  it('and left so by their deaths, can be published again (ATTACKS 63, 66)', async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry, { layout: 'legacy' });
    await made.master.pushMetadata();
    const rival = await elsewhere(made, registry, { clock: later });
    await made.master.pushTarget('ours', bytesOf('ours'));
    let raced = false;
    const { fetch } = watched(registry, async (request) => {
      if (isTag('3.timestamp.json')(request)) throw new Error('dead');
      if (raced || !isHead(request)) return;
      raced = true;
      await rival.master.pushMetadata();
    });
    await expect(masterOf(made, { fetch }).pushMetadata()).rejects.toThrow();
    const notices: string[] = [];
    await masterOf(made, registry, { onNotice: (text) => notices.push(text) }).pushMetadata();
    expect(await seenBy(client(registry, made.repository, { trust: made.rootKey }))).toEqual({
      ours: 'ours',
    });
    expect(notices.join()).toMatch(/not whole/);
    await rival.master.pushMetadata();
  });
});

describe('custom data', () => {
  it('that is nested deeper than the signed metadata may be is refused, before it spoils the state (ATTACKS 80)', async () => {
    const nested = (depth: number): { a: unknown } => (depth === 1 ? { a: 1 } : { a: nested(depth - 1) });
    const registry = embeddedRegistry();
    const made = await publisher(registry);
    let refused = 0;
    for (let depth = 26; depth <= 33; depth++) {
      await made.master
        .pushTarget(`d${depth}`, bytesOf('x'), { custom: nested(depth) as never })
        .catch((error) => {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
          refused++;
        });
    }
    expect(refused).toBeGreaterThan(1);
    await made.master.pushMetadata();
    await seenBy(client(registry, made.repository, { trust: made.rootKey }));
  });
});

describe('keys', () => {
  it('a previous root key that does not open is an error, not a root that no client follows (ATTACKS 68)', async () => {
    const registry = embeddedRegistry();
    let password = 'first';
    const made = await publisherWithKeyFiles(registry, {
      passwords: (role) => (role === 'root' ? password : 'x'),
    });
    await made.master.pushMetadata();
    const old = client(registry, made.repository, { trust: made.rootKey });
    await old.pullMetadata();
    password = 'second';
    await made.master.createRootKey();
    const before = await filesOf(made.store);
    await expect(made.master.resetKeys()).rejects.toMatchObject({
      code: 'KEY_PASSWORD',
      message: expect.stringContaining('keys/root_key.previous'),
    });
    expect(await filesOf(made.store)).toEqual(before);
    // Moved away, it is known to be lost, and that is told.
    await put(made.store, new Map(), ['keys/root_key.previous']);
    await made.master.resetKeys();
    expect(made.notices.join()).toMatch(/not at hand/);
  });

  it('the root key file signs too where a signer takes its place, so that clients follow', async () => {
    const registry = embeddedRegistry();
    const made = await publisherWithKeyFiles(registry);
    await made.master.pushMetadata();
    const old = client(registry, made.repository, { trust: made.rootKey });
    await old.pullMetadata();
    const options = { keys: { root: await newSigner() }, passwords: () => 'secret' };
    const master = masterOf(made, registry, options);
    await master.resetKeys();
    await master.pushMetadata();
    expect((await old.pullMetadata()).rootVersion).toBe(2);
  });

  it('are made all or none: one refused password changes no key (ATTACKS 68)', async () => {
    let timestampPassword = 'secret';
    const made = await publisherWithKeyFiles(embeddedRegistry(), {
      passwords: (role) => (role === 'timestamp' ? timestampPassword : 'secret'),
    });
    timestampPassword = '';
    const before = await filesOf(made.store);
    await expect(made.master.createMetadataKeys()).rejects.toMatchObject({ code: 'KEY_PASSWORD' });
    expect(await filesOf(made.store)).toEqual(before);
  });
});
