// What a publisher survives: interruption at any request, another publisher, a stale registry, bad names.
import { describe, expect, it } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { DTufMaster, memoryLock, memoryStore, type Place, type Store } from '../../src/index.ts';
import { bytesOf, client, type Publisher, publisher } from './people.ts';
import { watched } from './watched.ts';

class Killed extends Error {}

/** The publisher of before on another machine: its state as it was copied, and its own way to the registry. */
async function elsewhere(of: Publisher, host: Place, fetchThere?: typeof fetch): Promise<DTufMaster> {
  const store = memoryStore();
  await copyStore(of.store, store);
  return masterOf(of, host, store, fetchThere);
}

async function copyStore(from: Store, to: Store): Promise<void> {
  const files = await from.read(await from.list(''));
  await to.commit(new Map(), new Map([...files].map(([name, { bytes }]) => [name, bytes])));
}

function masterOf(
  of: Publisher,
  host: Place,
  store: Store,
  fetchThere?: typeof fetch,
  notices: string[] = [],
): DTufMaster {
  return new DTufMaster({
    host: fetchThere === undefined ? host : { fetch: fetchThere },
    repository: of.repository,
    store,
    lock: memoryLock(),
    keys: of.keys,
    onNotice: (text) => notices.push(text),
  });
}

interface Interrupted {
  readonly finished: boolean;
  /** How many there were, those that failed included. */
  readonly requests: number;
}

/** Interrupts a publish at each of its requests. All at once: what takes time is the waiting before another attempt. */
async function atEveryRequest(
  interruptAt: (request: number) => Promise<Interrupted>,
): Promise<readonly boolean[]> {
  const { finished, requests } = await interruptAt(Number.POSITIVE_INFINITY);
  expect(finished).toBe(true);
  expect(requests).toBeGreaterThan(10);
  const all = await Promise.all(Array.from({ length: requests }, (_, i) => interruptAt(i + 1)));
  return all.map((one) => one.finished);
}

describe('a publish that is interrupted', () => {
  it('at any request leaves clients old and new verifying, and can be repeated (ATTACKS 63)', async () => {
    const finished = await atEveryRequest(async (kill) => {
      const registry = embeddedRegistry();
      const made = await publisher(registry);
      await made.master.pushTarget('a', bytesOf('a1'));
      await made.master.pushMetadata();
      const old = client(registry, made.repository, { trust: made.rootKey });
      await old.pullMetadata();

      const { fetch, seen } = watched(registry, (_, count) => {
        if (count >= kill) throw new Killed();
      });
      const interrupted = masterOf(made, registry, made.store, fetch);
      const publish = async (master: DTufMaster) => {
        await master.pushTarget('a', bytesOf('a2'));
        await master.pushTarget('b', bytesOf('b1'));
        await master.pushMetadata();
      };
      const finished = await publish(interrupted).then(
        () => true,
        () => false,
      );
      for (const copy of [old, client(registry, made.repository, { trust: made.rootKey })]) {
        await copy.pullMetadata();
        expect(['a1', 'a2']).toContain(await (await copy.pullTarget('a')).text());
      }
      await publish(masterOf(made, registry, made.store));
      await old.pullMetadata();
      expect(await (await old.pullTarget('a')).text()).toBe('a2');
      expect(await (await old.pullTarget('b')).text()).toBe('b1');
      return { finished, requests: seen.length };
    });
    expect(finished).not.toContain(true);
  });

  it('while keys change leaves clients verifying at every request (ATTACKS 63)', async () => {
    await atEveryRequest(async (kill) => {
      const registry = embeddedRegistry();
      const made = await publisher(registry);
      await made.master.pushTarget('a', bytesOf('a1'));
      await made.master.pushMetadata();
      const old = client(registry, made.repository, { trust: made.rootKey });
      await old.pullMetadata();
      const next = await publisher(embeddedRegistry());
      const keys = { ...next.keys, ...(made.keys.root ? { root: made.keys.root } : {}) };
      await new DTufMaster({
        host: registry,
        repository: made.repository,
        store: made.store,
        lock: memoryLock(),
        keys,
      }).resetKeys();
      const { fetch, seen } = watched(registry, (_, count) => {
        if (count >= kill) throw new Killed();
      });
      const publish = (host: Place) =>
        new DTufMaster({
          host,
          repository: made.repository,
          store: made.store,
          lock: memoryLock(),
          keys,
        }).pushMetadata();
      const finished = await publish({ fetch }).then(
        () => true,
        () => false,
      );
      for (const copy of [old, client(registry, made.repository, { trust: made.rootKey })]) {
        await copy.pullMetadata();
        expect(await (await copy.pullTarget('a')).text()).toBe('a1');
      }
      await publish(registry);
      expect((await old.pullMetadata()).rootVersion).toBe(2);
      return { finished, requests: seen.length };
    });
  });
});

