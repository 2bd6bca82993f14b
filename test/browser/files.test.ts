import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { browserFiles } from '../../adapters/browser/index.ts';
import { readAll } from '../../src/content/read-all.ts';
import { catchDownloads } from './downloads.ts';
import {
  cleanUp,
  clearSiteData,
  leaveBehind,
  randomBytes,
  spoolNames,
  spoolsFolder,
  withQuota,
} from './storage.ts';

const MiB = 1024 * 1024;
const text = (value: string) => new TextEncoder().encode(value);

/** A name for each test: what was handed over is locked as long as its page is there. */
let SHA256: string;
beforeEach(() => {
  SHA256 = `${crypto.randomUUID()}${crypto.randomUUID()}`.replaceAll('-', '');
});

const later = (milliseconds: number) =>
  vi.useFakeTimers({ now: Date.now() + milliseconds, toFake: ['Date'] });

async function pickedFile(content: string): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  const handle = await root.getFileHandle('picked', { create: true });
  const stream = await handle.createWritable();
  await stream.write(content);
  await stream.close();
  return handle;
}

afterEach(async () => {
  await cleanUp();
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

  it('is removed before its stream ends', async () => {
    const spool = await browserFiles().spool(1);
    await spool.write(text('a'));
    const order: string[] = [];
    const { removeEntry } = FileSystemDirectoryHandle.prototype;
    vi.spyOn(FileSystemDirectoryHandle.prototype, 'removeEntry').mockImplementation(async function (
      this: FileSystemDirectoryHandle,
      ...which
    ) {
      await removeEntry.apply(this, which);
      order.push('removed');
    });
    await readAll(await spool.read(), 1, 'the spool');
    order.push('ended');
    expect(order).toEqual(['removed', 'ended']);
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

  it('that the browser lets nobody hold is an error that says so', async () => {
    vi.spyOn(navigator.locks, 'request').mockRejectedValue(
      new DOMException('No locks here.', 'SecurityError'),
    );
    await expect(browserFiles().spool(1)).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: 'Cannot make a temporary file: No locks here.',
    });
  });

  it('that a closed page has left is removed, since nobody can find it again', async () => {
    await leaveBehind(crypto.randomUUID(), ['left']);
    const next = await browserFiles().spool(1);
    expect(await spoolNames()).toEqual([]);
    await next.discard();
  });
});

