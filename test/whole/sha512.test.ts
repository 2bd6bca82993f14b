// Targets of which only a sha512 is signed: found by their tag, verified by the whole hash.

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/ports.ts';
import { describe as descriptorOf } from '../../src/registry/describe.ts';
import { digestOf } from '../../src/registry/digest.ts';
import { ociIndexType, ociManifestType } from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { emptyBytes, emptyDescriptor, writeManifest } from '../../src/registry/write-manifest.ts';
import type { TargetFile } from '../../src/tuf/targets.ts';
import { fileOf, type Signed, signed, utf8 } from './signed.ts';

const data = utf8('verified by its sha512');

const sha512 = (bytes: Bytes): string => createHash('sha512').update(bytes).digest('hex');

function file(bytes: Bytes, more: Record<string, string> = {}): TargetFile {
  return { length: bytes.length, hashes: { sha512: sha512(bytes), ...more } };
}

/** Gives `bytes` the tag of the target `a` that is signed as `data`. */
async function tagged(
  at: Signed,
  bytes: Bytes,
  tag = `sha512-${sha512(data).slice(0, 64)}.a`,
): Promise<void> {
  for (const blob of [emptyBytes, bytes]) {
    await pushBlob(at.repository.blobs, { digest: await digestOf(blob), size: blob.length }, blob);
  }
  const manifest = writeManifest({
    schemaVersion: 2,
    mediaType: ociManifestType,
    artifactType: 'application/vnd.dtuf.target.v1',
    config: emptyDescriptor,
    layers: [await descriptorOf('application/vnd.tuf.target', bytes)],
  });
  await pushManifest(at.repository.manifests, tag, manifest, ociManifestType);
}

describe('a target of which only a sha512 is signed', () => {
  it('is found by its tag and verified (ATTACKS 50)', async () => {
    const at = await signed({ a: file(data) });
    await tagged(at, data);
    const copy = await at.client();
    expect(await (await copy.pullTarget('a')).bytes()).toEqual(data);
    expect(await copy.checkTarget('a', data)).toBe(true);
    expect(await copy.checkTarget('a', utf8('verified by its sha511'))).toBe(false);
  });

  it('is found by the hash of its name where that is no tag (ATTACKS 50)', async () => {
    const name = 'ümlaut/日本語.txt';
    const at = await signed({ [name]: file(data) });
    const hashed = createHash('sha256').update(name).digest('hex').slice(0, 40);
    await tagged(at, data, `sha512-${sha512(data).slice(0, 64)}._${hashed}`);
    expect(await (await (await at.client()).pullTarget(name)).bytes()).toEqual(data);
  });

  it('is refused where the tag leads to other bytes, of the same length or not (ATTACKS 50, 51)', async () => {
    for (const other of ['verified by its sha511', 'short', 'longer than what was signed']) {
      const at = await signed({ a: file(data) });
      await tagged(at, utf8(other));
      await expect((await (await at.client()).pullTarget('a')).bytes()).rejects.toMatchObject({
        code: 'TARGET_MISMATCH',
        target: 'a',
      });
    }
  });

  it('is told to be missing where there is no such tag (ATTACKS 50)', async () => {
    const at = await signed({ a: file(data) });
    await expect((await (await at.client()).pullTarget('a')).bytes()).rejects.toMatchObject({
      code: 'TARGET_MISSING',
      target: 'a',
    });
  });

  it('is refused where its tag names an index or a manifest without a layer (ATTACKS 50, 86)', async () => {
    for (const [mediaType, body] of [
      [ociIndexType, { manifests: [] }],
      [ociManifestType, { config: emptyDescriptor, layers: [] }],
    ] as const) {
      const at = await signed({ a: file(data) });
      at.lie(({ path }) =>
        path.startsWith('manifests/sha512-')
          ? new Response(writeManifest({ schemaVersion: 2, mediaType, ...body }), {
              headers: { 'Content-Type': mediaType },
            })
          : undefined,
      );
      await expect((await (await at.client()).pullTarget('a')).bytes()).rejects.toMatchObject({
        code: expect.stringMatching(/^TARGET_MI/),
        target: 'a',
      });
    }
  });
});

describe('where several hashes are signed', () => {
  it.each([
    ['sha256 and sha512', async () => file(data, (await fileOf(data)).hashes)],
    ['one that nobody knows beside a sha256', async () => withHash(await fileOf(data), 'blake3', 'ff')],
    ['one that nobody knows beside a sha512', async () => withHash(file(data), 'md5', '00')],
  ])('%s: what matches the known ones is taken (ATTACKS 50)', async (_, make) => {
    const at = await signed({ a: await make() });
    await tagged(at, data);
    expect(await (await (await at.client()).pullTarget('a')).bytes()).toEqual(data);
  });

  it.each(['sha256', 'sha512'] as const)(
    'all have to match: a wrong %s is refused (ATTACKS 50)',
    async (wrong) => {
      const hashes = { ...(await fileOf(data)).hashes, sha512: sha512(data) };
      const at = await signed({
        a: { length: data.length, hashes: { ...hashes, [wrong]: '0'.repeat(wrong === 'sha256' ? 64 : 128) } },
      });
      await tagged(at, data);
      at.lie(({ path }) => (path.startsWith('blobs/') ? new Response(data) : undefined));
      const target = await (await at.client()).pullTarget('a');
      await expect(target.bytes()).rejects.toMatchObject({ code: 'TARGET_MISMATCH', target: 'a' });
      const stream = await target.stream({ unverified: true });
      await expect(new Response(stream).bytes()).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
    },
  );

  it('none that is known is refused (ATTACKS 50)', async () => {
    const at = await signed({ a: { length: data.length, hashes: { md5: '00' } } });
    const copy = await at.client();
    await expect(copy.pullTarget('a')).rejects.toMatchObject({ code: 'TARGET_MISMATCH', clause: '5.7.2' });
  });
});

function withHash(of: TargetFile, algorithm: string, hex: string): TargetFile {
  return { ...of, hashes: { ...of.hashes, [algorithm]: hex } };
}
