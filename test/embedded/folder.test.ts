import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderStorage } from '../../adapters/registry/folder.ts';
import {
  bytes,
  descriptor,
  errorCode,
  ociIndex,
  ociManifest,
  Repository,
  repository,
  sha256,
  temporaryFolder,
} from './places.ts';

const refName = 'org.opencontainers.image.ref.name';

function open(folder: string): Repository {
  return repository(folderStorage(folder));
}

function readIndex(layout: string): {
  manifests: { digest: string; annotations?: Record<string, string> }[];
} {
  return JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
}

describe('an image layout a repository', () => {
  test('a repository is an OCI image layout', async () => {
    const folder = temporaryFolder();
    const text = await open(folder).pushImage('v1', 'layer');
    const layout = join(folder, 'fred/demo');
    expect(JSON.parse(readFileSync(join(layout, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    });
    expect(readIndex(layout)).toEqual({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [{ ...descriptor(ociManifest, text), annotations: { [refName]: 'v1' } }],
    });
    const names = readdirSync(join(layout, 'blobs/sha256')).sort();
    expect(names).toEqual(
      [sha256('{}'), sha256('layer'), sha256(text)].map((digest) => digest.slice(7)).sort(),
    );
    expect(readdirSync(join(folder, '_uploads'))).toEqual([]);
    expect(readdirSync(layout).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  });

  test('what one storage wrote, another one serves', async () => {
    const folder = temporaryFolder();
    const [writer, reader] = [open(folder), open(folder)];
    expect((await reader.ask('manifests/v1')).status).toBe(404);
    for (const layer of ['one', 'two']) {
      const text = await writer.pushImage('v1', layer);
      expect(await (await reader.ask('manifests/v1')).text()).toBe(text);
    }
  });

  test('a manifest is listed once without a tag, or once for each of its tags', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const text = await demo.imageText('layer');
    const tags = () =>
      readIndex(join(folder, 'fred/demo')).manifests.map((entry) => entry.annotations?.[refName]);
    await demo.putManifest(sha256(text), text);
    await demo.putManifest(sha256(text), text);
    expect(tags()).toEqual([undefined]);
    await demo.putManifest('v1', text);
    await demo.putManifest('v2', text);
    await demo.putManifest('v1', text);
    expect(tags().sort()).toEqual(['v1', 'v2']);
    await demo.ask('manifests/v1', { method: 'DELETE' });
    expect(tags()).toEqual(['v2']);
    await demo.ask('manifests/v2', { method: 'DELETE' });
    expect(tags()).toEqual([undefined]);
  });

  test('what another tool put into index.json is kept, and is no tag of ours where it is none', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    await demo.pushImage('v1', 'layer');
    const path = join(folder, 'fred/demo/index.json');
    const index = JSON.parse(readFileSync(path, 'utf8'));
    const foreign = {
      ...descriptor(ociManifest, 'x'),
      platform: { os: 'linux' },
      annotations: { [refName]: 'docker.io/library/x:1', other: 'kept' },
    };
    const extended = { ...index, annotations: { a: 'b' }, manifests: [foreign, ...index.manifests] };
    writeFileSync(path, JSON.stringify(extended));
    expect(await (await demo.ask('tags/list')).json()).toMatchObject({ tags: ['v1'] });
    await demo.pushImage('v2', 'layer2');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      annotations: { a: 'b' },
      manifests: [foreign, {}, {}],
    });
  });

  test('a manifest that only an index of another tool names is served by its digest', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const child = await demo.pushImage('v1', 'layer');
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: ociIndex,
      manifests: [descriptor(ociManifest, child)],
    });
    await demo.putManifest('list', text, ociIndex);
    const path = join(folder, 'fred/demo/index.json');
    const index = readIndex(join(folder, 'fred/demo'));
    const alone = { ...index, manifests: index.manifests.filter(({ digest }) => digest === sha256(text)) };
    writeFileSync(path, JSON.stringify(alone));
    const response = await demo.ask(`manifests/${sha256(child)}`);
    expect([response.headers.get('content-type'), await response.text()]).toEqual([ociManifest, child]);
  });

  test.each([
    '{',
    '[]',
    '{"manifests":[{}]}',
    '{"manifests":[{"mediaType":"a","digest":"b","size":1,"annotations":{"c":1}}]}',
  ])('an index.json of %s is a clear error, and stays as it is (ATTACKS 40)', async (text) => {
    const folder = temporaryFolder();
    const demo = open(folder);
    await demo.pushImage('v1', 'layer');
    const path = join(folder, 'fred/demo/index.json');
    writeFileSync(path, text);
    const read = await demo.ask('manifests/v1');
    expect([read.status, await errorCode(read)]).toEqual([500, 'UNKNOWN']);
    await expect(demo.pushImage('v2', 'layer')).rejects.toThrow('index.json');
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('a media type in index.json that is none of a manifest is not served', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    await demo.pushImage('v1', 'layer');
    const path = join(folder, 'fred/demo/index.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace(ociManifest, 'text/html'));
    expect((await demo.ask('manifests/v1')).status).toBe(404);
  });

  test('a blob that is shorter than it was breaks the answer off', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const content = bytes(600_000);
    const digest = await demo.pushBlob(content);
    const response = await demo.ask(`blobs/${digest}`);
    writeFileSync(join(folder, 'fred/demo/blobs/sha256', digest.slice(7)), content.slice(0, 300_000));
    await expect(response.arrayBuffer()).rejects.toThrow();
  });

  test('a blob that is pushed again heals what the disk has spoilt', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const digest = await demo.pushBlob('content');
    writeFileSync(join(folder, 'fred/demo/blobs/sha256', digest.slice(7)), 'spoilt!');
    await demo.pushBlob('content');
    expect(await (await demo.ask(`blobs/${digest}`)).text()).toBe('content');
  });

  test('uploads that a crash left are cleared away after a day, younger ones stay', async () => {
    const folder = temporaryFolder();
    const uploads = join(folder, '_uploads');
    mkdirSync(uploads);
    const [old, young] = [join(uploads, randomUUID()), join(uploads, randomUUID())];
    for (const path of [old, young]) writeFileSync(path, 'half');
    const yesterday = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(old, yesterday, yesterday);
    await open(folder).pushBlob('content');
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });

  test('a folder that is a file is a clear error without its path (ATTACKS 64)', async () => {
    const folder = join(temporaryFolder(), 'secret');
    writeFileSync(folder, '');
    const response = await open(folder).put('content', sha256('content'));
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
  });
});

