// What was pulled, as a plain TUF repository on a web server.
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Exported, exportFolder } from '../../adapters/node/export-folder.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { toHex, utf8 } from '../../src/encoding.ts';
import { DTufCopy, DTufMaster, memoryLock, memoryStore } from '../../src/index.ts';
import { fileInfo } from '../../src/tuf/file-info.ts';
import { client, refreshed } from '../client/place.ts';
import { NOW, repository } from '../tuf/repository.ts';
import { Web } from './web.ts';

const demo = { repository: 'fred/demo', passwords: () => 'secret' } as const;

let folder: string;
let web: Web;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dtuf-export-'));
  web = await Web.start(folder);
});
afterEach(async () => {
  await web.stop();
  await rm(folder, { recursive: true, force: true });
});

async function files(): Promise<string[]> {
  const found = await readdir(folder, { recursive: true, withFileTypes: true });
  return found
    .filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name).slice(folder.length + 1))
    .sort();
}

/** A publisher with the targets given, and a client of it that has pulled. */
async function published(targets: Record<string, Uint8Array | Uint8Array[]>) {
  const host = embeddedRegistry();
  const master = new DTufMaster({ host, ...demo, store: memoryStore(), lock: memoryLock() });
  const { publicKey } = await master.createRootKey();
  await master.createMetadataKeys();
  await master.createMetadata();
  for (const [name, data] of Object.entries(targets)) await master.pushTarget(name, data);
  await master.pushMetadata();
  const copy = new DTufCopy({ host, ...demo, trust: publicKey, store: memoryStore() });
  await copy.pullMetadata();
  return { master, copy, publicKey };
}

/** A new client of what the web server has. */
function visitor(trust: string | Uint8Array, address = web.metadata): DTufCopy {
  return new DTufCopy({ layout: 'http', host: address, trust, store: memoryStore() });
}

const hash = (name: string) => expect.stringMatching(new RegExp(`^targets/(.*/)?[0-9a-f]{64}\\.${name}$`));

