// Every way to read a target hands out nothing of one that was tampered with.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { nodeFiles } from '../../adapters/node/files.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import type { VerifiedTarget } from '../../src/index.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { bytesOf, client, publisher } from '../core/people.ts';
import { temporaryFolder } from '../node/temporary.ts';
import { fileOf, type Lie, signed, utf8 } from './signed.ts';

const text = JSON.stringify({ text: 'x'.repeat(100_000) });
const data = utf8(text);

/** What reads a target and returns what it was given, as text. */
type Read = (target: VerifiedTarget, folder: string) => Promise<string>;

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const ways: Readonly<Record<string, Read>> = {
  bytes: async (target) => textOf(await target.bytes()),
  text: (target) => target.text(),
  json: async (target) => JSON.stringify(await target.json()),
  blob: async (target) => (await target.blob()).text(),
  response: async (target) => (await target.response()).text(),
  async save(target, folder) {
    const path = join(folder, 'out');
    await target.save({ path });
    return readFileSync(path, 'utf8');
  },
  async stream(target) {
    const stream = await target.stream();
    expect(stream.verified).toBe('whole');
    return new Response(stream).text();
  },
  slice: (target) => target.slice(0, data.length).then(textOf),
  async parts(target) {
    let read = '';
    for await (const part of target.parts()) read += await new Response(await part.stream()).text();
    return read;
  },
};

const flipped = data.slice();
flipped[50_000] = 0x79;

/** Answers for the blob of the target with something else. */
const instead =
  (answer: () => Response): Lie =>
  ({ path }) =>
    path.startsWith('blobs/') ? answer() : undefined;

const lies: Readonly<Record<string, { lie: Lie; code: string }>> = {
  'of which one byte is another': { lie: instead(() => new Response(flipped)), code: 'TARGET_MISMATCH' },
  'that is one byte shorter': {
    lie: instead(() => new Response(data.subarray(0, -1))),
    code: 'TARGET_MISMATCH',
  },
  'that is one byte longer': {
    lie: instead(() => new Response(utf8(`${text} `))),
    code: 'TARGET_MISMATCH',
  },
  'without end': { lie: instead(() => new Response(endless())), code: 'TARGET_MISMATCH' },
  'that is gone': { lie: instead(() => new Response(null, { status: 404 })), code: 'TARGET_MISSING' },
  'that is gone, and answered with nothing': {
    lie: instead(() => new Response('')),
    code: 'TARGET_MISSING',
  },
};

function endless(): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x78)) });
}

describe.each(Object.entries(ways))('%s()', (way, read) => {
  it('hands out what was signed', async () => {
    const at = await signed({ a: await fileOf(data) });
    await pushBlob(at.repository.blobs, { digest: await digestOf(data), size: data.length }, data);
    const copy = await at.client({ files: nodeFiles() });
    expect(await read(await copy.pullTarget('a'), temporaryFolder())).toBe(text);
    // A slice is not the target.
    expect((await copy.pullMetadata()).changed).toEqual(way === 'slice' ? ['a'] : []);
  });

  it.each(Object.entries(lies))(
    'hands out nothing of a target %s (ATTACKS 37, 51, 53, 61, 94)',
    async (_what, { lie, code }) => {
      const at = await signed({ a: await fileOf(data) });
      // In memory, and where it is too large for that, in a spool.
      for (const unspooled of [4_000_000, 1000]) {
        const folder = temporaryFolder();
        const copy = await at.client({ files: nodeFiles({ temporary: folder }), limits: { unspooled } });
        at.lie(lie);
        await expect(read(await copy.pullTarget('a'), folder)).rejects.toMatchObject({ code, target: 'a' });
        expect(readdirSync(folder)).toEqual([]);
        at.lie(undefined);
        // It counts as not downloaded.
        expect((await copy.pullMetadata()).changed).toEqual(['a']);
      }
    },
  );
});