describe('symbolic links', () => {
  /** A registry whose `path` is a link to a folder or file outside that has content. */
  async function withLink(path: string) {
    const folder = temporaryFolder();
    const outside = temporaryFolder();
    const digest = await open(outside).pushBlob('content');
    await open(outside).pushImage('v1', 'content');
    const from = join(folder, path);
    rmSync(from, { recursive: true, force: true });
    mkdirSync(join(from, '..'), { recursive: true });
    symlinkSync(join(outside, path), from);
    return { demo: open(folder), outside, folder, digest };
  }

  test.each(['fred', 'fred/demo', 'fred/demo/blobs', 'fred/demo/blobs/sha256'])(
    'a link at %s is not followed, for reading or writing (ATTACKS 60)',
    async (path) => {
      const { demo, outside, digest } = await withLink(path);
      const before = readdirSync(outside, { recursive: true }).sort();
      expect((await demo.ask(`blobs/${digest}`)).status).toBe(500);
      expect((await demo.ask(`blobs/${digest}`, { method: 'DELETE' })).status).toBe(500);
      expect((await demo.put('more', sha256('more'))).status).toBe(500);
      expect(readdirSync(outside, { recursive: true }).sort()).toEqual(before);
    },
  );

  test.each(['fred', 'fred/demo'])('a link at %s is not listed (ATTACKS 60)', async (path) => {
    const { demo } = await withLink(path);
    expect(await (await demo.registry.fetch('/v2/_catalog')).json()).toEqual({ repositories: [] });
  });

  test('a blob that is a link is not read (ATTACKS 60)', async () => {
    const digest = sha256('content');
    const { demo } = await withLink(`fred/demo/blobs/sha256/${digest.slice(7)}`);
    expect((await demo.ask(`blobs/${digest}`)).status).toBe(500);
  });

  test('an index.json that is a link is not read, nor written through (ATTACKS 60)', async () => {
    const { demo, outside } = await withLink('fred/demo/index.json');
    const before = readFileSync(join(outside, 'fred/demo/index.json'), 'utf8');
    expect((await demo.ask('manifests/v1')).status).toBe(500);
    await expect(demo.pushImage('v2', 'content')).rejects.toThrow('500');
    expect(readFileSync(join(outside, 'fred/demo/index.json'), 'utf8')).toBe(before);
  });

  test('a link in place of the uploads is not followed (ATTACKS 60)', async () => {
    const { demo, outside } = await withLink('_uploads');
    expect((await demo.put('more', sha256('more'))).status).toBe(500);
    expect(readdirSync(join(outside, '_uploads'))).toEqual([]);
  });

  test("the folder itself may be a link: that is its owner's choice", async () => {
    const folder = temporaryFolder();
    const link = join(temporaryFolder(), 'link');
    symlinkSync(folder, link);
    const text = await open(link).pushImage('v1', 'layer');
    expect(await (await open(folder).ask('manifests/v1')).text()).toBe(text);
  });
});

