import { describe, expect, test } from 'vitest';
import {
  descriptor,
  ociIndex,
  ociManifest,
  type Repository,
  repository,
  sha256,
  storages,
} from './places.ts';

describe.each(storages)('referrers in %s', (_name, storage) => {
  interface Artifact {
    readonly tag?: string;
    readonly artifactType?: string;
    readonly annotations?: Record<string, unknown>;
    readonly subject?: object;
  }

  /** Pushes an image that is about another. @returns its digest and the answer. */
  async function about(demo: Repository, subject: string, { tag, ...fields }: Artifact = {}) {
    const image: object = JSON.parse(await demo.imageText('layer'));
    const text = JSON.stringify({ ...image, subject: descriptor(ociManifest, subject), ...fields });
    const digest = sha256(text);
    return { digest, text, response: await demo.putManifest(tag ?? digest, text) };
  }

  async function listed(demo: Repository, subject: string, query = '') {
    const response = await demo.ask(`referrers/${sha256(subject)}${query}`);
    const { manifests }: { manifests: Record<string, unknown>[] } = await response.json();
    return { response, manifests, digests: manifests.map(({ digest }) => digest) };
  }

  test('what is about a manifest is listed with its type and annotations', async () => {
    const demo = repository(storage());
    const subject = await demo.pushImage('v1', 'subject');
    const annotations = { 'org.example.note': 'hello' };
    const one = await about(demo, subject, { artifactType: 'application/x', annotations });
    expect([one.response.status, one.response.headers.get('oci-subject')]).toEqual([201, sha256(subject)]);
    const { response, manifests } = await listed(demo, subject);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, ociIndex]);
    expect(manifests).toEqual([
      {
        mediaType: ociManifest,
        digest: one.digest,
        size: one.text.length,
        artifactType: 'application/x',
        annotations,
      },
    ]);
  });

  test('an image without an artifactType is listed under the type of its config', async () => {
    const demo = repository(storage());
    const subject = await demo.pushImage('v1', 'subject');
    await about(demo, subject);
    const { manifests } = await listed(demo, subject);
    expect(manifests).toMatchObject([{ artifactType: 'application/vnd.oci.empty.v1+json' }]);
  });

  test('a filter leaves the others out, and the answer says that it was applied', async () => {
    const demo = repository(storage());
    const subject = await demo.pushImage('v1', 'subject');
    await about(demo, subject, { artifactType: 'application/x' });
    const y = await about(demo, subject, { artifactType: 'application/y+z', tag: 'one' });
    await about(demo, subject, { artifactType: 'application/y+z', tag: 'two' });
    const { response, digests } = await listed(
      demo,
      subject,
      `?artifactType=${encodeURIComponent('application/y+z')}`,
    );
    expect(digests).toEqual([y.digest]);
    expect(response.headers.get('oci-filters-applied')).toBe('artifactType');
  });

  test('one may come before its subject, and is gone when it is deleted', async () => {
    const demo = repository(storage());
    const { digest } = await about(demo, 'nothing yet');
    expect((await listed(demo, 'nothing yet')).digests).toEqual([digest]);
    await demo.ask(`manifests/${digest}`, { method: 'DELETE' });
    expect((await listed(demo, 'nothing yet')).digests).toEqual([]);
  });

  test('where nobody is about it the list is empty; what is no digest is 400', async () => {
    const demo = repository(storage());
    expect((await listed(demo, 'x')).digests).toEqual([]);
    expect((await demo.ask('referrers/v1')).status).toBe(400);
    expect((await demo.ask(`referrers/${sha256('x')}`, { method: 'PUT', body: '' })).status).toBe(405);
  });

  test('a subject that is no descriptor is refused with the manifest', async () => {
    const demo = repository(storage());
    const { response } = await about(demo, 'x', { subject: { digest: 'sha256:x' } });
    expect(response.status).toBe(400);
  });

  test('a long list comes in pages (ATTACKS 37)', async () => {
    const demo = repository(storage(), { limits: { manifest: 2000 } });
    const digests: string[] = [];
    for (let i = 0; i < 5; i++) {
      const annotations = { note: `${i}`.repeat(1000) };
      digests.push((await about(demo, 'x', { annotations })).digest);
    }
    const got: unknown[] = [];
    let path: string | undefined = `/v2/${demo.name}/referrers/${sha256('x')}`;
    for (let pages = 0; path !== undefined; pages++) {
      expect(pages).toBeLessThan(5);
      const response: Response = await demo.registry.fetch(`http://localhost${path}`);
      const { manifests }: { manifests: { digest: string }[] } = await response.json();
      expect(manifests.length).toBeLessThan(5);
      got.push(...manifests.map(({ digest }) => digest));
      path = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    }
    expect(got).toEqual(digests.sort());
  });
});
