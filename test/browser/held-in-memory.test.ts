// A page whose browser gives it no private files, as WebKitGTK or a private window: what is not verified yet is held in memory.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as page from '../../adapters/browser/index.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import type { FileHandleLike } from '../../src/index.ts';
import { bytesOf, publisher } from '../core/people.ts';
import { watched } from '../core/watched.ts';
import { catchDownloads } from './downloads.ts';
import { cleanUp } from './storage.ts';

const { browserFiles } = page;

beforeEach(() => {
  const storage: StorageManager | undefined = navigator.storage;
  if (typeof storage?.getDirectory !== 'function') return;
  vi.spyOn(storage, 'getDirectory').mockRejectedValue(new DOMException('private', 'SecurityError'));
});
afterEach(cleanUp);

/** A client of a repository with one target, and what it asks for. */
async function published(text: string, memory?: number) {
  const registry = embeddedRegistry();
  const { master, repository, rootKey } = await publisher(registry);
  await master.pushTarget('folder/demo.txt', bytesOf(text));
  await master.pushMetadata();
  const { fetch, seen } = watched(registry);
  const limits = memory === undefined ? {} : { limits: { memory } };
  const place = { host: { fetch }, repository, trust: rootKey, store: page.memoryStore() };
  const copy = new page.DTufCopy({ ...place, ...limits });
  await copy.pullMetadata();
  return { copy, asked: () => seen.filter(({ path }) => path.includes('/blobs/')) };
}

/** A file that the user picked, in memory. */
function pickedFile() {
  const file = { text: 'before' };
  const handle: FileHandleLike = {
    async createWritable() {
      const parts: BlobPart[] = [];
      return Object.assign(new WritableStream<Uint8Array<ArrayBuffer>>(), {
        write: async (part: BlobPart) => void parts.push(part),
        close: async () => {
          file.text = await new Blob(parts).text();
        },
        abort: async () => undefined,
      });
    },
  };
  return { file, handle };
}

describe('a page without private files', () => {
  it('holds a spool in memory, up to a bound (ATTACKS 64)', async () => {
    const files = browserFiles({ memory: 3 });
    const spool = await files.spool(3);
    await spool.write(bytesOf('ab'));
    await spool.write(bytesOf('c'));
    expect(await new Response(await spool.read()).text()).toBe('abc');
    await expect(files.spool(4)).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringContaining('no private files'),
    });
  });

  it('saves what fits', async () => {
    const { copy } = await published('verified');
    const downloads = catchDownloads();
    const saved = await (await copy.pullTarget('folder/demo.txt')).save();
    expect(saved).toMatchObject({ how: 'download', bytesFetched: 8 });
    expect(await downloads[0]?.text()).toBe('verified');
  });

  it('refuses what does not, and says why and what helps, before it asks for it (ATTACKS 64)', async () => {
    const { copy, asked } = await published('verified', 7);
    const downloads = catchDownloads();
    const target = await copy.pullTarget('folder/demo.txt');
    await expect(target.save()).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringMatching(/demo\.txt has 8 bytes.* 7 .*no private files.*use another browser/),
    });
    expect(asked()).toEqual([]);
    expect(downloads).toEqual([]);
  });

  it('writes to the file that the user picked once all is there', async () => {
    const { copy } = await published('after');
    const { file, handle } = pickedFile();
    vi.stubGlobal('showSaveFilePicker', async () => handle);
    const seen: string[] = [];
    const target = await copy.pullTarget('folder/demo.txt');
    const saved = await target.save({ onVerified: () => void seen.push(file.text) });
    expect(saved).toMatchObject({ how: 'picker' });
    expect([...seen, file.text]).toEqual(['before', 'after']);
  });

  it('leaves that file as it was where the data is refused', async () => {
    const { file, handle } = pickedFile();
    const sink = await browserFiles().sink({ handle }, 'a', 5);
    await sink.write(bytesOf('wrong'));
    await sink.abort();
    expect(file.text).toBe('before');
  });

  it('hands a download over whole, only at the commit, under the base name of the target', async () => {
    const downloads = catchDownloads();
    const sink = await browserFiles().sink({}, 'folder/demo.html', 10);
    expect(sink.how).toBe('download');
    await sink.write(bytesOf('<p>'));
    await sink.write(bytesOf('a</p>'));
    expect(downloads).toEqual([]);
    await sink.commit();
    expect(downloads).toMatchObject([{ fileName: 'demo.html', type: 'application/octet-stream' }]);
    expect(await downloads[0]?.text()).toBe('<p>a</p>');
  });
});

describe('a file that the user picked', () => {
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

describe('a picker', () => {
  const withPicker = (picker: () => Promise<FileSystemFileHandle>) =>
    vi.stubGlobal('showSaveFilePicker', picker);

  it('that is closed ends it, as the user wants', async () => {
    withPicker(() => Promise.reject(new DOMException('The user aborted a request.', 'AbortError')));
    await expect(browserFiles().choose?.({}, 'demo.txt')).rejects.toMatchObject({ code: 'ABORTED' });
  });

  it.each(['SecurityError', 'NotAllowedError', 'TypeError'])(
    'that the browser does not show here (%s) leaves it to its downloads',
    async (name) => {
      withPicker(() => Promise.reject(new DOMException('no', name)));
      expect(await browserFiles().choose?.({}, 'demo.txt')).toEqual({});
    },
  );
});

it('a download has no place in a worker', async () => {
  const worker = new Worker(new URL('./files.worker.ts', import.meta.url), { type: 'module' });
  const answer = new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<string>) => resolve(data);
    worker.onerror = reject;
  });
  worker.postMessage('save');
  expect(await answer).toBe('NOT_SUPPORTED');
  worker.terminate();
});

it('a page has no paths, and says what to use in their place', async () => {
  const files = browserFiles();
  await expect(files.sink({ path: '/tmp/a' }, 'a', 1)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  await expect(files.content('a')).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
  await expect(files.readSmall(new URL('file:///etc/passwd'), 10)).rejects.toMatchObject({
    code: 'NOT_SUPPORTED',
  });
});