describe('two publishers', () => {
  it('merge what both pushed where the other was visible before (ATTACKS 66)', async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry);
    await made.master.pushMetadata();
    const other = await elsewhere(made, registry);
    await other.pushTarget('theirs', bytesOf('theirs'));
    await other.pushMetadata();
    await made.master.pushTarget('ours', bytesOf('ours'));
    const { version, healed } = await made.master.pushMetadata();
    expect(healed).toBe(false);
    expect(version).toBe(4);
    const copy = client(registry, made.repository, { trust: made.rootKey });
    expect((await copy.pullMetadata()).changed.toSorted()).toEqual(['ours', 'theirs']);
  });

  it('keep every root that the other published, so that clients of before can follow (ATTACKS 66)', async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry);
    await made.master.pushMetadata();
    const old = client(registry, made.repository, { trust: made.rootKey });
    await old.pullMetadata();
    const other = await elsewhere(made, registry);
    for (const _ of [2, 3]) await other.resetKeys();
    await other.pushMetadata();
    await made.master.pushMetadata();
    expect((await old.pullMetadata()).rootVersion).toBe(3);
  });

  it('at the very same moment are healed above both, and no client is left refusing (ATTACKS 66)', async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry);
    await made.master.pushMetadata();
    const old = client(registry, made.repository, { trust: made.rootKey });
    await old.pullMetadata();
    const other = await elsewhere(made, registry);
    await other.pushTarget('theirs', bytesOf('theirs'));
    let raced = false;
    // Right after our switch theirs arrives, which was signed over the same state.
    const { fetch } = watched(registry, async (request) => {
      if (raced || request.method !== 'PUT' || !request.path.endsWith('/manifests/timestamp.json')) return;
      raced = true;
      await other.pushMetadata();
      await old.pullMetadata();
    });
    const ours = masterOf(made, registry, made.store, fetch);
    await ours.pushTarget('ours', bytesOf('ours'));
    await ours.pushMetadata();
    // Ours was written over theirs with the same version: their next publish finds out and brings theirs back.
    await other.pushMetadata();
    expect((await old.pullMetadata()).changed.toSorted()).toEqual(['ours', 'theirs']);
  });

  it('a publisher that was overwritten right after its switch merges and publishes above (ATTACKS 66)', async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry);
    await made.master.pushMetadata();
    const other = await elsewhere(made, registry);
    await other.pushTarget('theirs', bytesOf('theirs'));
    let switches = 0;
    const { fetch } = watched(registry, async (request) => {
      // Between our switch and our look at it, the other publishes above.
      if (request.method === 'PUT' && request.path.endsWith('/manifests/timestamp.json')) switches += 1;
      else if (
        switches === 1 &&
        request.method === 'GET' &&
        request.path.endsWith('/manifests/timestamp.json')
      ) {
        switches += 1;
        await other.pushMetadata();
      }
    });
    const ours = masterOf(made, registry, made.store, fetch);
    await ours.pushTarget('ours', bytesOf('ours'));
    const { healed, version } = await ours.pushMetadata();
    expect(healed).toBe(true);
    expect(version).toBe(5);
    const copy = client(registry, made.repository, { trust: made.rootKey });
    expect((await copy.pullMetadata()).changed.toSorted()).toEqual(['ours', 'theirs']);
  });

  it('a stale answer after the switch is asked for again and then told, not healed (ATTACKS 99)', async () => {
    const registry = embeddedRegistry();
    const made = await publisher(registry);
    await made.master.pushMetadata();
    const url = `http://localhost/v2/${made.repository}/manifests/timestamp.json`;
    const yesterday = await registry.fetch(url);
    const body = await yesterday.arrayBuffer();
    const { fetch, seen } = watched(registry, (request) => {
      if (request.method === 'GET' && request.path.endsWith('/manifests/timestamp.json')) {
        return new Response(body.slice(0), { headers: yesterday.headers });
      }
    });
    const notices: string[] = [];
    const { healed, version } = await masterOf(made, registry, made.store, fetch, notices).pushMetadata();
    expect(healed).toBe(false);
    expect(notices.join()).toMatch(/stale/);
    expect(
      seen.filter(({ method, path }) => method === 'PUT' && path.endsWith('/manifests/timestamp.json')),
    ).toHaveLength(1);
    const copy = client(registry, made.repository, { trust: made.rootKey });
    await copy.pullMetadata();
    expect(version).toBe(3);
  });

  it('a repository that is not ours is not overwritten', async () => {
    const registry = embeddedRegistry();
    const first = await publisher(registry);
    await first.master.pushMetadata();
    const second = await publisher(registry, { repository: first.repository });
    await expect(second.master.pushMetadata()).rejects.toMatchObject({ code: 'TRUST_BROKEN' });
    const copy = client(registry, first.repository, { trust: first.rootKey });
    await copy.pullMetadata();
  });
});

