// A master folder of python-dtuf is carried on, and its data is kept from garbage collection from then on.
import { cpSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bytesOf, namesOf } from '../core/people.ts';
import { describeWithDockerRegistry } from '../registry/docker-registry.ts';
import { Fixture, REPOSITORY } from './fixture.ts';
import { afterEachTag, isMetadata } from './tags.ts';

describeWithDockerRegistry('a master folder of python-dtuf', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await Fixture.start({ cache: true });
  });
  afterEach(() => fixture.stop());

  const newClient = async () => {
    const copy = fixture.copy(fixture.newStates(), { trust: fixture.rootKey });
    await copy.pullMetadata();
    return copy;
  };
  const folderOf = (states: string) => join(states, REPOSITORY, 'master');

  it('is carried on with its traditional encrypted keys', async () => {
    const master = fixture.master(fixture.states);
    expect(await namesOf(master.listTargets())).toEqual(['both', 'demo.txt', 'one']);
    await master.pushTarget('demo.txt', bytesOf('third\n'));
    await master.pushTarget('more', ['@both', '@demo.txt', bytesOf('end')]);
    await master.delTarget('both');
    expect(await namesOf(master.listTargets())).toEqual(['demo.txt', 'more', 'one']);
    await master.resetKeys();
    expect(await master.pushMetadata()).toMatchObject({ version: 5, healed: false });

    const copy = await newClient();
    expect(await namesOf(copy.listTargets())).toEqual(['demo.txt', 'more', 'one']);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('third\n');
    const more = Buffer.concat([fixture.file('one.bin'), fixture.file('two.bin'), bytesOf('third\nend')]);
    expect(Buffer.from(await (await copy.pullTarget('more')).bytes()).equals(more)).toBe(true);
    expect((await master.getExpirations()).root.getTime()).toBeLessThan(Date.parse('2040-01-01'));
  });

  it('is refused with a wrong password, and stays as it was (ATTACKS 68)', async () => {
    const master = fixture.masterWith(fixture.states, () => 'wrong');
    const before = readFileSync(join(folderOf(fixture.states), 'repository/metadata.staged/timestamp.json'));
    await expect(master.pushMetadata()).rejects.toMatchObject({ code: 'KEY_PASSWORD' });
    const after = readFileSync(join(folderOf(fixture.states), 'repository/metadata.staged/timestamp.json'));
    expect(after.equals(before)).toBe(true);
  });

  it('gets no keys that its clients could not use', async () => {
    const master = fixture.master(fixture.states);
    await expect(master.createRootKey({ type: 'ed25519' })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
    await expect(master.pushTarget('x', bytesOf('x'), { custom: { a: 1 } })).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
    });
  });

  it('gets no target under a name that python-dtuf could not keep', async () => {
    const master = fixture.master(fixture.states);
    const names = [
      '',
      'root.json',
      '7.root.json',
      'my-targets.json',
      'a/b',
      'a\\b',
      'a:b',
      '..',
      'x'.repeat(181),
    ];
    for (const name of [...names, `${'0'.repeat(64)}.x`]) {
      const pushed = master.pushTarget(name, bytesOf('x'));
      await expect(pushed, name).rejects.toMatchObject({ code: 'TARGET_RESERVED' });
    }
    expect(await namesOf(master.listTargets())).toEqual(['both', 'demo.txt', 'one']);
  });

  it('takes parts of other targets by their signed digest, and refuses those that are lost', async () => {
    const master = fixture.master(fixture.states);
    await expect(master.pushTarget('x', '@nothing')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    await fixture.registry.garbageCollect({ deleteUntagged: true });
    await expect(master.pushTarget('x', '@one')).rejects.toMatchObject({ code: 'TARGET_MISSING' });
    expect(await namesOf(master.listTargets())).toEqual(['both', 'demo.txt', 'one']);
  });

  it('keeps all that is published from garbage collection, also what python-dtuf had pushed (ATTACKS 61)', async () => {
    const master = fixture.master(fixture.states);
    await master.pushTarget('new.txt', bytesOf('new\n'));
    await master.pushMetadata();
    await fixture.registry.garbageCollect({ deleteUntagged: true });
    const copy = await newClient();
    for (const name of ['both', 'demo.txt', 'new.txt', 'one']) await (await copy.pullTarget(name)).bytes();
    await fixture.copy(fixture.copyOf(fixture.states)).pullMetadata();
    await master.pushTarget('newer.txt', ['@new.txt', '@both']);
    await master.pushMetadata();
    await fixture.registry.garbageCollect({ deleteUntagged: true });
    const later = await newClient();
    for await (const { name } of later.listTargets()) await (await later.pullTarget(name)).bytes();
  });

  it('remembers which targets are kept: they cost a later publish no request', async () => {
    const tags: string[] = [];
    const fetch = afterEachTag((tag) => void tags.push(tag));
    const master = fixture.master(fixture.states, { fetch });
    await master.pushMetadata();
    expect(
      tags
        .filter((tag) => !isMetadata(tag))
        .map((tag) => tag.slice(65))
        .sort(),
    ).toEqual(['both', 'demo.txt', 'one']);
    tags.length = 0;
    await master.pushTarget('new.txt', bytesOf('new\n'));
    await master.pushMetadata();
    expect(tags.filter((tag) => !isMetadata(tag)).map((tag) => tag.slice(65))).toEqual(['new.txt']);
  });

  it('is published, with a notice, where a garbage collection was there before; pushing again heals (ATTACKS 61, 94)', async () => {
    await fixture.registry.garbageCollect({ deleteUntagged: true });
    const notices: string[] = [];
    const master = fixture.master(fixture.states, { notices });
    await master.pushMetadata();
    for (const name of ['both', 'demo.txt', 'one']) {
      expect(notices.filter((notice) => notice.includes(`lost the data of "${name}"`))).toHaveLength(1);
    }
    const copy = await newClient();
    await expect((await copy.pullTarget('one')).bytes()).rejects.toMatchObject({ code: 'TARGET_MISSING' });

    await master.pushTarget('one', new URL(`file://${join(fixture.folder, 'one.bin')}`));
    await master.pushMetadata();
    await fixture.registry.garbageCollect({ deleteUntagged: true });
    expect((await (await (await newClient()).pullTarget('one')).bytes()).length).toBe(200_000);
  });

  describe('and a second publisher on another machine', () => {
    const rivals = () => {
      const theirs = fixture.copyOf(fixture.states);
      return { ours: fixture.master(fixture.states), rival: fixture.master(theirs) };
    };

    it('keep what the other added, changed and deleted, publish after publish (ATTACKS 66)', async () => {
      const { ours, rival } = rivals();
      await rival.pushTarget('theirs', bytesOf('theirs\n'));
      await rival.pushTarget('demo.txt', bytesOf('changed\n'));
      await rival.delTarget('one');
      await rival.pushMetadata();
      await ours.pushTarget('ours', bytesOf('ours\n'));
      for (let i = 0; i < 3; i++) {
        await ours.pushMetadata();
        const copy = await newClient();
        expect(await namesOf(copy.listTargets())).toEqual(['both', 'demo.txt', 'ours', 'theirs']);
        expect(await (await copy.pullTarget('demo.txt')).text()).toBe('changed\n');
        expect(await (await copy.pullTarget('theirs')).text()).toBe('theirs\n');
      }
      await rival.pushMetadata();
      await rival.pushTarget('all', ['@ours', '@theirs']);
      await rival.pushMetadata();
      const copy = await newClient();
      expect(await (await copy.pullTarget('all')).text()).toBe('ours\ntheirs\n');
    });
  });

  it('is as python-dtuf needs it after a publish: staged files under their versions too', async () => {
    await fixture.master(fixture.states).pushMetadata();
    const staged = join(folderOf(fixture.states), 'repository/metadata.staged');
    for (const role of ['targets', 'snapshot']) {
      const file = readFileSync(join(staged, `${role}.json`));
      expect(readFileSync(join(staged, `5.${role}.json`)).equals(file)).toBe(true);
    }
  });

  it('publishes the targets that lie in its folder, and only those, without copies and subfolders', async () => {
    const targets = join(folderOf(fixture.states), 'repository/targets');
    cpSync(join(targets, 'one'), join(targets, 'put here'));
    renameSync(join(targets, 'both'), join(targets, 'renamed'));
    cpSync(join(targets, 'one'), join(targets, 'sub/file'));
    rmSync(join(targets, 'demo.txt'));
    await fixture.master(fixture.states).pushMetadata();
    expect(await namesOf((await newClient()).listTargets())).toEqual(['one', 'put here', 'renamed']);
  });
});
