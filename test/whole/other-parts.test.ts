// A target that is made of what another holds (`@other`): the publisher signs only what was signed before.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { DTufMaster, memoryLock } from '../../src/index.ts';
import type { Bytes } from '../../src/ports.ts';
import { describe as descriptorOf } from '../../src/registry/describe.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { ociManifestType } from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { Registry } from '../../src/registry/registry.ts';
import { emptyBytes, emptyDescriptor, writeManifest } from '../../src/registry/write-manifest.ts';
import { bytesOf, client, publisher } from '../core/people.ts';
import { type Seen, watched } from '../core/watched.ts';
import { utf8 } from './signed.ts';

/** A publisher whose registry answers for the blobs of `other` with `lie` from then on. */
async function lying(parts: readonly string[], lie: (request: Seen) => Response | undefined) {
  const registry = embeddedRegistry();
  const made = await publisher(registry);
  await made.master.pushTarget('other', parts.map(bytesOf));
  await made.master.pushMetadata();
  const { fetch } = watched(registry, (request) =>
    request.method === 'GET' && request.path.includes('/blobs/') ? lie(request) : undefined,
  );
  const { repository, store, keys } = made;
  const master = new DTufMaster({ host: { fetch }, repository, store, lock: memoryLock(), keys });
  const pulled = async (name: string) => {
    const copy = client(registry, repository, { trust: made.rootKey });
    await copy.pullMetadata();
    return (await copy.pullTarget(name)).text();
  };
  return { master, pulled };
}

describe.each([
  ['a file', ['data']],
  ['several parts', ['da', 'ta']],
])('made of %s', (_, parts) => {
  it('a registry that sends other bytes does not get them signed (ATTACKS 52, 92)', async () => {
    const { master, pulled } = await lying(parts, () => new Response('evil'.slice(0, parts[0]?.length)));
    await master.pushTarget('new', '@other').catch(() => undefined);
    await master.pushMetadata();
    expect(await pulled('other')).toBe('data');
    await expect(pulled('new').catch((error: { code: string }) => error.code)).resolves.toMatch(
      /^(?:data|TARGET_NOT_FOUND)$/,
    );
  });

  it.each([
    ['says that it is gone', () => new Response(null, { status: 404 })],
    ['answers with nothing', () => new Response(null, { status: 206 })],
  ])('a registry that %s is told, and nothing is kept to be signed (ATTACKS 61, 94)', async (_lie, lie) => {
    const { master } = await lying(parts, lie);
    await expect(master.pushTarget('new', ['@other', bytesOf('!')])).rejects.toMatchObject({
      code: 'TARGET_MISSING',
      target: 'new',
    });
    const names: string[] = [];
    for await (const { name } of master.listTargets()) names.push(name);
    expect(names).toEqual(['other']);
  });
});

it('a target of which only a sha512 is signed is verified whole before it is signed anew (ATTACKS 50, 52)', async () => {
  const data = utf8('signed by its sha512');
  const sha512 = createHash('sha512').update(data).digest('hex');
  for (const [sent, code] of [
    [data, undefined],
    [utf8('signed by its sha511'), 'TARGET_MISMATCH'],
  ] as const) {
    const registry = embeddedRegistry();
    const made = await publisher(registry);
    const repository = new Registry({ place: registry }).repository(made.repository);
    await pushBlob(repository.blobs, { digest: await digestOf(sent), size: sent.length }, sent);
    await pushBlob(repository.blobs, { digest: await digestOf(emptyBytes), size: 2 }, emptyBytes);
    const layers = [await descriptorOf('application/vnd.tuf.target', sent)];
    const manifest = { schemaVersion: 2, mediaType: ociManifestType, config: emptyDescriptor, layers };
    await pushManifest(
      repository.manifests,
      `sha512-${sha512.slice(0, 64)}.other`,
      writeManifest(manifest),
      ociManifestType,
    );
    const entry = { other: { length: data.length, hashes: { sha512 } } };
    await made.store.commit(new Map(), new Map([['repository/pending.json', utf8(JSON.stringify(entry))]]));
    const pushed = made.master.pushTarget('new', '@other');
    if (code === undefined) expect((await pushed).hashes).toMatchObject({ sha256: await hexOf(data) });
    else await expect(pushed).rejects.toMatchObject({ code, target: 'new' });
  }
});

async function hexOf(bytes: Bytes): Promise<string> {
  return (await digestOf(bytes)).slice('sha256:'.length);
}

it('data that is there is neither fetched whole nor sent again', async () => {
  const registry = embeddedRegistry();
  const made = await publisher(registry);
  await made.master.pushTarget('other', bytesOf('data'));
  const { fetch, seen } = watched(registry);
  const { repository, store, keys } = made;
  const master = new DTufMaster({ host: { fetch }, repository, store, lock: memoryLock(), keys });
  await master.pushTarget('new', ['@other', '@other']);
  expect(seen.filter(({ method }) => method === 'POST')).toEqual([]);
  await master.pushMetadata();
  const copy = client(registry, repository, { trust: made.rootKey });
  await copy.pullMetadata();
  expect(await (await copy.pullTarget('new')).text()).toBe('datadata');
});
