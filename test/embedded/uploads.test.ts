import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { brokenBody, bytes, errorCode, type Repository, repository, sha256, storages } from './places.ts';

const half = { 'Content-Range': '0-499' };

describe.each(storages)('uploads to %s', (_name, storage) => {
  const content = bytes(1000);
  const digest = sha256(content);

  async function expectStored(demo: Repository) {
    const response = await demo.ask(`blobs/${digest}`);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(content);
  }

  test('a blob goes up with POST and PUT', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    expect([begun.status, begun.headers.get('range')]).toEqual([202, '0-0']);
    const put = await demo.follow(begun, { method: 'PUT', body: content }, `?digest=${digest}`);
    expect(put.status).toBe(201);
    expect(put.headers.get('location')).toBe(`/v2/fred/demo/blobs/${digest}`);
    expect(put.headers.get('docker-content-digest')).toBe(digest);
    await expectStored(demo);
    expect((await demo.follow(begun)).status).toBe(404);
  });

  test('a blob goes up with one POST', async () => {
    const demo = repository(storage());
    const response = await demo.ask(`blobs/uploads/?digest=${digest}`, { method: 'POST', body: content });
    expect(response.status).toBe(201);
    await expectStored(demo);
  });

  test('a blob goes up as a stream, a Blob, and in a Request', async () => {
    const demo = repository(storage());
    for (const body of [new Blob([content]).stream(), new Blob([content])]) {
      expect((await demo.put(body, digest)).status).toBe(201);
    }
    const begun = await demo.begin();
    const url = `http://localhost${begun.headers.get('location')}?digest=${digest}`;
    const request = new Request(url, { method: 'PUT', body: content });
    expect((await demo.registry.fetch(request)).status).toBe(201);
    await expectStored(demo);
  });

  test('a blob goes up in chunks, and the status tells how far it is', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    const patched = await demo.follow(begun, { method: 'PATCH', body: content.slice(0, 500), headers: half });
    expect([patched.status, patched.headers.get('range')]).toEqual([202, '0-499']);
    const status = await demo.follow(patched);
    expect([status.status, status.headers.get('range'), await status.text()]).toEqual([204, '0-499', '']);
    const rest = { method: 'PUT', body: content.slice(500), headers: { 'Content-Range': '500-999' } };
    expect((await demo.follow(status, rest, `?digest=${digest}`)).status).toBe(201);
    await expectStored(demo);
  });

  test.each(['1-500', '500-999'])(
    'a chunk %s that is not the next is 416 with what is there (ATTACKS 59)',
    async (range) => {
      const demo = repository(storage());
      const begun = await demo.begin();
      const body = content.slice(0, 500);
      const headers = { 'Content-Range': range };
      const response = await demo.follow(begun, { method: 'PATCH', body, headers });
      expect([response.status, response.headers.get('range')]).toEqual([416, '0-0']);
      expect(response.headers.get('location')).toBe(begun.headers.get('location'));
      await demo.follow(begun, { method: 'PATCH', body, headers: half });
      const twice = await demo.follow(begun, { method: 'PATCH', body, headers: half });
      expect([twice.status, twice.headers.get('range')]).toEqual([416, '0-499']);
    },
  );

  test.each(['0-498', '0-500'])(
    'a chunk that is not as long as its Content-Range %s is refused',
    async (range) => {
      const demo = repository(storage());
      const response = await demo.follow(await demo.begin(), {
        method: 'PATCH',
        body: content.slice(0, 500),
        headers: { 'Content-Range': range },
      });
      expect([response.status, await errorCode(response)]).toEqual([400, 'SIZE_INVALID']);
    },
  );

  test.each(['x', '5-1', '0-99999999999999999999'])(
    'a Content-Range %s that is none is refused',
    async (range) => {
      const demo = repository(storage());
      const init = { method: 'PATCH', body: content, headers: { 'Content-Range': range } };
      expect((await demo.follow(await demo.begin(), init)).status).toBe(400);
    },
  );

  test('a chunk whose Content-Length is not that of its Content-Range is refused before it is read', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    const headers = { ...half, 'Content-Length': '400' };
    const response = await demo.follow(begun, { method: 'PATCH', body: content.slice(0, 500), headers });
    expect([response.status, await errorCode(response)]).toEqual([400, 'SIZE_INVALID']);
    expect((await demo.follow(begun)).headers.get('range')).toBe('0-0');
  });

  test('what arrived of a chunk that broke off stays, and the upload goes on from there (ATTACKS 59)', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    const broken = demo.follow(begun, { method: 'PATCH', body: brokenBody(content.slice(0, 300)) });
    await expect(broken).rejects.toMatchObject({ code: 'ABORTED', cause: { message: 'the source broke' } });
    const status = await demo.follow(begun);
    expect(status.headers.get('range')).toBe('0-299');
    const rest = { method: 'PUT', body: content.slice(300), headers: { 'Content-Range': '300-999' } };
    expect((await demo.follow(begun, rest, `?digest=${digest}`)).status).toBe(201);
    await expectStored(demo);
  });

  test('a PUT that broke off stores nothing, and the blob goes up anew (ATTACKS 59)', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    const query = `?digest=${digest}`;
    await expect(demo.follow(begun, { method: 'PUT', body: brokenBody(content) }, query)).rejects.toThrow();
    expect((await demo.follow(begun)).status).toBe(404);
    expect((await demo.ask(`blobs/${digest}`)).status).toBe(404);
    await demo.pushBlob(content);
    await expectStored(demo);
  });

  test('an upload whose signal is aborted stores nothing, not even what has the right digest (ATTACKS 59)', async () => {
    const demo = repository(storage());
    const controller = new AbortController();
    const body = new ReadableStream<Uint8Array>(
      {
        pull(stream) {
          stream.enqueue(content);
          controller.abort(new Error('enough'));
          return new Promise(() => undefined);
        },
      },
      { highWaterMark: 0 },
    );
    const init = { method: 'PUT', body, signal: controller.signal };
    await expect(demo.follow(await demo.begin(), init, `?digest=${digest}`)).rejects.toThrow('enough');
    expect((await demo.ask(`blobs/${digest}`)).status).toBe(404);
  });

  test('bytes of another digest are refused, and the upload is gone (ATTACKS 52)', async () => {
    const demo = repository(storage());
    const response = await demo.put(content, sha256('other'));
    expect([response.status, await errorCode(response)]).toEqual([400, 'DIGEST_INVALID']);
    expect((await demo.ask(`blobs/${sha256('other')}`)).status).toBe(404);
    expect((await demo.ask(`blobs/${digest}`)).status).toBe(404);
  });

  test.each(['', 'sha256:abc', `sha512:${'0'.repeat(64)}`])(
    'a PUT with the digest "%s" is refused',
    async (wrong) => {
      const response = await repository(storage()).put(content, wrong);
      expect([response.status, await errorCode(response)]).toEqual([400, 'DIGEST_INVALID']);
    },
  );

  test('an upload is cancelled', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    expect((await demo.follow(begun, { method: 'DELETE' })).status).toBe(204);
    const response = await demo.follow(begun);
    expect([response.status, await errorCode(response)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  });

  test('an upload cannot be reached through another repository', async () => {
    const demo = repository(storage());
    const path = (await demo.begin()).headers.get('location')?.replace('fred/demo', 'other') ?? '';
    expect((await demo.registry.fetch(path)).status).toBe(404);
  });

  test('two requests that write to one upload at once: the second is refused (ATTACKS 59)', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    let more: (chunk: Uint8Array) => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start(stream) {
        more = (chunk) => {
          stream.enqueue(chunk);
          stream.close();
        };
      },
    });
    const first = demo.follow(begun, { method: 'PATCH', body });
    const second = await demo.follow(begun, { method: 'PATCH', body: content });
    expect(second.status).toBe(409);
    more(content);
    expect((await first).status).toBe(202);
    expect((await demo.follow(begun, { method: 'PUT' }, `?digest=${digest}`)).status).toBe(201);
  });

  test('a blob is mounted from another repository, or an upload begins', async () => {
    const demo = repository(storage());
    await demo.pushBlob(content);
    const mount = (query: string) =>
      demo.registry.fetch(`http://localhost/v2/other/blobs/uploads/?${query}`, { method: 'POST' });
    const mounted = await mount(`mount=${digest}&from=fred/demo`);
    expect([mounted.status, mounted.headers.get('location')]).toEqual([201, `/v2/other/blobs/${digest}`]);
    const response = await demo.registry.fetch(`http://localhost/v2/other/blobs/${digest}`);
    expect(new Uint8Array(await response.arrayBuffer())).toEqual(content);
    await demo.ask(`blobs/${digest}`, { method: 'DELETE' });
    expect((await demo.registry.fetch(`http://localhost/v2/other/blobs/${digest}`)).status).toBe(200);
    for (const query of [
      `mount=${sha256('x')}&from=fred/demo`,
      `mount=${sha256('x')}`,
      `mount=${digest}&from=../x`,
    ]) {
      expect((await mount(query)).status).toBe(202);
    }
  });

  test('a blob is mounted from wherever it lies where no repository is named', async () => {
    const demo = repository(storage());
    await demo.pushBlob(content);
    const url = `http://localhost/v2/other/blobs/uploads/?mount=${digest}`;
    expect((await demo.registry.fetch(url, { method: 'POST' })).status).toBe(201);
  });

  test('a last chunk that is not the next one is refused with 416, and the upload goes on', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    const chunk = (start: number, end: number) => ({
      body: content.slice(start, end),
      headers: { 'Content-Range': `${start}-${end - 1}` },
    });
    await demo.follow(begun, { method: 'PATCH', ...chunk(0, 100) });
    const early = await demo.follow(begun, { method: 'PUT', ...chunk(200, 300) }, `?digest=${digest}`);
    expect([early.status, early.headers.get('range')]).toEqual([416, '0-99']);
    const rest = { method: 'PUT', ...chunk(100, content.length) };
    expect((await demo.follow(begun, rest, `?digest=${digest}`)).status).toBe(201);
  });

  test('an upload that nobody goes on with for a day is given up', async () => {
    const demo = repository(storage());
    const begun = await demo.begin();
    onTestFinished(() => void vi.useRealTimers());
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 23 * 60 * 60 * 1000 });
    await demo.begin();
    expect((await demo.follow(begun)).status).toBe(204);
    vi.setSystemTime(Date.now() + 25 * 60 * 60 * 1000);
    await demo.begin();
    expect((await demo.follow(begun)).status).toBe(404);
  });

  test('a blob above the limit is refused with 413 and not kept (ATTACKS 37)', async () => {
    const demo = repository(storage(), { limits: { blob: 999 } });
    const response = await demo.put(content, digest);
    expect([response.status, await errorCode(response)]).toEqual([413, 'SIZE_INVALID']);
    expect((await demo.ask(`blobs/${digest}`)).status).toBe(404);
  });

  test('of too many uploads, the one left alone for longest is given up', async () => {
    const demo = repository(storage(), { limits: { uploads: 2 } });
    const [first, second] = [await demo.begin(), await demo.begin()];
    await demo.follow(first);
    await demo.begin();
    expect((await demo.follow(first)).status).toBe(204);
    expect((await demo.follow(second)).status).toBe(404);
  });

  test('a Request without `body`, as in Firefox, is read all the same', async () => {
    const demo = repository(storage());
    const url = `http://localhost/v2/fred/demo/blobs/uploads/?digest=${digest}`;
    const request = new Request(url, { method: 'POST', body: content });
    Object.defineProperty(request, 'body', { value: undefined });
    expect((await demo.registry.fetch(request)).status).toBe(201);
    await expectStored(demo);
  });

  test('an upload is cancelled also where nothing can be deleted', async () => {
    const demo = repository(storage(), { deletes: false });
    expect((await demo.follow(await demo.begin(), { method: 'DELETE' })).status).toBe(204);
  });

  test('a read-only registry takes nothing', async () => {
    const kept = storage();
    await repository(kept).pushImage('v1', 'layer');
    const demo = repository(kept, { readOnly: true });
    for (const [path, method] of [
      ['blobs/uploads/', 'POST'],
      ['manifests/v1', 'PUT'],
      ['manifests/v1', 'DELETE'],
    ]) {
      const response = await demo.ask(path ?? '', { ...(method && { method }) });
      expect([response.status, await errorCode(response)]).toEqual([405, 'UNSUPPORTED']);
    }
    expect((await demo.ask('manifests/v1')).status).toBe(200);
  });

  test('a storage that fails is a JSON error, the caller is told why, and the next upload works (ATTACKS 64)', async () => {
    const kept = storage();
    const failure = Object.assign(new Error('secret path'), { code: 'EIO' });
    let failing = true;
    const createBlob: typeof kept.createBlob = async (name) => {
      if (failing) throw failure;
      return kept.createBlob(name);
    };
    const told: unknown[] = [];
    const demo = repository({ ...kept, createBlob }, { onError: (error) => told.push(error) });
    const response = await demo.begin();
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain('secret');
    expect(told).toEqual([failure]);
    failing = false;
    await demo.pushBlob(content);
    await expectStored(demo);
  });
});

test('uploads that were given up make room in memory (ATTACKS 64)', async () => {
  const demo = repository(memoryStorage({ limit: 1500 }));
  const content = bytes(1000);
  for (let i = 0; i < 3; i++) {
    const begun = await demo.follow(await demo.begin(), { method: 'PATCH', body: content });
    expect(begun.status).toBe(202);
    await demo.follow(begun, { method: 'DELETE' });
  }
  await demo.pushBlob(content);
});

test('a memory that is full says so with 507, and has room again after a delete (ATTACKS 64)', async () => {
  const demo = repository(memoryStorage({ limit: 1500 }));
  const [first, second] = [bytes(1000, 1), bytes(1000, 2)];
  await demo.pushBlob(first);
  expect((await demo.put(second, sha256(second))).status).toBe(507);
  expect((await demo.put(second, sha256(second))).status).toBe(507);
  await demo.ask(`blobs/${sha256(first)}`, { method: 'DELETE' });
  await demo.pushBlob(second);
});