describe('what an earlier attempt left', () => {
  const sinkOf = (length: number) => browserFiles().sink({}, 'demo.txt', length, SHA256);

  it('is found under the sha256, and only the rest is written', async () => {
    const downloads = catchDownloads();
    await leaveBehind(SHA256, ['one ', 'two ', '']);
    const sink = await sinkOf(13);
    expect(await sink.kept?.text()).toBe('one two ');
    await sink.write(text('three'));
    await sink.commit();
    expect(await downloads[0]?.text()).toBe('one two three');
  });

  it('is all that had come when it is paused', async () => {
    const paused = await sinkOf(5);
    await paused.write(text('abc'));
    await paused.pause?.();
    const sink = await sinkOf(5);
    expect(await sink.kept?.text()).toBe('abc');
    await sink.abort();
    expect(await spoolNames()).toEqual([]);
  });

  it('is not asked of the room that is left', async () => {
    await leaveBehind(SHA256, ['x'.repeat(1500)]);
    vi.spyOn(navigator.storage, 'estimate').mockResolvedValue({ quota: 3000, usage: 2400 });
    const sink = await sinkOf(2000);
    expect(sink.kept?.size).toBe(1500);
    await sink.abort();
  });

  it('is not used where it is more than the whole', async () => {
    await leaveBehind(SHA256, ['more']);
    const sink = await sinkOf(3);
    expect(sink.kept).toBeUndefined();
    await sink.abort();
  });

  it('is not used where it was handed over: the browser may be copying it, and who asks again wants what is there now', async () => {
    await leaveBehind(SHA256, ['all of it'], true);
    const sink = await sinkOf(9);
    expect(sink.kept).toBeUndefined();
    await sink.abort();
    expect(await spoolNames()).toEqual([SHA256]);
  });

  it('is left to the tab that writes it; another begins anew (ATTACKS 65)', async () => {
    await leaveBehind(SHA256, ['ab']);
    const first = await sinkOf(5);
    await first.write(text('c'));
    const second = await sinkOf(5);
    expect(second.kept).toBeUndefined();
    await second.abort();
    await first.pause?.();
    expect(await spoolNames()).toEqual([SHA256]);
  });

  it('stays for a day, and what was handed over until the next page', async () => {
    const done = 'cd'.repeat(32);
    await leaveBehind(SHA256, ['a']);
    await leaveBehind(done, ['a'], true);
    const sweep = async () => (await browserFiles().spool(1)).discard();
    await sweep();
    expect((await spoolNames()).sort()).toEqual([SHA256, done].sort());
    later(2 * 60_000);
    await sweep();
    expect(await spoolNames()).toEqual([SHA256]);
    later(25 * 60 * 60_000);
    await sweep();
    vi.useRealTimers();
    expect(await spoolNames()).toEqual([]);
  });

  it('is removed by a page that begins, though it downloads nothing', async () => {
    await leaveBehind('cd'.repeat(32), ['a'], true);
    later(2 * 60_000);
    browserFiles();
    await vi.waitFor(async () => expect(await spoolNames()).toEqual([]));
    vi.useRealTimers();
  });

  it('of which a part is gone when it is handed over is an error that says so, and nothing is handed over', async () => {
    const downloads = catchDownloads();
    const sink = await sinkOf(20 * MiB);
    for (let written = 0; written < 20; written++) await sink.write(randomBytes(MiB));
    await (await (await spoolsFolder()).getDirectoryHandle(SHA256)).removeEntry('0');
    await expect(sink.commit()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('cleared'),
    });
    expect(downloads).toEqual([]);
    await sink.abort();
  });

  it('that the user cleared in the middle is an error that says so, and the next attempt works (ATTACKS 64)', async () => {
    const sink = await sinkOf(40 * MiB);
    await sink.write(randomBytes(17 * MiB));
    await clearSiteData();
    const rest = async () => {
      await sink.write(randomBytes(23 * MiB));
      await sink.commit();
    };
    await expect(rest()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('cleared'),
    });
    await sink.abort();
    const next = await sinkOf(1);
    expect(next.kept).toBeUndefined();
    await next.abort();
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
    expect(await spoolNames()).toEqual([]);
  });
});

describe('a picker', () => {
  const withPicker = (picker: (options: { suggestedName: string }) => Promise<FileSystemFileHandle>) =>
    vi.stubGlobal('showSaveFilePicker', picker);

  it('is asked for the file, with the name of the target', async () => {
    const handle = await pickedFile('');
    const names: string[] = [];
    withPicker(async ({ suggestedName }) => {
      names.push(suggestedName);
      return handle;
    });
    expect(await browserFiles().choose?.({}, 'folder/demo.txt')).toMatchObject({ handle });
    expect(await browserFiles().choose?.({ fileName: 'mine.txt' }, 'demo.txt')).toMatchObject({ handle });
    expect(names).toEqual(['demo.txt', 'mine.txt']);
  });

  it('leaves no empty file where nothing came of it, and never removes one with something in it', async () => {
    const root = await navigator.storage.getDirectory();
    const handle = await pickedFile('');
    withPicker(async () => handle);
    const chosen = await browserFiles().choose?.({}, 'demo.txt');
    const full = await pickedFile('x');
    await chosen?.giveUp?.();
    expect(await (await full.getFile()).text()).toBe('x');
    const stream = await full.createWritable();
    await stream.truncate(0);
    await stream.close();
    await chosen?.giveUp?.();
    await expect(root.getFileHandle('picked')).rejects.toThrow();
    await chosen?.giveUp?.();
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

  it('goes through a private file', async () => {
    const downloads = catchDownloads();
    const sink = await browserFiles().sink({}, 'demo.txt', 4);
    await sink.write(text('good'));
    await sink.commit();
    expect(await spoolNames()).toHaveLength(1);
    expect(await downloads[0]?.text()).toBe('good');
  });
});