describe('what cannot be published', () => {
  it.each([
    '',
    '../x',
    '/x',
    'a//b',
    'a/./b',
    'timestamp.json',
    '12.root.json',
    'new\nline',
    'nul\0',
    `${'a'.repeat(64)}.name`,
    'half \ud800 pair',
    'x'.repeat(5000),
  ])('the name %j is refused before anything is sent (ATTACKS 48)', async (name) => {
    const { fetch, seen } = watched(embeddedRegistry());
    const { master } = await publisher({ fetch });
    await expect(master.pushTarget(name, bytesOf('data'))).rejects.toMatchObject({ code: 'TARGET_RESERVED' });
    expect(seen).toEqual([]);
  });

  it.each([
    'C:\\x',
    'con',
    '%2e%2e',
    '?',
    '#',
    'ümlaut/日本語.txt',
    '__proto__',
    'a b',
    'timestamp.json.gz',
    '_x',
  ])('the name %j is a name like any other (ATTACKS 48)', async (name) => {
    const registry = embeddedRegistry();
    const { master, repository, rootKey } = await publisher(registry);
    await master.pushTarget(name, bytesOf(name));
    await master.pushTarget('both', [`@${name}`, bytesOf('!')]);
    await master.pushMetadata();
    const copy = client(registry, repository, { trust: rootKey });
    await copy.pullMetadata();
    expect(await (await copy.pullTarget(name)).text()).toBe(name);
    expect(await (await copy.pullTarget('both')).text()).toBe(`${name}!`);
  });

  it.each([
    [{ dtuf: { mediaType: 'x/y' } }],
    [{ a: 1.5 }],
    [{ a: 2 ** 53 }],
    [{ a: ['\ud800'] }],
    [{ a: Number.NaN }],
  ])(
    'custom data %j that has no one form, or is ours, is refused before anything is sent (ATTACKS 80)',
    async (custom) => {
      const { fetch, seen } = watched(embeddedRegistry());
      const { master } = await publisher({ fetch });
      await expect(master.pushTarget('a', bytesOf('a'), { custom })).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
      });
      expect(seen).toEqual([]);
    },
  );

  it('custom data with every kind of character comes back as it was (ATTACKS 80)', async () => {
    const custom = { 'new\nline': 'tab\t\u2028', '\u{1f600}': 1, '\ue000': [true, null, -5], __proto__x: {} };
    const registry = embeddedRegistry();
    const { master, repository, rootKey } = await publisher(registry);
    await master.pushTarget('a', bytesOf('a'), { custom });
    await master.pushMetadata();
    const copy = client(registry, repository, { trust: rootKey });
    await copy.pullMetadata();
    expect((await copy.pullTarget('a')).custom).toEqual(custom);
  });
});
