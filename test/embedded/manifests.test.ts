import { describe, expect, test } from 'vitest';
import {
  descriptor,
  dockerManifest,
  errorCode,
  ociIndex,
  ociManifest,
  repository,
  sha256,
  storages,
} from './places.ts';

describe.each(storages)('manifests in %s', (_name, storage) => {
  async function withImage(tag = 'v1', layer = 'layer') {
    const demo = repository(storage());
    const text = await demo.pushImage(tag, layer);
    return { demo, text, digest: sha256(text) };
  }

  test('a manifest comes back byte for byte, by tag and by digest, with its type', async () => {
    const { demo, text, digest } = await withImage();
    for (const reference of ['v1', digest]) {
      const response = await demo.ask(`manifests/${reference}`, { headers: { Accept: ociManifest } });
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'content-type': ociManifest,
        'docker-content-digest': digest,
        'content-length': String(text.length),
        etag: `"${digest}"`,
      });
      expect(await response.text()).toBe(text);
    }
    const head = await demo.ask('manifests/v1', { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), head.body]).toEqual([
      200,
      String(text.length),
      null,
    ]);
  });

  test('blanks, key order and unknown fields of a manifest are kept', async () => {
    const { demo, text } = await withImage();
    const spaced = `\n  ${JSON.stringify({ 'x-é': 1, ...JSON.parse(text) }, undefined, 3)}\n`;
    expect((await demo.putManifest('v2', spaced)).status).toBe(201);
    expect(await (await demo.ask('manifests/v2')).text()).toBe(spaced);
  });

  test('If-None-Match with the digest is 304, until the tag moves', async () => {
    const { demo, digest } = await withImage();
    const headers = { 'If-None-Match': `"${digest}"` };
    const unchanged = await demo.ask('manifests/v1', { headers });
    expect([unchanged.status, unchanged.body]).toEqual([304, null]);
    await demo.pushImage('v1', 'other');
    expect((await demo.ask('manifests/v1', { headers })).status).toBe(200);
  });

  test('what Accept leaves out is 404 MANIFEST_UNKNOWN (ATTACKS 86)', async () => {
    const { demo } = await withImage();
    for (const accept of [dockerManifest, ociIndex, 'text/*', `${ociManifest};q=0`]) {
      const response = await demo.ask('manifests/v1', { headers: { Accept: accept } });
      expect([response.status, await errorCode(response)]).toEqual([404, 'MANIFEST_UNKNOWN']);
    }
    for (const accept of [
      `${dockerManifest}, ${ociManifest}`,
      '*/*',
      'application/*',
      `${ociManifest};q=0.5`,
    ]) {
      expect((await demo.ask('manifests/v1', { headers: { Accept: accept } })).status).toBe(200);
    }
  });

  test('what a tag named before stays reachable by its digest', async () => {
    const { demo, text, digest } = await withImage();
    await demo.pushImage('v1', 'other');
    expect(await (await demo.ask(`manifests/${digest}`)).text()).toBe(text);
  });

  test('a manifest pushed by its digest is served by it, and can be tagged later', async () => {
    const demo = repository(storage());
    const text = await demo.imageText('layer');
    const pushed = await demo.putManifest(sha256(text), text);
    expect([pushed.status, pushed.headers.get('location')]).toEqual([
      201,
      `/v2/fred/demo/manifests/${sha256(text)}`,
    ]);
    expect(await (await demo.ask('tags/list')).json()).toEqual({ name: 'fred/demo', tags: [] });
    await demo.putManifest('v1', text);
    await demo.putManifest(sha256(text), text);
    expect(await (await demo.ask('manifests/v1')).text()).toBe(text);
    expect(await (await demo.ask(`manifests/${sha256(text)}`)).text()).toBe(text);
  });

  test('a manifest under another digest than its own is refused (ATTACKS 52)', async () => {
    const { demo, text } = await withImage();
    const response = await demo.putManifest(sha256('other'), text);
    expect([response.status, await errorCode(response)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await demo.ask(`manifests/${sha256('other')}`)).status).toBe(404);
  });

  test('a blob that is not in the repository keeps a manifest out, and the repository as it was', async () => {
    const { demo, text } = await withImage();
    const response = await demo.registry.fetch('http://localhost/v2/other/manifests/v1', {
      method: 'PUT',
      body: text,
      headers: { 'Content-Type': ociManifest },
    });
    expect([response.status, await errorCode(response)]).toEqual([400, 'MANIFEST_BLOB_UNKNOWN']);
    expect((await demo.registry.fetch('http://localhost/v2/other/tags/list')).status).toBe(404);
    const inlined = text
      .replace('"layers":[{', '"layers":[{"data":"eA==",')
      .replace(sha256('layer'), sha256('x'));
    expect((await demo.putManifest('v2', inlined)).status).toBe(400);
  });

  test('a Docker manifest is stored and found by its type', async () => {
    const { demo, text } = await withImage();
    const docker = text.replace(ociManifest, dockerManifest);
    expect((await demo.putManifest('docker', docker, dockerManifest)).status).toBe(201);
    const response = await demo.ask('manifests/docker', { headers: { Accept: dockerManifest } });
    expect([response.headers.get('content-type'), await response.text()]).toEqual([dockerManifest, docker]);
  });

  test('an index is stored once its manifests are there', async () => {
    const { demo, text } = await withImage();
    const index = (child: string) =>
      JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests: [descriptor(ociManifest, child)] });
    expect((await demo.putManifest('list', index(text), ociIndex)).status).toBe(201);
    const response = await demo.ask('manifests/list', { headers: { Accept: ociIndex } });
    expect(await response.text()).toBe(index(text));
    expect((await demo.putManifest('list', index('missing'), ociIndex)).status).toBe(400);
  });

  test.each<[string, (text: string) => string, string]>([
    ['another mediaType than its Content-Type', (text) => text, dockerManifest],
    ['a Content-Type of no manifest', (text) => text, 'application/json'],
    ['no JSON', () => '{', ociManifest],
    ['an array', () => '[]', ociManifest],
    ['schemaVersion 1', (text) => text.replace('"schemaVersion":2', '"schemaVersion":1'), ociManifest],
    ['no layers', (text) => text.replace('"layers"', '"other"'), ociManifest],
    ['no config', (text) => text.replace('"config"', '"other"'), ociManifest],
    ['a negative size', (text) => text.replace('"size":', '"size":-'), ociManifest],
    ['a size in a string', (text) => text.replace(/"size":(\d+)/, '"size":"$1"'), ociManifest],
    ['layers of an index', (text) => text.replace(ociManifest, ociIndex), ociIndex],
  ])('a manifest with %s is refused', async (_what, change, mediaType) => {
    const { demo, text } = await withImage();
    const response = await demo.putManifest('wrong', change(text), mediaType);
    expect([response.status, await errorCode(response)]).toEqual([400, 'MANIFEST_INVALID']);
    expect((await demo.ask('manifests/wrong')).status).toBe(404);
  });

  test('a manifest of 4 MiB is taken, one byte more is 413 (ATTACKS 37)', async () => {
    const { demo, text } = await withImage();
    const padded = (size: number) => text + ' '.repeat(size - text.length);
    expect((await demo.putManifest('large', padded(4 * 1024 * 1024))).status).toBe(201);
    const response = await demo.putManifest('larger', padded(4 * 1024 * 1024 + 1));
    expect([response.status, await errorCode(response)]).toEqual([413, 'SIZE_INVALID']);
  });

  test('a manifest that is endless is 413 without being read on (ATTACKS 37)', async () => {
    const { demo } = await withImage();
    let given = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 2 ** 20;
        controller.enqueue(new Uint8Array(2 ** 20));
      },
    });
    const headers = { 'Content-Type': ociManifest };
    expect((await demo.ask('manifests/v9', { method: 'PUT', body, headers })).status).toBe(413);
    expect(given).toBeLessThan(8 * 2 ** 20);
  });

  test('a deleted tag leaves the manifest and its other tags', async () => {
    const { demo, text, digest } = await withImage();
    await demo.putManifest('v2', text);
    expect((await demo.ask('manifests/v1', { method: 'DELETE' })).status).toBe(202);
    expect((await demo.ask('manifests/v1')).status).toBe(404);
    expect((await demo.ask('manifests/v2')).status).toBe(200);
    expect((await demo.ask('manifests/v2', { method: 'DELETE' })).status).toBe(202);
    expect((await demo.ask(`manifests/${digest}`)).status).toBe(200);
  });

  test('a deleted digest takes all its tags along', async () => {
    const { demo, text, digest } = await withImage();
    await demo.putManifest('v2', text);
    await demo.pushImage('other', 'other');
    expect((await demo.ask(`manifests/${digest}`, { method: 'DELETE' })).status).toBe(202);
    for (const reference of ['v1', 'v2', digest]) {
      const response = await demo.ask(`manifests/${reference}`);
      expect([response.status, await errorCode(response)]).toEqual([404, 'MANIFEST_UNKNOWN']);
    }
    expect(await (await demo.ask('tags/list')).json()).toEqual({ name: 'fred/demo', tags: ['other'] });
    expect((await demo.ask(`manifests/${digest}`, { method: 'DELETE' })).status).toBe(404);
  });

  test('a repository that is not there is 404 NAME_UNKNOWN, also for a delete', async () => {
    const demo = repository(storage());
    for (const init of [{}, { method: 'DELETE' }]) {
      const response = await demo.ask('manifests/v1', init);
      expect([response.status, await errorCode(response)]).toEqual([404, 'NAME_UNKNOWN']);
    }
    expect(await (await demo.registry.fetch('/v2/_catalog')).json()).toEqual({ repositories: [] });
  });
});