describe('an export', () => {
  it('is a plain TUF repository, which any client of one reads', async () => {
    const { copy, publicKey } = await published({ 'a.txt': utf8('first'), 'docs/b c.txt': utf8('second') });
    const { written, kept } = await exportFolder(copy, folder);
    expect(kept).toBe(0);
    expect(written.slice(-2)).toEqual(['metadata/bundle.json', 'metadata/timestamp.json']);
    expect([...written].sort()).toEqual(await files());
    expect(await files()).toEqual([
      'metadata/1.root.json',
      'metadata/2.snapshot.json',
      'metadata/2.targets.json',
      'metadata/bundle.json',
      'metadata/timestamp.json',
      hash('a\\.txt'),
      hash('b c\\.txt'),
    ]);
    const reader = visitor(publicKey);
    expect((await reader.pullMetadata()).changed).toEqual(['a.txt', 'docs/b c.txt']);
    expect(await (await reader.pullTarget('docs/b c.txt')).text()).toBe('second');
  });

  it('is refreshed by one request for its bundle, and asked for nothing that is not there', async () => {
    const { copy, master, publicKey } = await published({ 'a.txt': utf8('first') });
    await exportFolder(copy, folder);
    const reader = visitor(publicKey, `${web.metadata}bundle.json`);
    await reader.pullMetadata();
    expect(await (await reader.pullTarget('a.txt')).text()).toBe('first');
    await master.pushTarget('a.txt', utf8('second'));
    await master.createRootKey();
    await master.resetKeys();
    await master.pushMetadata();
    await copy.pullMetadata();
    await exportFolder(copy, folder);
    expect((await reader.pullMetadata()).rootVersion).toBe(2);
    expect(await (await reader.pullTarget('a.txt')).text()).toBe('second');
    const [bundle, first, again, second, ...others] = web.asked;
    expect([bundle, again, others]).toEqual(['/metadata/bundle.json', '/metadata/bundle.json', []]);
    expect([first, second]).toEqual(
      Array(2).fill(expect.stringMatching(/^\/targets\/[0-9a-f]{64}\.a\.txt$/)),
    );
  });

  it('has large metadata beside the bundle, which its digest names', async () => {
    const custom = { note: 'x'.repeat(100_000) };
    const { copy, master, publicKey } = await published({});
    await master.pushTarget('a.txt', utf8('first'), { custom });
    await master.pushMetadata();
    await copy.pullMetadata();
    await exportFolder(copy, folder);
    const reader = visitor(publicKey, `${web.metadata}bundle.json`);
    await reader.pullMetadata();
    expect(web.asked).toEqual(['/metadata/bundle.json', '/metadata/3.targets.json']);
    await writeFile(join(folder, 'metadata/3.targets.json'), '{}');
    const refused = visitor(publicKey, `${web.metadata}bundle.json`).pullMetadata();
    await expect(refused).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('holds the parts of a target of several', async () => {
    const { copy, publicKey } = await published({ parts: [utf8('one'), utf8('two')] });
    await exportFolder(copy, folder);
    expect((await files()).filter((path) => path.startsWith('targets/blobs/sha256/'))).toHaveLength(2);
    const reader = visitor(publicKey);
    await reader.pullMetadata();
    expect(await (await reader.pullTarget('parts')).text()).toBe('onetwo');
  });

  it('holds delegated roles and their targets', async () => {
    const of = repository()
      .withRole('team/a', { targets: { 'a/x': 'Hello' } })
      .delegating('targets', 'team/a', { paths: ['a/*'] });
    const made = await of.build();
    const { place, copy } = await refreshed(made);
    await place.publishRoles(await of.delegated());
    await exportFolder(copy, folder);
    expect(await files()).toContain('metadata/1.team/a.json');
    const reader = new DTufCopy({
      layout: 'http',
      host: web.metadata,
      trust: made.root,
      store: memoryStore(),
      clock: () => NOW,
    });
    await reader.pullMetadata();
    expect(await (await reader.pullTarget('a/x')).text()).toBe('Hello');
  });

  it('holds roles that a delegated one delegates to, and their targets', async () => {
    const of = repository()
      .withRole('dev')
      .withRole('sub', { targets: { 'a/x': 'Hello' } })
      .delegating('targets', 'dev', { paths: ['a/*'] })
      .delegating('dev', 'sub', { paths: ['a/x'] });
    const { place, copy } = await refreshed(await of.build());
    await place.publishRoles(await of.delegated());
    const { written } = await exportFolder(copy, folder);
    expect(written).toEqual(
      expect.arrayContaining([hash('x'), 'metadata/1.dev.json', 'metadata/1.sub.json']),
    );
  });

  it('writes a target once that two roles list', async () => {
    const of = repository()
      .withTargets({ 'a/x': 'Hello' })
      .withRole('dev', { targets: { 'a/x': 'Hello' } })
      .delegating('targets', 'dev', { paths: ['a/*'] });
    const made = await of.build();
    const { place, copy } = await refreshed(made);
    await place.publishRoles(await of.delegated());
    const { written, kept } = await exportFolder(copy, folder);
    expect([written.filter((path) => path.startsWith('targets/')).length, kept]).toEqual([1, 0]);
  });

  it('has no target that its role may not sign for, and none that no known hash vouches for', async () => {
    const of = repository()
      .withTargets({ top: 'Hello', odd: { length: 1, hashes: { blake2b: 'aa' } } })
      .withRole('dev', { targets: { 'a/x': 'Hello', 'b/x': 'missing', '../x': 'Hello' } })
      .delegating('targets', 'dev', { paths: ['a/*'] });
    const made = await of.build();
    const { place, copy } = await refreshed(made);
    await place.publishRoles(await of.delegated());
    const { written } = await exportFolder(copy, folder);
    expect(written.filter((path) => path.startsWith('targets/'))).toEqual([hash('top'), hash('x')]);
  });

  it('has a target under each hash that it may be asked for by (TUF 6.2)', async () => {
    const { length, hashes } = await fileInfo(utf8('Hello'));
    const sha512 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-512', utf8('Hello'))));
    const made = await repository()
      .withTargets({ a: { length, hashes: { sha512, ...hashes } } })
      .build();
    const { copy } = await refreshed(made);
    const { written } = await exportFolder(copy, folder);
    expect(written.slice(0, 2)).toEqual([`targets/${hashes.sha256}.a`, `targets/${sha512}.a`]);
  });

  it('begins with the first root from which all are there', async () => {
    const first = repository().withTargets({ a: 'Hello' });
    const second = first.nextRoot();
    const third = second.nextRoot();
    const made = await third.build();
    await web.publish(made, [await first.root(), await second.root(), made.root], { a: 'Hello' });
    await rm(join(folder, 'metadata/2.root.json'));
    const copy = new DTufCopy({
      layout: 'http',
      host: web.metadata,
      trust: made.root,
      store: memoryStore(),
      clock: () => NOW,
    });
    await copy.pullMetadata();
    const other = await mkdtemp(join(tmpdir(), 'dtuf-export-'));
    try {
      const { written } = await exportFolder(copy, other);
      expect(written.filter((path) => path.includes('root'))).toEqual(['metadata/3.root.json']);
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it('of names that would leave the folder is refused, and nothing is written there (ATTACKS 48)', async () => {
    const made = await repository().withTargets({ '../../x': 'Hello' }).build();
    const { copy } = await refreshed(made);
    await expect(exportFolder(copy, folder)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(await files()).toEqual([]);
  });

  it('is not made of expired metadata', async () => {
    const { place, store } = await refreshed(await repository().build());
    const late = client(place, { store, now: new Date('2040-01-01') });
    await expect(exportFolder(late, folder)).rejects.toMatchObject({ code: 'METADATA_EXPIRED' });
  });
});

describe('a second export', () => {
  it('writes what changed, and mends what is damaged', async () => {
    const { copy, master } = await published({ 'a.txt': utf8('first'), 'b.txt': utf8('same') });
    await exportFolder(copy, folder);
    expect(await exportFolder(copy, folder)).toMatchObject({ written: [], kept: 7 });
    const [target = ''] = (await files()).filter((path) => path.endsWith('b.txt'));
    await writeFile(join(folder, target), 'Same');
    await master.pushTarget('a.txt', utf8('second'));
    await master.pushMetadata();
    await copy.pullMetadata();
    const { written }: Exported = await exportFolder(copy, folder);
    expect(written).toEqual([
      hash('a\\.txt'),
      target,
      'metadata/3.targets.json',
      'metadata/3.snapshot.json',
      'metadata/bundle.json',
      'metadata/timestamp.json',
    ]);
    expect(await readFile(join(folder, target), 'utf8')).toBe('same');
    // What clients with the metadata of before are on their way to.
    expect((await files()).filter((path) => path.endsWith('a.txt'))).toHaveLength(2);
  });

  it('is the same, byte for byte, wherever it is made', async () => {
    const { copy } = await published({ 'a.txt': utf8('first') });
    const other = await mkdtemp(join(tmpdir(), 'dtuf-export-'));
    try {
      await exportFolder(copy, folder);
      await exportFolder(copy, other);
      for (const path of await files())
        expect(await readFile(join(other, path))).toEqual(await readFile(join(folder, path)));
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });
});

it('the data of a target that is not what was signed is not written (ATTACKS 51)', async () => {
  const files = await repository().withTargets({ a: 'Hello' }).build();
  const { place, copy } = await refreshed(files);
  const honest = place.answer;
  place.answer = async (request, answer) =>
    request.path.startsWith('blobs/') ? new Response('hELLO') : honest(request, answer);
  await expect(exportFolder(copy, folder)).rejects.toMatchObject({ code: expect.stringMatching(/MISMATCH/) });
  await expect(stat(join(folder, 'metadata'))).rejects.toMatchObject({ code: 'ENOENT' });
});
