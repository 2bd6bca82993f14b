// Streams of dtuf/worker that are larger than what it holds in memory. They are bounded low here. In a page, and in workers of each
// kind (test/runtimes).
import { afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { DTufCopy, memoryStore } from '../../adapters/browser/worker.ts';
import { workerFiles } from '../../adapters/browser/worker-files.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { nextTask } from '../../src/content/next-task.ts';
import type { Place } from '../../src/index.ts';
import type { Files } from '../../src/ports.ts';
import { publisher } from '../core/people.ts';
import { cleanUp, leaveBehind, randomBytes, spoolNames } from './storage.ts';

/** More than a spool gathers before it writes. */
const data = randomBytes(3_000_000);
const limits = { memory: 1_000_000, unspooled: 10_000 };
const isSame = (got: Uint8Array, expected = data) =>
  got.length === expected.length && got.every((byte, i) => byte === expected[i]);
const whole = async (stream: ReadableStream<Uint8Array>) => new Response(stream).bytes();

/** A client of a repository with a target of 3 MB, one of 20 KB, and one of two parts. */
async function published(files?: Files) {
  const registry = embeddedRegistry();
  const { master, repository, rootKey } = await publisher(registry);
  await master.pushTarget('large', data);
  await master.pushTarget('small', data.slice(0, 20_000));
  await master.pushTarget('two', [data.slice(0, 20_000), data]);
  await master.pushMetadata();
  const asked: string[] = [];
  let flipped: number | undefined;
  const host: Place = {
    async fetch(input, init) {
      const { url } = new Request(input, init);
      const answer = await registry.fetch(input, init);
      asked.push(url);
      if (!url.includes('/blobs/')) return answer;
      const bytes = new Uint8Array(await answer.arrayBuffer());
      if (flipped !== undefined) bytes[flipped] = 1 ^ (bytes[flipped] ?? 0);
      return new Response(bytes, answer);
    },
  };
  const given = files === undefined ? {} : { files };
  const copy = new DTufCopy({ host, repository, trust: rootKey, store: memoryStore(), limits, ...given });
  await copy.pullMetadata();
  const large = await copy.pullTarget('large');
  const small = await copy.pullTarget('small');
  const two = await copy.pullTarget('two');
  asked.length = 0;
  return {
    copy,
    host,
    repository,
    large,
    small,
    two,
    asked,
    /** Changes one bit on the way. */
    flip: (at: number | undefined) => {
      flipped = at;
    },
  };
}

afterEach(cleanUp);

describe('a large stream in a worker with private files', () => {
  afterEach(async () => {
    const root = await navigator.storage.getDirectory();
    for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
  });

  it('waits in one until it is verified, and nothing of it stays', async () => {
    const { large } = await published();
    const stream = await large.stream();
    expect(stream.verified).toBe('whole');
    expect(await spoolNames()).toHaveLength(1);
    expect(isSame(await whole(stream))).toBe(true);
    expect(await spoolNames()).toEqual([]);
  });

  it('comes over http as it was published', async () => {
    const { url: host, repository, rootKey: trust } = inject('faultyRegistry');
    const copy = new DTufCopy({ host, repository, trust, store: memoryStore(), limits });
    await copy.pullMetadata();
    const target = await copy.pullTarget('large');
    await expect(target.bytes()).rejects.toMatchObject({ code: 'TOO_LARGE' });
    const bytes = await whole(await target.stream());
    expect(bytes.length).toBe(5_000_000);
    expect(await copy.checkTarget('large', bytes)).toBe(true);
    expect(await spoolNames()).toEqual([]);
  });

  it.each([0, 2_999_999])(
    'that is refused for one bit of byte %i gives nothing out and leaves nothing, and is read once it is right (ATTACKS 52)',
    async (at) => {
      const { large, flip } = await published();
      flip(at);
      await expect(large.stream()).rejects.toMatchObject({ code: 'TARGET_MISMATCH', target: 'large' });
      expect(await spoolNames()).toEqual([]);
      flip(undefined);
      expect(isSame(await whole(await large.stream()))).toBe(true);
      expect(await spoolNames()).toEqual([]);
    },
  );

  it('can be read by several at once, each for itself (ATTACKS 65)', async () => {
    const { large, asked } = await published();
    const streams = [await large.stream(), await large.stream()];
    expect(await spoolNames()).toHaveLength(2);
    for (const stream of streams) expect(isSame(await whole(stream))).toBe(true);
    expect(asked).toHaveLength(2);
    expect(await spoolNames()).toEqual([]);
  });

  it('leaves nothing where it is aborted, or its reader gives up', async () => {
    const { large } = await published();
    const stop = new AbortController();
    const aborted = large.stream({ signal: stop.signal, onProgress: () => stop.abort() });
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' });
    await (await large.stream()).cancel();
    expect(await spoolNames()).toEqual([]);
  });

  it('has left nothing once its cancel has ended, whoever removes it', async () => {
    const { large } = await published();
    const remove = FileSystemDirectoryHandle.prototype.removeEntry;
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const removing = vi.spyOn(FileSystemDirectoryHandle.prototype, 'removeEntry');
    removing.mockImplementation(async function (this: FileSystemDirectoryHandle, ...entry) {
      await held;
      await remove.apply(this, entry);
    });
    let ended = false;
    // A read is under way.
    const cancelled = (await large.stream()).cancel().then(() => {
      ended = true;
    });
    await vi.waitFor(() => expect(removing).toHaveBeenCalled());
    await nextTask();
    expect(ended).toBe(false);
    letGo();
    await cancelled;
    expect(await spoolNames()).toEqual([]);
  });

  it('is read in slices and in parts as well', async () => {
    const { large, two } = await published();
    expect(isSame(await large.slice(2_000_000, 2_000_500), data.slice(2_000_000, 2_000_500))).toBe(true);
    const lengths: number[] = [];
    for await (const part of two.parts()) lengths.push((await whole(await part.stream())).length);
    expect(lengths).toEqual([20_000, 3_000_000]);
    expect(await spoolNames()).toEqual([]);
  });

  it('can be put into a cache', async () => {
    const { large } = await published();
    const name = crypto.randomUUID();
    const cache = await caches.open(name);
    await cache.put('/large', new Response(await large.stream()));
    expect(isSame((await (await cache.match('/large'))?.bytes()) ?? new Uint8Array())).toBe(true);
    await caches.delete(name);
    expect(await spoolNames()).toEqual([]);
  });

  it('is refused before it is asked for where there is no room (ATTACKS 64)', async () => {
    const { large, asked } = await published();
    vi.spyOn(navigator.storage, 'estimate').mockResolvedValue({ quota: 3_000_000, usage: 1 });
    await expect(large.stream()).rejects.toMatchObject({
      code: 'STORAGE_FAILED',
      message: expect.stringContaining('no room for 3000000 bytes'),
    });
    expect(asked).toEqual([]);
    expect(await spoolNames()).toEqual([]);
  });

  it('that was left by a worker that ended is removed by the next one that begins', async () => {
    await leaveBehind(crypto.randomUUID(), ['left']);
    new DTufCopy({ host: embeddedRegistry(), repository: 'a', store: memoryStore() });
    await vi.waitFor(async () => expect(await spoolNames()).toEqual([]));
  });

  it('leaves to pages what they go on with', async () => {
    const name = 'ab'.repeat(32);
    await leaveBehind(name, ['begun']);
    const { large } = await published();
    await whole(await large.stream());
    expect(await spoolNames()).toEqual([name]);
  });
});

describe('a large stream in a worker without private files', () => {
  beforeEach(() => {
    const storage: StorageManager | undefined = globalThis.navigator?.storage;
    if (typeof storage?.getDirectory !== 'function') return;
    vi.spyOn(storage, 'getDirectory').mockRejectedValue(new DOMException('private', 'SecurityError'));
  });

  it('is held in memory up to the bound', async () => {
    const { small, flip } = await published();
    expect(isSame(await whole(await small.stream()), data.slice(0, 20_000))).toBe(true);
    flip(19_999);
    await expect(small.stream()).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
  });

  it('is refused above it before it is asked for, by the name of the cause (ATTACKS 64)', async () => {
    const { large, asked } = await published();
    await expect(large.stream()).rejects.toMatchObject({
      code: 'TOO_LARGE',
      message: expect.stringMatching(/3000000 bytes, more than the 1000000 .*no private files \(OPFS\) here/),
      expected: 'at most 1000000',
      got: '3000000',
    });
    expect(asked).toEqual([]);
  });
});

it('a worker saves nothing, says what to do in its place, and asks for nothing before', async () => {
  const { two, asked } = await published();
  const refused = { code: 'NOT_SUPPORTED', message: expect.stringMatching(/blob\(\) or stream\(\)/) };
  await expect(two.save()).rejects.toMatchObject(refused);
  const handle = { createWritable: () => expect.unreachable('the file') };
  await expect(two.save({ handle })).rejects.toMatchObject(refused);
  expect(asked).toEqual([]);
});

it('a worker has no paths, and says what to pass in their place', async () => {
  const { copy, host, repository } = await published();
  const refused = { code: 'NOT_SUPPORTED', message: expect.stringMatching(/pass bytes or text/) };
  await expect(copy.checkTarget('large', '/tmp/large')).rejects.toMatchObject(refused);
  const trust = new URL('file:///tmp/root.json');
  const other = new DTufCopy({ host, repository, trust, store: memoryStore() });
  await expect(other.pullMetadata()).rejects.toMatchObject(refused);
});

it('a worker that was given files uses them', async () => {
  const { large } = await published({ ...workerFiles(), spool: () => Promise.reject(new Error('given')) });
  await expect(large.stream()).rejects.toThrow('given');
});