describe('the storage by itself', () => {
  test.each(['../x', '/etc', 'a/../b', '..', 'A', '_uploads', ''])(
    'refuses the repository name "%s" (ATTACKS 60)',
    async (name) => {
      const folder = temporaryFolder();
      const storage = folderStorage(join(folder, 'registry'));
      const refused = { code: 'INVALID_ARGUMENT' };
      await expect(storage.readIndex(name)).rejects.toMatchObject(refused);
      await expect(storage.updateIndex(name, async (index) => index)).rejects.toMatchObject(refused);
      const writer = await storage.createBlob(name);
      await writer.write(bytes(1));
      await expect(writer.commit(`sha256:${sha256(bytes(1)).slice(7)}`)).rejects.toMatchObject(refused);
      await writer.discard();
      expect(readdirSync(folder, { recursive: true }).sort()).toEqual(['registry', 'registry/_uploads']);
    },
  );
});

const hasSkopeo = spawnSync('skopeo', ['--version']).status === 0;
if (!hasSkopeo) {
  if (process.env['CI'] === 'true') throw new Error('skopeo is not installed, and CI must run its tests');
  console.error('NOT RUN: skopeo is not installed: that it reads and writes a layout is not tested');
}

describe.runIf(hasSkopeo)('skopeo', () => {
  const skopeo = (...args: string[]) =>
    execFileSync('skopeo', ['--insecure-policy', ...args], { encoding: 'utf8' });

  test('skopeo reads a repository as an OCI layout, one tag of many', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    await demo.pushImage('v1', 'one');
    const text = await demo.pushImage('v2', 'two');
    await demo.pushImage('v1', 'three');
    expect(skopeo('inspect', '--raw', `oci:${folder}/fred/demo:v2`)).toBe(text);
  });

  test('an image that skopeo copied into the folder is served, beside ours', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const text = await demo.pushImage('v1', 'one');
    await new Repository(demo.registry, 'other').pushImage('v0', 'two');
    skopeo('copy', `oci:${folder}/fred/demo:v1`, `oci:${folder}/other:v1`);
    const other = new Repository(demo.registry, 'other');
    expect(await (await other.ask('manifests/v1')).text()).toBe(text);
    expect(await (await other.ask(`blobs/${sha256('one')}`)).text()).toBe('one');
    expect(await (await other.ask('tags/list')).json()).toMatchObject({ tags: ['v0', 'v1'] });
  });
});
