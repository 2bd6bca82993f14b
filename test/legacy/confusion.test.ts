// Only signed bytes and pinned state decide how a repository is read: the form of what a registry answers does not.

import { describe, expect, it } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { portableDigester } from '../../src/content/digester.ts';
import { toHex } from '../../src/encoding.ts';
import { DTufCopy, memoryStore, type Role, type Store } from '../../src/index.ts';
import { LegacyPublisher } from '../../src/layout/legacy-publisher.ts';
import { NativePublisher } from '../../src/layout/native-publisher.ts';
import type { BundleFiles } from '../../src/layout/write-bundle.ts';
import { defaultLimits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { readMasterState } from '../../src/publish/master-state.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { Registry } from '../../src/registry/registry.ts';
import { fileInfo } from '../../src/tuf/file-info.ts';
import { signMetadata, snapshotToSign, targetsToSign, timestampToSign } from '../../src/tuf/signing.ts';
import { parseTimestamp } from '../../src/tuf/timestamp.ts';
import { bytesOf, client, namesOf, type Publisher, publisher } from '../core/people.ts';

/** In hex. */
async function sha256(text: string): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytesOf(text))));
}

type Place = ReturnType<typeof embeddedRegistry>;
type Layout = 'native' | 'legacy';

/** A publisher that has published `targets`. */
async function published(
  place: Place,
  layout: Layout,
  targets: Readonly<Record<string, string>>,
): Promise<Publisher> {
  const made = await publisher(place, { layout });
  for (const [name, text] of Object.entries(targets)) await made.master.pushTarget(name, bytesOf(text));
  await made.master.pushMetadata();
  return made;
}

/** Offers what a publisher has signed in another form, in a repository of its own or in the place of the first. */
async function offerAs(place: Place, layout: Layout, repository: string, store: Store): Promise<void> {
  const { roots, timestamp, snapshot, targets } = await readMasterState(store);
  const files: BundleFiles = {
    timestamp: timestamp.bytes,
    snapshot: [`${snapshot.signed.version}.snapshot.json`, snapshot.bytes],
    targets: [`${targets.signed.version}.targets.json`, targets.bytes],
    roots: [...roots].map(([version, root]) => [`${version}.root.json`, root.bytes] as const),
  };
  await offer(place, layout, repository, files);
}

async function offer(place: Place, layout: Layout, repository: string, files: BundleFiles): Promise<void> {
  const to = publisherOf(place, layout, repository);
  await to.upload(files, {});
  await to.switchTo(parseTimestamp(files.timestamp).signed.version, files, {});
}

function publisherOf(place: Place, layout: Layout, repository: string) {
  const Publishing = layout === 'native' ? NativePublisher : LegacyPublisher;
  return new Publishing(new Registry({ place }).repository(repository), portableDigester, defaultLimits);
}

/** Sends a target of python-dtuf whose data is `text`. */
async function pushedList(place: Place, repository: string, text: string): Promise<Bytes> {
  const content = { length: text.length, open: () => new Blob([text]).stream() };
  const { list } = await publisherOf(place, 'legacy', repository).pushTarget(
    'file',
    [content],
    undefined,
    {},
  );
  if (list === undefined) throw new Error('a legacy target has a list');
  return list;
}

/** The next root without the mark of the layout, and metadata of which `file` is `list`, by the keys of `native`. */
async function signedAgainWithoutMark(native: Publisher, list: Bytes): Promise<BundleFiles> {
  const state = await readMasterState(native.store);
  const validity = { version: 9, expires: new Date(Date.now() + 3_600_000) };
  const by = (role: Role) => {
    const [keyid = ''] = state.root.signed.roles[role].keyids;
    const signer = native.keys[role];
    if (signer === undefined) throw new Error('a publisher has all keys');
    return [{ keyid, signer }];
  };
  const { 'x-dtuf': _, ...unmarked } = state.root.signed.raw;
  const root = await signMetadata({ ...unmarked, version: 2 }, by('root'));
  const entries = new Map([['file', await fileInfo(list)]]);
  const targets = await signMetadata(targetsToSign(validity, entries), by('targets'));
  const meta = new Map([['targets.json', { version: 9 }]]);
  const snapshot = await signMetadata(snapshotToSign(validity, meta), by('snapshot'));
  const timestamp = await signMetadata(await timestampToSign(validity, 9, snapshot), by('timestamp'));
  return {
    timestamp,
    snapshot: ['9.snapshot.json', snapshot],
    targets: ['9.targets.json', targets],
    roots: [
      ['1.root.json', state.root.bytes],
      ['2.root.json', root],
    ],
  };
}

