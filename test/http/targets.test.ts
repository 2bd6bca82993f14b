// The data of targets on a web server.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DTufCopy as NodeCopy } from '../../adapters/node/index.ts';
import { toHex, utf8 } from '../../src/encoding.ts';
import type { DTufCopy } from '../../src/index.ts';
import type { Json } from '../../src/json.ts';
import { targetPath } from '../../src/layout/http-targets.ts';
import { describe as descriptorOf } from '../../src/registry/describe.ts';
import { ociIndexType, ociManifestType } from '../../src/registry/manifest.ts';
import { emptyDescriptor, writeManifest } from '../../src/registry/write-manifest.ts';
import { fileInfo } from '../../src/tuf/file-info.ts';
import { NOW, repository } from '../tuf/repository.ts';
import { at, type ClientOptions, client, sha256, status, Web } from './web.ts';

let web: Web;
beforeEach(async () => {
  web = await Web.start();
});
afterEach(() => web.stop());

const inconsistent = { signed: (signed: object) => ({ ...signed, consistent_snapshot: false }) };
const HELLO = '185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969';

/** A client that has refreshed, of a repository with these targets. */
async function refreshed(
  targets: Readonly<Record<string, string>>,
  {
    consistent = true,
    signed = {},
    ...options
  }: ClientOptions & { consistent?: boolean; signed?: Record<string, Json> } = {},
): Promise<DTufCopy> {
  const plain = repository().withTargets({ ...targets, ...signed });
  const files = await (consistent ? plain : plain.with('root', inconsistent)).build();
  await web.publish(files, [files.root], targets);
  const copy = client(web, { trust: files.root, ...options });
  await copy.pullMetadata();
  web.asked.length = 0;
  return copy;
}

const textOf = async (copy: DTufCopy, name: string) => (await copy.pullTarget(name)).text();

describe('a target over http', () => {
  it.each([
    ['demo.txt', `demo.txt`],
    ['folder/deep/demo.txt', `folder/deep/demo.txt`],
    ['a b.txt', 'a%20b.txt'],
    ['x%2ey', 'x%252ey'],
    ['%2e%2e/x', '%252e%252e/x'],
    ['what?#now', 'what%3F%23now'],
    ['ümlaut/größe.txt', '%C3%BCmlaut/gr%C3%B6%C3%9Fe.txt'],
    ['https:', 'https%3A'],
    ['..x', '..x'],
  ])('%s is found under its encoded name, with its hash or without', async (name, encoded) => {
    const copy = await refreshed({ [name]: 'Hello' }, { consistent: false });
    expect(await textOf(copy, name)).toBe('Hello');
    expect(web.asked).toEqual([`/targets/${encoded}`]);

    const consistent = await refreshed({ [name]: 'Hello' });
    expect(await textOf(consistent, name)).toBe('Hello');
    expect(web.asked).toEqual([`/targets/${encoded.replace(/[^/]*$/, (last) => `${HELLO}.${last}`)}`]);
  });

  it.each([
    '../x',
    'a/../../x',
    '..',
    'a/..',
    '/etc/passwd',
    '//example.com/x',
    'a//b',
    'a/',
    './x',
    '..\\x',
    'a\\..\\x',
    'x\ud800',
  ])('that climbs out or has no address is refused before any request: %j (ATTACKS 56)', async (name) => {
    expect(() => targetPath(name)).toThrow(expect.objectContaining({ code: 'NOT_SUPPORTED', target: name }));
    if (name.includes('\ud800')) return;
    for (const consistent of [true, false]) {
      const copy = await refreshed({}, { consistent, signed: { [name]: await fileInfo(utf8('Hello')) } });
      const target = await copy.pullTarget(name);
      await expect(target.text()).rejects.toMatchObject({ code: 'NOT_SUPPORTED', target: name });
      expect(web.asked).toEqual([]);
    }
  });

  it('is looked for at its own address where one was given', async () => {
    const elsewhere = await Web.start();
    try {
      const copy = await refreshed({ 'demo.txt': 'Hello' }, { targetsHost: `${elsewhere.origin}/data` });
      await elsewhere.write(`data/${HELLO}.demo.txt`, 'Hello');
      expect(await textOf(copy, 'demo.txt')).toBe('Hello');
      expect(elsewhere.asked).toEqual([`/data/${HELLO}.demo.txt`]);
    } finally {
      await elsewhere.stop();
    }
  });

  it('with a sha512 only is found under it', async () => {
    const sha512 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-512', utf8('Hello'))));
    const copy = await refreshed({}, { signed: { 'demo.txt': { length: 5, hashes: { sha512 } } } });
    await web.write(`targets/${sha512}.demo.txt`, 'Hello');
    expect(await textOf(copy, 'demo.txt')).toBe('Hello');
  });

  it('can be empty', async () => {
    expect(await textOf(await refreshed({ empty: '' }), 'empty')).toBe('');
  });

  it('is compared and measured', async () => {
    const copy = await refreshed({ 'demo.txt': 'Hello' });
    expect(await copy.blobSizes('demo.txt')).toEqual([5]);
    expect(await copy.checkTarget('demo.txt', utf8('Hello'))).toBe(true);
    expect(await copy.checkTarget('demo.txt', utf8('hello'))).toBe(false);
    expect(web.asked).toEqual([]);
  });

  it.each([
    ['404', status(404), 'TARGET_MISSING'],
    ['403', status(403), 'ACCESS_DENIED'],
    ['500', status(500), 'REGISTRY_FAILED'],
    ['200 with a page', status(200, '<h1>Welcome</h1>'), 'TARGET_MISMATCH'],
    ['200 with other bytes of that length', status(200, 'World'), 'TARGET_MISMATCH'],
    ['200 with less', status(200, 'Hell'), 'TARGET_MISMATCH'],
    ['silence', () => undefined, 'TIMED_OUT'],
    ['a reset', (response: { destroy(): void }) => response.destroy(), 'UNREACHABLE'],
  ] as const)('that the server answers with %s is refused (ATTACKS 58)', async (_, fail, code) => {
    const copy = await refreshed({ 'demo.txt': 'Hello' }, { limits: { idle: 200 } });
    web.fault = at('demo.txt', fail);
    await expect(textOf(copy, 'demo.txt')).rejects.toMatchObject({ code });
  });

  it('that is not there is told with its address, and what to do', async () => {
    const copy = await refreshed({ 'demo.txt': 'Hello' });
    web.fault = at('demo.txt', status(404));
    await expect(textOf(copy, 'demo.txt')).rejects.toMatchObject({
      target: 'demo.txt',
      message: expect.stringContaining(`there is no ${web.origin}/targets/${HELLO}.demo.txt. The publisher`),
    });
  });

  it('that does not end is left at its signed length (ATTACKS 37)', async () => {
    const copy = await refreshed({ 'demo.txt': 'Hello' });
    let sent = 0;
    web.fault = at('demo.txt', (response) => {
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(1000))) sent += 1000;
      };
      response.on('drain', more);
      more();
    });
    await expect(textOf(copy, 'demo.txt')).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
    expect(sent).toBeLessThan(10_000_000);
  });

  it('that is compressed on the way comes out right (ATTACKS 87)', async () => {
    const long = 'Hello '.repeat(1000);
    const copy = await refreshed({ 'demo.txt': long });
    web.fault = at('demo.txt', (response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync(long));
    });
    expect(await textOf(copy, 'demo.txt')).toBe(long);
  });

  it('whose connection breaks in the middle is read on', async () => {
    const long = 'Hello '.repeat(50_000);
    const copy = await refreshed({ 'demo.txt': long });
    let broken = false;
    web.fault = (request, response) => {
      if (broken || request.url?.endsWith('demo.txt') !== true) return false;
      broken = true;
      response.writeHead(200, { 'Content-Length': long.length });
      response.write(long.slice(0, 100_000), () => response.destroy());
      return true;
    };
    expect(await textOf(copy, 'demo.txt')).toBe(long);
  });
});

