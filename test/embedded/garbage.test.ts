import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { folderStorage } from '../../adapters/registry/folder.ts';
import { collectGarbage } from '../../adapters/registry/garbage.ts';
import { descriptor, ociIndex, type Repository, repository, sha256, temporaryFolder } from './places.ts';

describe('garbage collection', () => {
  const blobsOf = (folder: string, name = 'fred/demo') =>
    readdirSync(join(folder, name, 'blobs/sha256')).sort();
  const hexes = (...texts: string[]) => texts.map((text) => sha256(text).slice(7)).sort();

  function open(folder: string): Repository {
    return repository(folderStorage(folder));
  }

  test('what no manifest names is deleted, and all else stays', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const image = await demo.pushImage('v1', 'layer');
    await demo.pushBlob('nobody’s');
    expect(await collectGarbage(folder, { grace: 0 })).toEqual({ blobs: 1, bytes: 10 });
    expect(blobsOf(folder)).toEqual(hexes(image, 'layer', '{}'));
    expect(await collectGarbage(folder, { grace: 0 })).toEqual({ blobs: 0, bytes: 0 });
  });

  test('what is named by sha512 is judged likewise', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const sha512 = (text: string) => createHash('sha512').update(text).digest('hex');
    for (const text of ['kept', 'nobody’s']) await demo.put(text, `sha512:${sha512(text)}`);
    const image: object = JSON.parse(await demo.imageText('layer'));
    const kept = descriptor('application/x', 'kept', `sha512:${sha512('kept')}`);
    const text = JSON.stringify({ ...image, layers: [kept] });
    expect((await demo.putManifest(`sha512:${sha512(text)}`, text)).status).toBe(201);
    await collectGarbage(folder, { grace: 0 });
    expect(readdirSync(join(folder, 'fred/demo/blobs/sha512')).sort()).toEqual(
      [sha512('kept'), sha512(text)].sort(),
    );
    expect(blobsOf(folder)).toEqual(hexes('{}'));
  });

  test('a deleted manifest goes with the blobs that were its alone', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const [one, two] = [await demo.pushImage('one', 'first'), await demo.pushImage('two', 'second')];
    await demo.ask(`manifests/${sha256(one)}`, { method: 'DELETE' });
    expect((await collectGarbage(folder, { grace: 0 })).blobs).toBe(2);
    expect(blobsOf(folder)).toEqual(hexes(two, 'second', '{}'));
  });

  test('the manifests of an index stay with their blobs, also where index.json does not list them', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const image = await demo.pushImage('image', 'layer');
    const text = (child: string, mediaType: string) =>
      JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [descriptor(mediaType, child)] });
    const inner = text(image, 'application/vnd.oci.image.manifest.v1+json');
    const outer = text(inner, ociIndex);
    await demo.putManifest('inner', inner, ociIndex);
    expect((await demo.putManifest('outer', outer, ociIndex)).status).toBe(201);
    for (const tag of ['image', 'inner']) await demo.ask(`manifests/${tag}`, { method: 'DELETE' });
    await folderStorage(folder).updateIndex('fred/demo', async (index) => ({
      ...index,
      manifests: index.manifests.filter(({ digest }) => digest === sha256(outer)),
    }));
    await collectGarbage(folder, { grace: 0 });
    expect(blobsOf(folder)).toEqual(hexes(outer, inner, image, 'layer', '{}'));
  });

  test('what a manifest of an unknown type names stays', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    await demo.pushBlob('named');
    const text = JSON.stringify({ things: [{ digest: sha256('named') }] });
    const digest = await demo.pushBlob(text);
    await folderStorage(folder).updateIndex('fred/demo', async (index) => ({
      ...index,
      manifests: [{ mediaType: 'application/x', digest, size: text.length }],
    }));
    await collectGarbage(folder, { grace: 0 });
    expect(blobsOf(folder)).toEqual(hexes('named', text));
  });

  test('a blob that has just come stays, also under an old date: its manifest may be on its way', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    const digest = await demo.pushBlob('new');
    const yesterday = Date.now() / 1000 - 25 * 60 * 60;
    utimesSync(join(folder, 'fred/demo/blobs/sha256', digest.slice(7)), yesterday, yesterday);
    const mount = `http://localhost/v2/other/blobs/uploads/?mount=${digest}&from=fred/demo`;
    expect((await demo.registry.fetch(mount, { method: 'POST' })).status).toBe(201);
    expect(await collectGarbage(folder)).toEqual({ blobs: 0, bytes: 0 });
    expect(blobsOf(folder, 'other')).toEqual(hexes('new'));
  });

  test('while images are pushed, no manifest is taken in whose blobs are gone (ATTACKS 61)', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    let pushing = true;
    const pushed = Array.from({ length: 8 }, async (_, i) => {
      // Without grace an upload may be taken away before its manifest is there: that is answered, and sent again.
      while (!(await demo.putManifest(`t${i}`, await demo.imageText(`layer ${i}`))).ok);
    });
    const all = Promise.all(pushed).finally(() => {
      pushing = false;
    });
    while (pushing) await collectGarbage(folder, { grace: 0 });
    await all;
    for (let i = 0; i < 8; i++) {
      expect((await demo.ask(`manifests/t${i}`)).status).toBe(200);
      expect(await (await demo.ask(`blobs/${sha256(`layer ${i}`)}`)).text()).toBe(`layer ${i}`);
    }
  });

  test('where an index cannot be read, nothing of its repository is deleted', async () => {
    const folder = temporaryFolder();
    const demo = open(folder);
    await demo.pushBlob('nobody’s');
    const text = '{"schemaVersion":2,"manifests":7}';
    const digest = await demo.pushBlob(text);
    await folderStorage(folder).updateIndex('fred/demo', async (index) => ({
      ...index,
      manifests: [{ mediaType: ociIndex, digest, size: text.length }],
    }));
    await expect(collectGarbage(folder, { grace: 0 })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(blobsOf(folder)).toEqual(hexes('nobody’s', text));
  });

  test('a link among the blobs is not followed (ATTACKS 60)', async () => {
    const [folder, outside] = [temporaryFolder(), temporaryFolder()];
    await open(folder).pushBlob('kept');
    const file = join(outside, 'a'.repeat(64));
    writeFileSync(file, 'outside');
    mkdirSync(join(folder, 'linked'));
    symlinkSync(file, join(folder, 'fred/demo/blobs/sha256', 'a'.repeat(64)));
    await expect(collectGarbage(folder, { grace: 0 })).rejects.toMatchObject({ code: 'STORAGE_FAILED' });
    expect(existsSync(file)).toBe(true);
  });

  test('a folder that is not there has none; a grace time that is no time is refused', async () => {
    const folder = join(temporaryFolder(), 'none');
    expect(await collectGarbage(folder)).toEqual({ blobs: 0, bytes: 0 });
    expect(existsSync(folder)).toBe(false);
    for (const grace of [-1, Number.NaN]) {
      await expect(collectGarbage(folder, { grace })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    }
  });
});
