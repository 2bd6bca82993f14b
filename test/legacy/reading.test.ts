// What python-dtuf published and left in folders is read as it is.
import { createHash } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { DTufCopy } from '../../adapters/node/index.ts';
import { namesOf } from '../core/people.ts';
import { describeWithDockerRegistry } from '../registry/docker-registry.ts';
import { Fixture } from './fixture.ts';

describeWithDockerRegistry('a repository of python-dtuf', () => {
  let fixture: Fixture;
  beforeAll(async () => {
    fixture = await Fixture.start();
  });
  afterAll(() => fixture.stop());

  const fresh = (): DTufCopy => fixture.copy(fixture.newStates(), { trust: fixture.rootKey });

  it('is verified at the first contact with the root key that its clients were given', async () => {
    const { changed, rootVersion } = await fresh().pullMetadata();
    expect([...changed].sort()).toEqual(['both', 'demo.txt', 'one']);
    expect(rootVersion).toBe(2);
  });

  it('is refused with the key of another role', async () => {
    const wrong = fixture.file('dtuf_repos/fred/demo/master/keys/targets_key.pub').toString();
    const copy = fixture.copy(fixture.newStates(), { trust: wrong });
    await expect(copy.pullMetadata()).rejects.toMatchObject({ code: 'TRUST_BROKEN' });
  });

  it('is verified from the copy folder that python-dtuf left, without a key', async () => {
    const copy = fixture.copy(fixture.copyOf(fixture.states));
    expect(await namesOf(copy.listTargets())).toEqual(['both', 'demo.txt', 'one']);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Update World!\n');
    await copy.pullMetadata();
    expect((await copy.getExpirations()).root.toISOString()).toBe('2046-10-30T13:39:01.000Z');
  });

  it('tells what changed since python-dtuf downloaded it', async () => {
    const copy = fixture.copy(fixture.copyOf(fixture.states));
    expect([...(await copy.pullMetadata()).changed].sort()).toEqual(['demo.txt', 'one']);
    await (await copy.pullTarget('one')).bytes();
    expect([...(await copy.pullMetadata()).changed]).toEqual(['demo.txt']);
  });

  it('tells that a target changed or went which python-dtuf had downloaded', async () => {
    const states = fixture.copyOf(fixture.states);
    const targets = join(states, 'fred/demo/copy/repository/targets');
    writeFileSync(join(targets, 'both'), '{"an":"older list"}');
    writeFileSync(join(targets, 'gone'), '{}');
    const copy = fixture.copy(states);
    const { changed, removed } = await copy.pullMetadata();
    expect(changed).toContain('both');
    expect(removed).toEqual(['gone']);
    expect(existsSync(join(targets, 'gone'))).toBe(false);
  });

  it('yields the blobs of its targets in order, with their sizes', async () => {
    const copy = fresh();
    await copy.pullMetadata();
    expect(await copy.blobSizes('both')).toEqual([200_000, 100_000]);
    const [one, two] = [fixture.file('one.bin'), fixture.file('two.bin')];
    expect(sha256(await (await copy.pullTarget('both')).bytes())).toBe(sha256(Buffer.concat([one, two])));
    expect(sha256(await (await copy.pullTarget('one')).bytes())).toBe(sha256(one));
    const parts: string[] = [];
    for await (const part of (await copy.pullTarget('both')).parts()) parts.push(part.digest);
    expect(parts).toEqual([`sha256:${sha256(one)}`, `sha256:${sha256(two)}`]);
  });

  it('tells whether files are a target', async () => {
    const copy = fresh();
    await copy.pullMetadata();
    const [one, two] = ['one.bin', 'two.bin'].map((name) => join(fixture.folder, name));
    if (one === undefined || two === undefined) throw new Error('two names');
    expect(
      await copy.checkTarget(
        'both',
        [one, two].map((path) => new URL(`file://${path}`)),
      ),
    ).toBe(true);
    expect(
      await copy.checkTarget(
        'both',
        [two, one].map((path) => new URL(`file://${path}`)),
      ),
    ).toBe(false);
    expect(await copy.checkTarget('demo.txt', fixture.file('demo2.txt'))).toBe(true);
    expect(await copy.checkTarget('demo.txt', new TextEncoder().encode('Hello World!\n'))).toBe(false);
  });
});

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
