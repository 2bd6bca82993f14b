import { afterEach, describe, expect, it, vi } from 'vitest';
import { browserFiles } from '../../adapters/browser/index.ts';
import { readAll } from '../../src/content/read-all.ts';
import type { FileHandleLike } from '../../src/index.ts';
import { catchDownloads } from './downloads.ts';
import { randomBytes, withQuota } from './storage.ts';

const MiB = 1024 * 1024;
const text = (value: string) => new TextEncoder().encode(value);
const FOLDER = 'dtuf-spools';

async function spoolNames(): Promise<string[]> {
  const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle(FOLDER, { create: true });
  const names: string[] = [];
  for await (const name of folder.keys()) {
    // Chromium lists the swap file of one that is being written too.
    if (!name.endsWith('.crswap')) names.push(name);
  }
  return names;
}

async function pickedFile(content: string): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle('picked', { create: true });
  const stream = await handle.createWritable();
  await stream.write(content);
  await stream.close();
  return handle;
}

afterEach(async () => {
  const root = await navigator.storage.getDirectory();
  for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
});

describe('a spool in a page', () => {
  it('gives back what was written, and nothing of it stays in the private files', async () => {
    const data = randomBytes(3 * MiB);
    const spool = await browserFiles().spool(data.length);
    for (let at = 0; at < data.length; at += MiB) await spool.write(data.subarray(at, at + MiB));
    expect(await spoolNames()).toHaveLength(1);
    const read = await readAll(await spool.read(), data.length, 'the spool');
    expect(read.every((byte, i) => byte === data[i])).toBe(true);
    expect(await spoolNames()).toEqual([]);
  });

  it('is removed where it is discarded, and where its reader gives up', async () => {
    const files = browserFiles();
    const discarded = await files.spool(1);
    await discarded.write(text('a'));
    await discarded.discard();
    await discarded.discard();
    const given = await files.spool(1);
    await given.write(text('a'));
    await (await given.read()).cancel();
    expect(await spoolNames()).toEqual([]);
  });

  it('is held in memory where the browser gives no private files, up to a bound (ATTACKS 64)', async () => {
    vi.spyOn(navigator.storage, 'getDirectory').mockRejectedValue(
      new DOMException('private', 'SecurityError'),
    );
    const files = browserFiles({ memory: 3 });
    const spool = await files.spool(3);
    await spool.write(text('ab'));
    await spool.write(text('c'));
    expect(await new Response(await spool.read()).text()).toBe('abc');
    await expect(files.spool(4)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining('private'),
    });
    vi.restoreAllMocks();
  });

  it('is refused before anything is fetched where there is no room for it (ATTACKS 64)', async () => {
    // Chromium tells every page of 10 GiB, others tell the truth.
    vi.spyOn(navigator.storage, 'estimate').mockResolvedValue({ quota: 3000, usage: 1001 });
    await expect(browserFiles().spool(2000)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      expected: '2000 bytes free',
      got: '1999',
    });
    expect(await spoolNames()).toEqual([]);
  });

  it('that outgrows the quota says so (ATTACKS 64)', async () => {
    await withQuota(100_000, async () => {
      const spool = await browserFiles().spool(1);
      await expect(spool.write(randomBytes(4 * MiB))).rejects.toMatchObject({
        code: 'STORAGE_FAILED',
        message: expect.stringContaining('used up'),
      });
      await spool.discard();
    });
    expect(await spoolNames()).toEqual([]);
  });

  it('that a closed page has left is removed after a day', async () => {
    const left = await browserFiles().spool(1);
    await left.write(text('a'));
    await left.read();
    vi.useFakeTimers({ now: Date.now() + 25 * 60 * 60 * 1000, toFake: ['Date'] });
    const next = await browserFiles().spool(1);
    vi.useRealTimers();
    expect(await spoolNames()).toHaveLength(1);
    await next.discard();
    expect(await spoolNames()).toEqual([]);
  });
});

describe('a file that the user picked', () => {
  it('is replaced in the moment of the commit', async () => {
    const handle = await pickedFile('before');
    const sink = await browserFiles().sink({ handle }, 'a', 5);
    expect(sink.how).toBe('picker');
    await sink.write(text('after'));
    expect(await (await handle.getFile()).text()).toBe('before');
    await sink.commit();
    expect(await (await handle.getFile()).text()).toBe('after');
  });

  it('stays what it was where the data is refused', async () => {
    const handle = await pickedFile('before');
    const sink = await browserFiles().sink({ handle }, 'a', 5);
    await sink.write(text('wrong'));
    await sink.abort();
    await sink.abort();
    expect(await (await handle.getFile()).text()).toBe('before');
  });

  it('that may not be written is an error that says so', async () => {
    const handle: FileHandleLike = {
      createWritable: () => Promise.reject(new DOMException('denied', 'NotAllowedError')),
    };
    await expect(browserFiles().sink({ handle }, 'a', 5)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      got: 'NotAllowedError',
      message: expect.stringContaining('ask the user'),
    });
  });
});

describe('a download', () => {
  it('is handed over whole, only at the commit, under the base name of the target', async () => {
    const downloads = catchDownloads();
    const sink = await browserFiles().sink({}, 'folder/demo.html', 10);
    expect(sink.how).toBe('download');
    await sink.write(text('<p>'));
    await sink.write(text('a</p>'));
    expect(downloads).toEqual([]);
    await sink.commit();
    expect(downloads).toMatchObject([{ fileName: 'demo.html', type: 'application/octet-stream' }]);
    expect(await downloads[0]?.text()).toBe('<p>a</p>');
  });

  it('has the name that was asked for', async () => {
    const downloads = catchDownloads();
    const sink = await browserFiles().sink({ fileName: 'other.txt' }, 'demo.txt', 0);
    await sink.commit();
    expect(downloads).toMatchObject([{ fileName: 'other.txt' }]);
  });

  it('that is refused hands nothing over and leaves nothing', async () => {
    const downloads = catchDownloads();
    const sink = await browserFiles({ memory: 1 }).sink({}, 'demo.txt', 4);
    await sink.write(text('evil'));
    await sink.abort();
    expect(downloads).toEqual([]);
    expect(await spoolNames()).toEqual([]);
  });

  it('that is larger than what is held in memory goes through a private file', async () => {
    const downloads = catchDownloads();
    const sink = await browserFiles({ memory: 3 }).sink({}, 'demo.txt', 4);
    await sink.write(text('good'));
    expect(await spoolNames()).toHaveLength(1);
    await sink.commit();
    expect(await downloads[0]?.text()).toBe('good');
  });

  it('is refused above the bound where there are no private files', async () => {
    vi.spyOn(navigator.storage, 'getDirectory').mockRejectedValue(
      new DOMException('private', 'SecurityError'),
    );
    await expect(browserFiles({ memory: 3 }).sink({}, 'demo.txt', 4)).rejects.toMatchObject({
      code: 'TOO_LARGE',
    });
    vi.restoreAllMocks();
  });

  it('has no place in a worker', async () => {
    const worker = new Worker(new URL('./files.worker.ts', import.meta.url), { type: 'module' });
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
      worker.onerror = reject;
    });
    worker.postMessage('save');
    expect(await answer).toBe('NOT_SUPPORTED');
    worker.terminate();
  });
});

it('a page has no paths, and says what to use in their place', async () => {
  const files = browserFiles();
  await expect(files.sink({ path: '/tmp/a' }, 'a', 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(files.content('a')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  await expect(files.readSmall(new URL('file:///etc/passwd'), 10)).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
  });
});