describe('a stream that is asked to be unverified', () => {
  it.each(Object.entries(lies))(
    'says so, and ends in an error for a target %s (ATTACKS 37, 51)',
    async (_, { lie, code }) => {
      const at = await signed({ a: await fileOf(data) });
      const copy = await at.client();
      at.lie(lie);
      const stream = await (await copy.pullTarget('a')).stream({ unverified: true });
      expect(stream.verified).toBe('none');
      await expect(new Response(stream).text()).rejects.toMatchObject({ code, target: 'a' });
      at.lie(undefined);
      expect((await copy.pullMetadata()).changed).toEqual(['a']);
    },
  );

  it('hands out the bytes that came before the lie, and never more than were signed (ATTACKS 37)', async () => {
    const at = await signed({ a: await fileOf(data) });
    const copy = await at.client();
    at.lie(instead(() => new Response(endless())));
    const reader = (await (await copy.pullTarget('a')).stream({ unverified: true })).getReader();
    let length = 0;
    const drained = (async () => {
      for (let step = await reader.read(); !step.done; step = await reader.read())
        length += step.value.length;
    })();
    await expect(drained).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
    expect(length).toBeLessThanOrEqual(data.length);
  });
});

describe('what is too large to be held', () => {
  it.each(['bytes', 'text', 'json', 'blob', 'response'] as const)(
    '%s() refuses it before it is asked for (ATTACKS 37)',
    async (way) => {
      const at = await signed({ a: await fileOf(data) });
      const copy = await at.client({ limits: { memory: data.length - 1 } });
      await expect((await copy.pullTarget('a'))[way]()).rejects.toMatchObject({
        code: 'TOO_LARGE',
        target: 'a',
      });
      expect(at.seen).toEqual([]);
    },
  );

  it('slice() refuses it by the length of the slice (ATTACKS 37)', async () => {
    const at = await signed({ a: await fileOf(data) });
    const copy = await at.client({ limits: { memory: 1000 } });
    await expect((await copy.pullTarget('a')).slice(0, 1001)).rejects.toMatchObject({ code: 'TOO_LARGE' });
    expect(at.seen).toEqual([]);
  });

  it('a stream refuses it where there is no place for a spool (ATTACKS 37)', async () => {
    const at = await signed({ a: await fileOf(data) });
    const copy = await at.client({ limits: { memory: 1000, unspooled: 1000 } });
    await expect((await copy.pullTarget('a')).stream()).rejects.toMatchObject({
      code: 'TOO_LARGE',
      target: 'a',
    });
    expect(at.seen).toEqual([]);
  });

  it.each([
    [-1, 1],
    [0, data.length + 1],
    [2, 1],
    [0.5, 1],
    [Number.NaN, 1],
  ])('a slice from %d to %d is refused before anything is asked for', async (start, end) => {
    const at = await signed({ a: await fileOf(data) });
    const copy = await at.client();
    await expect((await copy.pullTarget('a')).slice(start, end)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      target: 'a',
    });
    expect(at.seen).toEqual([]);
  });
});

it('a part that is read twice does not count for one that was not read', async () => {
  const registry = embeddedRegistry();
  const { master, repository, rootKey } = await publisher(registry);
  await master.pushTarget('both', [bytesOf('one'), bytesOf('two')]);
  await master.pushMetadata();
  const copy = client(registry, repository, { trust: rootKey });
  await copy.pullMetadata();
  for await (const part of (await copy.pullTarget('both')).parts()) {
    await part.stream();
    await part.stream();
    break;
  }
  expect((await copy.pullMetadata()).changed).toEqual(['both']);
});

it('save() leaves a file that stands under the name as it was (ATTACKS 77)', async () => {
  const at = await signed({ a: await fileOf(data) });
  const folder = temporaryFolder();
  const path = join(folder, 'out');
  writeFileSync(path, 'before');
  const copy = await at.client({ files: nodeFiles() });
  at.lie(lies['of which one byte is another']?.lie);
  await expect((await copy.pullTarget('a')).save({ path })).rejects.toMatchObject({
    code: 'TARGET_MISMATCH',
  });
  expect(readFileSync(path, 'utf8')).toBe('before');
  expect(readdirSync(folder)).toEqual(['out']);
});