/** What a client is handed of a target, or the code of the refusal. */
async function outcome(
  place: Place,
  repository: string,
  options: { trust?: string; store?: Store; layout?: Layout },
  name: string,
): Promise<string> {
  const copy = new DTufCopy({ host: place, repository, store: memoryStore(), ...options });
  try {
    await copy.pullMetadata();
    return await (await copy.pullTarget(name)).text();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

const LIST = `{"config":{"digest":"sha256:${'a'.repeat(64)}","mediaType":"x","size":1},"layers":[{"digest":"sha256:${'a'.repeat(64)}","mediaType":"application/octet-stream","size":1}],"mediaType":"application/vnd.docker.distribution.manifest.v2+json","schemaVersion":2}`;

describe('native metadata under the tags and in the manifests of python-dtuf', () => {
  it.each([undefined, 'native', 'legacy'] as const)(
    'is refused, with the layout %s chosen (ATTACKS 92)',
    async (layout) => {
      const place = embeddedRegistry();
      const { repository, store, rootKey } = await published(place, 'native', { list: LIST });
      const options = { trust: rootKey, ...(layout ? { layout } : {}) };
      await offerAs(place, 'legacy', repository, store);
      expect(await outcome(place, repository, options, 'list')).toBe('NOT_A_REPOSITORY');
    },
  );

  it('is refused by a client that was here when it was native (ATTACKS 92)', async () => {
    const place = embeddedRegistry();
    const { repository, store, rootKey } = await published(place, 'native', { list: LIST });
    const state = memoryStore();
    expect(await outcome(place, repository, { trust: rootKey, store: state }, 'list')).toBe(LIST);
    await offerAs(place, 'legacy', repository, store);
    expect(await outcome(place, repository, { store: state }, 'list')).toBe('NOT_A_REPOSITORY');
    expect(await outcome(place, repository, { store: state, layout: 'legacy' }, 'list')).toBe(
      'NOT_A_REPOSITORY',
    );
  });
});

describe('a native target that is itself a list of blobs', () => {
  it('is handed out as the file that was signed (ATTACKS 92)', async () => {
    const place = embeddedRegistry();
    const { repository, rootKey } = await published(place, 'native', { list: LIST });
    expect(await outcome(place, repository, { trust: rootKey }, 'list')).toBe(LIST);
    const chosen = await outcome(place, repository, { trust: rootKey, layout: 'legacy' }, 'list');
    expect(['NOT_A_REPOSITORY', LIST]).toContain(chosen);
  });
});

describe('metadata of python-dtuf in a bundle', () => {
  it('is refused: nothing that is signed says that it is native (ATTACKS 92)', async () => {
    const place = embeddedRegistry();
    const { repository, store, rootKey } = await published(place, 'legacy', { file: 'data' });
    const state = memoryStore();
    expect(await outcome(place, repository, { trust: rootKey, store: state }, 'file')).toBe('data');
    await offerAs(place, 'native', repository, store);
    for (const options of [
      { trust: rootKey },
      { store: state },
      { trust: rootKey, layout: 'legacy' as const },
    ])
      expect(await outcome(place, repository, options, 'file')).toBe('NOT_A_REPOSITORY');
    const fresh = client(place, repository, { trust: rootKey });
    await expect(fresh.pullMetadata()).rejects.toThrow('DTUF_LAYOUT=native');
  });

  it('is read as plain TUF files where the caller says so: what is signed is the list (ATTACKS 92)', async () => {
    const place = embeddedRegistry();
    const { repository, store, rootKey } = await published(place, 'legacy', { file: 'data' });
    await offerAs(place, 'native', repository, store);
    const got = await outcome(place, repository, { trust: rootKey, layout: 'native' }, 'file');
    expect(JSON.parse(got)).toMatchObject({ schemaVersion: 2, layers: [{ size: 4 }] });
  });

  it('is refused where the state was legacy, also with the layout native chosen (ATTACKS 92)', async () => {
    const place = embeddedRegistry();
    const { repository, store, rootKey } = await published(place, 'legacy', { file: 'data' });
    const state = memoryStore();
    await outcome(place, repository, { trust: rootKey, store: state }, 'file');
    await offerAs(place, 'native', repository, store);
    expect(await outcome(place, repository, { store: state, layout: 'native' }, 'file')).toBe(
      'NOT_A_REPOSITORY',
    );
  });
});

describe('a repository of python-dtuf', () => {
  it('is not read as native, whatever is chosen, in its own form', async () => {
    const place = embeddedRegistry();
    const { repository, rootKey } = await published(place, 'legacy', { file: 'data' });
    const options = { trust: rootKey, layout: 'native' as const };
    expect(await outcome(place, repository, options, 'file')).toBe('NOT_A_REPOSITORY');
  });

  it('that is signed by the keys of a native one does not take its place (ATTACKS 92)', async () => {
    const place = embeddedRegistry();
    const native = await published(place, 'native', { file: 'native' });
    const { repository, rootKey } = native;
    const state = memoryStore();
    expect(await outcome(place, repository, { trust: rootKey, store: state }, 'file')).toBe('native');

    const list = await pushedList(place, repository, 'legacy');
    const files = await signedAgainWithoutMark(native, list);
    await offer(place, 'legacy', repository, files);
    expect(await outcome(place, repository, { store: state }, 'file')).toBe('NOT_A_REPOSITORY');
    expect(await outcome(place, repository, { trust: rootKey }, 'file')).toBe('legacy');
    // In a bundle it is read as native still, without the mark: the file is what was signed, here a list.
    await offer(place, 'native', repository, files);
    expect(await outcome(place, repository, { store: state }, 'file')).toBe(new TextDecoder().decode(list));
  });

  it('is not overwritten by a publisher of another layout, nor a native one (ATTACKS 92)', async () => {
    const place = embeddedRegistry();
    const legacy = await published(place, 'legacy', { file: 'data' });
    const native = await published(place, 'native', { file: 'data' });
    for (const [layout, victim] of [
      ['native', legacy],
      ['legacy', native],
    ] as const) {
      const rival = await publisher(place, { layout, repository: victim.repository });
      await rival.master.pushTarget('file', bytesOf('rival'));
      const pushed = rival.master.pushMetadata();
      await expect(pushed).rejects.toMatchObject({
        code: expect.stringMatching(/TRUST_BROKEN|NOT_A_REPOSITORY/),
      });
      expect(await outcome(place, victim.repository, { trust: victim.rootKey }, 'file')).toBe('data');
    }
  });

  it('of which a list of blobs is answered with another list or file is refused (ATTACKS 92)', async () => {
    const place = embeddedRegistry();
    const { repository, rootKey, master } = await published(place, 'legacy', { a: 'aaaa', b: 'bbbb' });
    const digests = new Map<string, string>();
    for await (const { name, hashes } of master.listTargets())
      digests.set(name, `sha256:${hashes['sha256']}`);
    const swapped: Place = {
      fetch: (input, init) => {
        const url = String(input instanceof Request ? input.url : input);
        return place.fetch(url.replace(digests.get('a') ?? '', digests.get('b') ?? ''), init);
      },
    };
    expect(await outcome(place, repository, { trust: rootKey }, 'a')).toBe('aaaa');
    const refused = await outcome(swapped, repository, { trust: rootKey }, 'a');
    expect(['TARGET_MISMATCH', 'DIGEST_MISMATCH']).toContain(refused);
  });
});

describe('what is no repository of python-dtuf', () => {
  const put = async (place: Place, tag: string, type: string, manifest: object) => {
    const answer = await place.fetch(`http://localhost/v2/test/other/manifests/${tag}`, {
      method: 'PUT',
      headers: { 'Content-Type': type },
      body: JSON.stringify({ schemaVersion: 2, mediaType: type, ...manifest }),
    });
    expect(answer.status).toBe(201);
  };
  const blob = async (place: Place, text: string) => {
    const digest = `sha256:${await sha256(text)}` as const;
    const { blobs } = new Registry({ place }).repository('test/other');
    await pushBlob(
      blobs,
      { digest, size: text.length },
      { length: text.length, open: () => new Blob([text]).stream() },
    );
    return { digest, size: text.length };
  };
  const image = async (place: Place, tag: string) => {
    const layer = await blob(place, 'a layer, not a file of TUF');
    await put(place, tag, 'application/vnd.docker.distribution.manifest.v2+json', {
      config: { ...(await blob(place, '{}')), mediaType: 'application/vnd.docker.container.image.v1+json' },
      layers: [{ ...layer, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' }],
    });
  };
  const root = async () => {
    const { store, rootKey } = await publisher(embeddedRegistry(), { layout: 'legacy' });
    const {
      root: { bytes },
    } = await readMasterState(store);
    return { rootKey, rootJson: new TextDecoder().decode(bytes) };
  };

  it('a Docker image is told to be none, with a root key and with a root.json (ATTACKS 86)', async () => {
    const place = embeddedRegistry();
    await image(place, 'timestamp.json');
    const { rootKey, rootJson } = await root();
    for (const trust of [rootKey, rootJson])
      expect(await outcome(place, 'test/other', { trust }, 'x')).toBe('NOT_A_REPOSITORY');
    await image(place, 'root.json');
    expect(await outcome(place, 'test/other', { trust: rootKey }, 'x')).toBe('NOT_A_REPOSITORY');
  });

  it('an image index is told to be none (ATTACKS 86)', async () => {
    const place = embeddedRegistry();
    const index = { manifests: [] };
    await put(place, 'timestamp.json', 'application/vnd.oci.image.index.v1+json', index);
    const { rootKey, rootJson } = await root();
    for (const trust of [rootKey, rootJson])
      for (const layout of [undefined, 'legacy', 'native'] as const)
        expect(await outcome(place, 'test/other', { trust, ...(layout ? { layout } : {}) }, 'x')).toBe(
          'NOT_A_REPOSITORY',
        );
  });
});

describe('the blobs of a list', () => {
  /** A repository whose target `x` has three parts; it is not published yet. */
  const withList = async (place: Place) => {
    const made = await publisher(place, { layout: 'legacy' });
    await made.master.pushTarget('x', [bytesOf('first'), bytesOf('second'), new Uint8Array()]);
    return made;
  };

  it('are handed out in order, the same twice, and empty ones (ATTACKS 76)', async () => {
    const place = embeddedRegistry();
    const { master, repository, rootKey } = await withList(place);
    await master.pushTarget('twice', ['@x', '@x', bytesOf('.')]);
    await master.pushMetadata();
    const copy = client(place, repository, { trust: rootKey });
    await copy.pullMetadata();
    expect(await copy.blobSizes('twice')).toEqual([5, 6, 0, 5, 6, 0, 1]);
    expect(await (await copy.pullTarget('twice')).text()).toBe('firstsecondfirstsecond.');
  });

  it.each([
    ['missing', () => new Response(null, { status: 404 }), 'TARGET_MISSING'],
    ['larger', () => new Response('first and more'), 'TARGET_MISMATCH'],
    ['smaller', () => new Response('fir'), 'TARGET_MISMATCH'],
    ['others', () => new Response('worst'), 'TARGET_MISMATCH'],
  ] as const)('are refused where they are %s (ATTACKS 76)', async (_, answer, code) => {
    const place = embeddedRegistry();
    const { master, repository, rootKey } = await withList(place);
    await master.pushMetadata();
    const first = await sha256('first');
    const lying: Place = {
      fetch: async (input, init) =>
        String(input instanceof Request ? input.url : input).includes(first)
          ? answer()
          : place.fetch(input, init),
    };
    expect(await outcome(lying, repository, { trust: rootKey }, 'x')).toBe(code);
  });

  it('are refused where they are too many, and foreign addresses are never asked (ATTACKS 76)', async () => {
    const place = embeddedRegistry();
    const { master, repository, rootKey, store } = await withList(place);
    const name = 'repository/targets/x';
    const file = (await store.read([name])).get(name);
    const list = JSON.parse(new TextDecoder().decode(file?.bytes)) as { layers: object[] };
    list.layers = list.layers.map((layer) => ({ ...layer, urls: ['http://127.0.0.1:1/foreign'] }));
    await store.commit(new Map(), new Map([[name, bytesOf(JSON.stringify(list))]]));
    await master.pushMetadata();
    const asked: string[] = [];
    const watched: Place = {
      fetch: (input, init) => {
        asked.push(new URL(String(input instanceof Request ? input.url : input)).host);
        return place.fetch(input, init);
      },
    };
    expect(await outcome(watched, repository, { trust: rootKey }, 'x')).toBe('firstsecond');
    expect([...new Set(asked)]).toEqual(['localhost']);
    const copy = new DTufCopy({
      host: place,
      repository,
      trust: rootKey,
      store: memoryStore(),
      limits: { layers: 2 },
    });
    await copy.pullMetadata();
    await expect((await copy.pullTarget('x')).text()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await namesOf(copy.listTargets())).toEqual(['x']);
  });
});

describe.each(['native', 'legacy'] as const)('in the %s layout', (layout) => {
  it('a part of another target is signed as it was, not as the registry sends it now', async () => {
    const place = embeddedRegistry();
    const lying: { on: boolean } = { on: false };
    const first = await sha256('first');
    const host: Place = {
      fetch: (input, init) => {
        const { method, url } =
          input instanceof Request ? input : { method: init?.method, url: String(input) };
        const lies = lying.on && url.endsWith(`/blobs/sha256:${first}`) && (method ?? 'GET') === 'GET';
        return lies ? Promise.resolve(new Response('worst')) : place.fetch(input, init);
      },
    };
    const { master, repository, rootKey } = await publisher(host, { layout });
    await master.pushTarget('one', bytesOf('first'));
    lying.on = true;
    await master.pushTarget('two', ['@one', bytesOf(' second')]).catch(() => undefined);
    lying.on = false;
    await master.pushMetadata();
    expect(['first second', 'TARGET_NOT_FOUND']).toContain(
      await outcome(place, repository, { trust: rootKey }, 'two'),
    );
  });
});
