// Repositories in registries of python-dtuf's first years: their aliases are Docker manifests of schema 1.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { namesOf } from '../core/people.ts';
import { describeWithDockerRegistry } from '../registry/docker-registry.ts';
import { Fixture, REPOSITORY } from './fixture.ts';
import { schema1, signSchema1 } from './schema1.ts';

const SIGNED = 'application/vnd.docker.distribution.manifest.v1+prettyjws';

describeWithDockerRegistry('a repository whose aliases are Docker manifests of schema 1', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.start({ schema1: true });
    const { tags } = (await (await fetch(url('tags/list'))).json()) as { tags: string[] };
    for (const tag of tags) {
      const alias = (await (await fetch(url(`manifests/${tag}`), accept2)).json()) as {
        layers: { digest: string }[];
      };
      const digests = alias.layers.map(({ digest }) => digest);
      const body = signSchema1(schema1(REPOSITORY, tag, digests));
      const answer = await fetch(url(`manifests/${tag}`), {
        method: 'PUT',
        headers: { 'Content-Type': SIGNED },
        body,
      });
      expect(`${answer.status} ${await answer.text()}`).toBe('201 ');
    }
  });
  afterAll(() => fixture.stop());

  const url = (path: string) => `${fixture.registry.url}/v2/${REPOSITORY}/${path}`;
  const accept2 = { headers: { Accept: 'application/vnd.docker.distribution.manifest.v2+json' } };

  it('is served with a digest that is not the one of what is sent', async () => {
    const answer = await fetch(url('manifests/timestamp.json'));
    expect(answer.headers.get('content-type')).toBe(SIGNED);
    const body = new Uint8Array(await answer.arrayBuffer());
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(answer.headers.get('docker-content-digest')).not.toBe(`sha256:${sha256}`);
  });

  it('is verified at the first contact, and its targets are pulled', async () => {
    const copy = fixture.copy(fixture.newStates(), { trust: fixture.rootKey });
    await copy.pullMetadata();
    expect(await namesOf(copy.listTargets())).toEqual(['both', 'demo.txt', 'one']);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Update World!\n');
    expect(await copy.blobSizes('both')).toEqual([200_000, 100_000]);
  });

  it('is read without signatures too: TUF verifies what an alias leads to', async () => {
    const unsigned: typeof fetch = async (input, init) => {
      const answer = await fetch(input, init);
      if (!String(input instanceof Request ? input.url : input).includes('/manifests/') || !answer.ok)
        return answer;
      const { signatures, ...manifest } = (await answer.json()) as Record<string, unknown>;
      expect(signatures).toHaveLength(1);
      const headers = {
        'Content-Type': 'application/vnd.docker.distribution.manifest.v1+json; charset=utf-8',
        'Docker-Content-Digest': answer.headers.get('docker-content-digest') ?? '',
      };
      return new Response(JSON.stringify(manifest), { headers });
    };
    const copy = fixture.copy(fixture.newStates(), { trust: fixture.rootKey, fetch: unsigned });
    await copy.pullMetadata();
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Update World!\n');
  });

  it('is published to with aliases of schema 2, and a target whose list is of schema 1 is kept and read', async () => {
    const digest = `sha256:${createHash('sha256').update(fixture.file('one.bin')).digest('hex')}`;
    writeFileSync(
      join(fixture.states, REPOSITORY, 'master/repository/targets/old'),
      signSchema1(schema1(REPOSITORY, 'old', [digest, digest])),
    );
    const master = fixture.master(fixture.states);
    await master.pushMetadata();
    await fixture.registry.garbageCollect({ deleteUntagged: true });
    const copy = fixture.copy(fixture.newStates(), { trust: fixture.rootKey });
    await copy.pullMetadata();
    expect(await copy.blobSizes('old')).toEqual([200_000, 200_000]);
    const one = new Uint8Array(fixture.file('one.bin'));
    expect(await copy.checkTarget('old', [one, one])).toBe(true);
    expect((await (await copy.pullTarget('old')).bytes()).length).toBe(400_000);
    const answer = await fetch(url('manifests/timestamp.json'), accept2);
    expect(answer.headers.get('content-type')).toBe('application/vnd.docker.distribution.manifest.v2+json');
  });
});
