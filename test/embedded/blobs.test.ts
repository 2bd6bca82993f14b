import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { bytes, errorCode, repository, sha256, storages } from './places.ts';

describe.each(storages)('blobs in %s', (_name, storage) => {
  const content = bytes(1000);
  const digest = sha256(content);

  async function withBlob() {
    const demo = repository(storage());
    await demo.pushBlob(content);
    return demo;
  }

  test('a blob comes back byte for byte, with its digest as entity tag', async () => {
    const response = await (await withBlob()).ask(`blobs/${digest}`);
    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'docker-content-digest': digest,
      'docker-distribution-api-version': 'registry/2.0',
      'content-length': '1000',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      etag: `"${digest}"`,
    });
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(content);
  });

  test('HEAD tells the length and gives no body, also where a Range is asked for', async () => {
    const response = await (await withBlob()).ask(`blobs/${digest}`, {
      method: 'HEAD',
      headers: { Range: 'bytes=0-9' },
    });
    expect([response.status, response.headers.get('content-length'), response.body]).toEqual([
      200,
      '1000',
      null,
    ]);
  });

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=10-19', 10, 20],
    ['bytes=990-5000', 990, 1000],
    ['bytes=990-', 990, 1000],
    ['bytes=-10', 990, 1000],
    ['bytes=-5000', 0, 1000],
    ['BYTES= 1-2 ', 1, 3],
  ])('the range %s is answered with 206 and those bytes', async (range, start, end) => {
    const response = await (await withBlob()).ask(`blobs/${digest}`, { headers: { Range: range } });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end - 1}/1000`);
    expect(response.headers.get('content-length')).toBe(String(end - start));
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(content.slice(start, end));
  });

  test.each(['bytes=1000-', 'bytes=1000-1001', 'bytes=99999999999999999999-', 'bytes=-0', 'bytes=9-3'])(
    'the range %s is answered with 416 and the length',
    async (range) => {
      const response = await (await withBlob()).ask(`blobs/${digest}`, { headers: { Range: range } });
      expect(response.status).toBe(416);
      expect(response.headers.get('content-range')).toBe('bytes */1000');
    },
  );

  test.each(['bytes=-', 'bytes=a-b', 'bytes=0-1,5-6', 'lines=0-1', 'bytes=0-1-2'])(
    'the range %s is none: the whole blob is answered',
    async (range) => {
      const response = await (await withBlob()).ask(`blobs/${digest}`, { headers: { Range: range } });
      expect([response.status, (await response.arrayBuffer()).byteLength]).toEqual([200, 1000]);
    },
  );

  test('a Range counts only while If-Range names the blob', async () => {
    const demo = await withBlob();
    const ask = (tag: string) =>
      demo.ask(`blobs/${digest}`, { headers: { Range: 'bytes=0-1', 'If-Range': tag } });
    expect((await ask(`"${digest}"`)).status).toBe(206);
    expect((await ask('"other"')).status).toBe(200);
    expect((await ask(`W/"${digest}"`)).status).toBe(200);
  });

  test.each(['"x", W/"DIGEST"', '*', '"DIGEST"'])('If-None-Match %s is answered with 304', async (tag) => {
    const response = await (await withBlob()).ask(`blobs/${digest}`, {
      headers: { 'If-None-Match': tag.replace('DIGEST', digest) },
    });
    expect([response.status, response.body, response.headers.get('etag')]).toEqual([
      304,
      null,
      `"${digest}"`,
    ]);
  });

  test('an empty blob is 200 with nothing, whole and by its suffix', async () => {
    const demo = repository(storage());
    const empty = await demo.pushBlob('');
    for (const headers of [{}, { Range: 'bytes=-1' }]) {
      const response = await demo.ask(`blobs/${empty}`, { headers });
      expect([response.status, await response.text()]).toEqual([200, '']);
    }
    expect((await demo.ask(`blobs/${empty}`, { headers: { Range: 'bytes=0-0' } })).status).toBe(416);
  });

  test('a blob and a manifest that are named by sha512 come back, and are deleted', async () => {
    const demo = repository(storage());
    const sha512 = (text: string) => `sha512:${createHash('sha512').update(text).digest('hex')}`;
    expect((await demo.put('text', sha512('other'))).status).toBe(400);
    expect((await demo.put('text', sha512('text'))).status).toBe(201);
    expect(await (await demo.ask(`blobs/${sha512('text')}`)).text()).toBe('text');
    const image = await demo.imageText('layer');
    expect((await demo.putManifest(sha512(image), image)).status).toBe(201);
    expect((await demo.putManifest(sha512('other'), image)).status).toBe(400);
    const response = await demo.ask(`manifests/${sha512(image)}`);
    expect([response.headers.get('docker-content-digest'), await response.text()]).toEqual([
      sha512(image),
      image,
    ]);
    for (const path of [`blobs/${sha512('text')}`, `manifests/${sha512(image)}`]) {
      expect((await demo.ask(path, { method: 'DELETE' })).status).toBe(202);
      expect((await demo.ask(path)).status).toBe(404);
    }
  });

  test('a blob that is not there is 404 BLOB_UNKNOWN, a digest that is none 400 DIGEST_INVALID', async () => {
    const demo = await withBlob();
    const missing = await demo.ask(`blobs/${sha256('missing')}`);
    expect([missing.status, await errorCode(missing)]).toEqual([404, 'BLOB_UNKNOWN']);
    for (const wrong of ['sha256:abc', `sha512:${'0'.repeat(64)}`, digest.toUpperCase(), 'x']) {
      const response = await demo.ask(`blobs/${wrong}`);
      expect([response.status, await errorCode(response)]).toEqual([400, 'DIGEST_INVALID']);
    }
    expect((await demo.ask(`blobs/${digest.replace(':', '%3A')}`)).status).toBe(200);
  });

  test('a blob of one repository is not one of another', async () => {
    const demo = await withBlob();
    const response = await demo.registry.fetch(`http://localhost/v2/other/blobs/${digest}`);
    expect(response.status).toBe(404);
  });

  test('a blob is deleted, unless deletes are switched off (ATTACKS 61)', async () => {
    const kept = storage();
    const demo = repository(kept);
    await demo.pushBlob(content);
    const refused = await repository(kept, { deletes: false }).ask(`blobs/${digest}`, { method: 'DELETE' });
    expect([refused.status, await errorCode(refused)]).toEqual([405, 'UNSUPPORTED']);
    expect((await demo.ask(`blobs/${digest}`)).status).toBe(200);
    expect((await demo.ask(`blobs/${digest}`, { method: 'DELETE' })).status).toBe(202);
    expect((await demo.ask(`blobs/${digest}`)).status).toBe(404);
    expect((await demo.ask(`blobs/${digest}`, { method: 'DELETE' })).status).toBe(404);
  });

  test('a manifest is not deleted as a blob: the index would name what is gone (ATTACKS 61)', async () => {
    const demo = repository(storage());
    const manifest = sha256(await demo.pushImage('v1', 'layer'));
    expect((await demo.ask(`blobs/${manifest}`, { method: 'DELETE' })).status).toBe(405);
    expect((await demo.ask('manifests/v1')).status).toBe(200);
  });

  test('the signal ends a body that is being read with its reason', async () => {
    const demo = repository(storage());
    const large = bytes(2 ** 20);
    await demo.pushBlob(large);
    const controller = new AbortController();
    const response = await demo.ask(`blobs/${sha256(large)}`, { signal: controller.signal });
    const reader = response.body?.getReader();
    await reader?.read();
    const reason = new Error('enough');
    controller.abort(reason);
    await expect(reader?.read()).rejects.toBe(reason);
    await expect(demo.ask(`blobs/${digest}`, { signal: controller.signal })).rejects.toBe(reason);
  });

  test('what a reader does to its bytes leaves the blob as it was', async () => {
    const demo = await withBlob();
    const reader = (await demo.ask(`blobs/${digest}`)).body?.getReader();
    (await reader?.read())?.value?.fill(0);
    expect(new Uint8Array(await (await demo.ask(`blobs/${digest}`)).arrayBuffer())).toEqual(content);
  });
});