describe('a target of several parts over http', () => {
  const parts = ['one', 'two'];

  async function manifest() {
    const layers = await Promise.all(
      parts.map((part) => descriptorOf('application/octet-stream', utf8(part))),
    );
    const [first] = layers;
    if (first === undefined) throw new Error('there are parts');
    return writeManifest({ schemaVersion: 2, mediaType: ociManifestType, config: emptyDescriptor, layers });
  }

  async function withParts(mediaType = ociManifestType) {
    const bytes = await manifest();
    const entry = { ...(await fileInfo(bytes)), custom: { dtuf: { mediaType } } };
    const copy = await refreshed({}, { signed: { 'folder/both': entry } });
    await web.write(`targets/folder/${await sha256(bytes)}.both`, bytes);
    for (const part of parts) await web.write(`targets/blobs/sha256/${await sha256(utf8(part))}`, part);
    return copy;
  }

  it('is its parts, which lie under their digests', async () => {
    const copy = await withParts();
    expect(await textOf(copy, 'folder/both')).toBe('onetwo');
    expect(web.asked.slice(1)).toEqual(
      await Promise.all(parts.map(async (part) => `/targets/blobs/sha256/${await sha256(utf8(part))}`)),
    );
    expect(await copy.checkTarget('folder/both', parts.map(utf8))).toBe(true);
  });

  it('is refused where a part is another, and named where one is missing', async () => {
    const copy = await withParts();
    const path = `targets/blobs/sha256/${await sha256(utf8('two'))}`;
    await web.write(path, 'owt');
    await expect(textOf(copy, 'folder/both')).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
    web.fault = at(path, status(404));
    await expect(textOf(copy, 'folder/both')).rejects.toMatchObject({
      code: 'TARGET_MISSING',
      target: 'folder/both',
    });
  });

  it('is refused where what is signed says that it is something else', async () => {
    const copy = await withParts(ociIndexType);
    await expect(textOf(copy, 'folder/both')).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
  });
});

describe('dtuf/node', () => {
  it('reads a web server, and keeps its state under the address, or the name that was given', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'dtuf-http-'));
    try {
      const files = await repository().withTargets({ 'demo.txt': 'Hello' }).build();
      await web.publish(files, [files.root], { 'demo.txt': 'Hello' });
      const host = web.metadata;
      const options = {
        host,
        layout: 'http',
        clock: () => NOW,
        repositoriesRoot: join(folder, 'repos'),
      } as const;
      for (const name of [{}, { repository: 'sig/store' }]) {
        await new NodeCopy({ ...options, ...name, trust: files.root }).pullMetadata();
        const target = await new NodeCopy({ ...options, ...name }).pullTarget('demo.txt');
        await target.save({ path: join(folder, 'demo.txt') });
        expect(await readFile(join(folder, 'demo.txt'), 'utf8')).toBe('Hello');
      }
      const state = (name: string) =>
        readFile(join(folder, 'repos', name, 'copy/repository/dtuf.json'), 'utf8');
      expect(await state(`@${encodeURIComponent(host)}`)).toBe('{"layout":"http"}');
      expect(await state('sig/store')).toBe('{"layout":"http"}');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
