// What we publish is verified by the real python-dtuf, and what it publishes by us.
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bytesOf, namesOf } from '../core/people.ts';
import { describeWithDockerRegistry } from '../registry/docker-registry.ts';
import { Fixture, REPOSITORY } from './fixture.ts';
import { describeWithPython, python, pythonPulls } from './python-dtuf.ts';
import { afterEachTag, diesAfter, isMetadata } from './tags.ts';

describeWithDockerRegistry('what we publish', () => {
  describeWithPython('and the real python-dtuf 4.0.2', () => {
    let fixture: Fixture;
    beforeEach(async () => {
      fixture = await Fixture.start();
    }, 120_000);
    afterEach(() => fixture.stop());

    const keyOf = (states: string) => join(states, REPOSITORY, 'master/keys/root_key.pub');

    it('its clients, old and new, verify what we publish from its master folder', async () => {
      const master = fixture.master(fixture.states);
      await master.pushTarget('new.txt', bytesOf('new\n'));
      await master.pushTarget('three', ['@both', bytesOf('third\n')]);
      await master.pushTarget('empty', new Uint8Array());
      await master.delTarget('one');
      await master.pushMetadata();

      const old = fixture.copyOf(fixture.states);
      expect(await pythonPulls(fixture, old)).toEqual(['demo.txt', 'empty', 'new.txt', 'three']);
      const fresh = fixture.newStates();
      const names = ['both', 'demo.txt', 'empty', 'new.txt', 'three'];
      expect(await pythonPulls(fixture, fresh, fixture.rootKeyFile)).toEqual(names);
      for (const states of [old, fresh]) {
        expect(await python(fixture, states, 'pull-target', 'new.txt')).toBe('new\n');
        expect(await python(fixture, states, 'pull-target', 'empty')).toBe('');
        expect(await python(fixture, states, 'blob-sizes', 'three')).toBe('200000\n100000\n6\n');
        const three = Buffer.concat([fixture.file('one.bin'), fixture.file('two.bin'), bytesOf('third\n')]);
        expect(await python(fixture, states, 'pull-target', 'three')).toBe(three.toString('latin1'));
        await expect(python(fixture, states, 'pull-target', 'one')).rejects.toThrow();
      }
    }, 120_000);

    it('it publishes from a folder that we used, and our clients verify that', async () => {
      const master = fixture.master(fixture.states);
      await master.pushTarget('ours', bytesOf('ours\n'));
      await master.pushMetadata();
      const ours = fixture.newStates();
      await fixture.copy(ours, { trust: fixture.rootKey }).pullMetadata();

      await python(fixture, fixture.states, 'push-target', 'theirs', join(fixture.folder, 'demo2.txt'));
      await python(fixture, fixture.states, 'push-target', 'mixed', '@ours', '@theirs');
      await python(fixture, fixture.states, 'push-metadata');
      const copy = fixture.copy(ours);
      expect([...(await copy.pullMetadata()).changed].sort()).toEqual([
        'both',
        'demo.txt',
        'mixed',
        'one',
        'ours',
        'theirs',
      ]);
      expect(await (await copy.pullTarget('mixed')).text()).toBe('ours\nUpdate World!\n');

      await master.pushTarget('again', ['@mixed', bytesOf('again\n')]);
      await master.pushMetadata();
      await copy.pullMetadata();
      expect(await (await copy.pullTarget('again')).text()).toBe('ours\nUpdate World!\nagain\n');
      expect(await namesOf(copy.listTargets())).toContain('theirs');
    }, 120_000);

    it('its targets stay whose names we could not keep in a file', async () => {
      const file = join(fixture.folder, 'demo2.txt');
      await python(fixture, fixture.states, 'push-target', 'a:b', file);
      await python(fixture, fixture.states, 'push-metadata');
      const notices: string[] = [];
      const master = fixture.master(fixture.states, { notices });
      await master.pushMetadata();
      await master.pushMetadata();
      await fixture.registry.garbageCollect({ deleteUntagged: true });
      const client = fixture.newStates();
      expect(await pythonPulls(fixture, client, fixture.rootKeyFile)).toContain('a:b');
      expect(await python(fixture, client, 'pull-target', 'a:b')).toBe('Update World!\n');
      expect(notices).toEqual([]);
      await expect(master.delTarget('a:b')).rejects.toMatchObject({ code: 'TARGET_RESERVED' });
    }, 120_000);

    it('it and we refresh the same copy folder, one after the other', async () => {
      const states = fixture.newStates();
      await fixture.copy(states, { trust: fixture.rootKey }).pullMetadata();
      expect(await pythonPulls(fixture, states)).toEqual(['both', 'demo.txt', 'one']);
      expect(await python(fixture, states, 'pull-target', 'demo.txt')).toBe('Update World!\n');
      expect([...(await fixture.copy(states).pullMetadata()).changed].sort()).toEqual(['both', 'one']);
      const master = fixture.master(fixture.states);
      await master.pushTarget('demo.txt', bytesOf('third\n'));
      await master.delTarget('one');
      await master.resetKeys();
      await master.pushMetadata();
      expect([...(await fixture.copy(states).pullMetadata()).changed].sort()).toEqual(['both', 'demo.txt']);
      expect(await pythonPulls(fixture, states)).toEqual(['both', 'demo.txt']);
      await master.pushMetadata();
      await pythonPulls(fixture, states);
      const copy = fixture.copy(states);
      await copy.pullMetadata();
      expect(await (await copy.pullTarget('demo.txt')).text()).toBe('third\n');
    }, 120_000);

    it('its clients need the new key where the old root key is lost, and we say so', async () => {
      const old = fixture.copyOf(fixture.states);
      const notices: string[] = [];
      const master = fixture.master(fixture.states, { notices });
      await master.createRootKey();
      rmSync(join(fixture.states, REPOSITORY, 'master/keys/root_key.previous'));
      await master.resetKeys();
      expect(notices.join('\n')).toContain('need the new root key');
      await master.pushMetadata();
      await master.pushMetadata();
      await expect(pythonPulls(fixture, old)).rejects.toThrow();
      expect(await pythonPulls(fixture, old, keyOf(fixture.states))).toEqual(['demo.txt', 'one']);
    }, 120_000);

    it('its clients follow new metadata keys that we made', async () => {
      const python1 = fixture.copyOf(fixture.states);
      const master = fixture.master(fixture.states);
      await master.createMetadataKeys();
      await master.resetKeys();
      await master.pushMetadata();
      expect(await pythonPulls(fixture, python1)).toEqual(['demo.txt', 'one']);
      expect(await pythonPulls(fixture, fixture.newStates(), fixture.rootKeyFile)).toHaveLength(3);
    }, 120_000);

    it('it goes on with keys that we made', async () => {
      const master = fixture.master(fixture.states);
      await master.createRootKey();
      await master.createMetadataKeys();
      await master.resetKeys();
      await master.pushMetadata();
      await python(fixture, fixture.states, 'push-target', 'theirs', join(fixture.folder, 'demo2.txt'));
      await python(fixture, fixture.states, 'reset-keys');
      await python(fixture, fixture.states, 'push-metadata');
      const copy = fixture.copy(fixture.newStates(), { trust: readFileSync(keyOf(fixture.states), 'utf8') });
      expect((await copy.pullMetadata()).changed).toContain('theirs');
    }, 120_000);

    it('it reads and carries on a repository that we made in its layout', async () => {
      const states = fixture.newStates();
      const master = fixture.master(states, {
        layout: 'legacy',
        repository: REPOSITORY,
        host: fixture.registry.host,
      });
      await emptyRepository(fixture);
      await master.createRootKey();
      await master.createMetadataKeys();
      await master.createMetadata();
      await master.pushTarget('ours', bytesOf('ours\n'));
      await master.pushMetadata();
      const client = fixture.newStates();
      expect(await pythonPulls(fixture, client, keyOf(states))).toEqual(['ours']);
      expect(await python(fixture, client, 'pull-target', 'ours')).toBe('ours\n');
      await python(fixture, states, 'push-target', 'theirs', join(fixture.folder, 'demo2.txt'));
      await python(fixture, states, 'push-metadata');
      expect(await pythonPulls(fixture, client)).toEqual(['theirs']);
    }, 120_000);

    it('between any two steps of a change of all keys its clients and ours verify, old and new', async () => {
      const old = fixture.copyOf(fixture.states);
      const before = fixture.copyOf(fixture.states);
      const steps: string[] = [];
      let publishes = false;
      const fetch = afterEachTag(async (tag) => {
        if (!publishes || !isMetadata(tag)) return;
        steps.push(tag);
        const rootIsNew = tag === 'root.json';
        // Whoever was here before, who follows along, and who comes new with the old key or, once it is out, with the new.
        await pythonPulls(fixture, fixture.copyOf(before));
        await pythonPulls(fixture, old);
        await pythonPulls(
          fixture,
          fixture.newStates(),
          rootIsNew ? keyOf(fixture.states) : fixture.rootKeyFile,
        );
        await fixture.copy(fixture.copyOf(before)).pullMetadata();
        await fixture.copy(fixture.newStates(), { trust: fixture.rootKey }).pullMetadata();
        if (rootIsNew) {
          const trust = readFileSync(keyOf(fixture.states), 'utf8');
          await fixture.copy(fixture.newStates(), { trust }).pullMetadata();
        }
      });
      const master = fixture.master(fixture.states, { fetch });
      await master.createRootKey();
      await master.createMetadataKeys();
      await master.resetKeys();
      await master.createMetadataKeys();
      await master.resetKeys();
      await master.pushTarget('new.txt', bytesOf('new\n'));
      publishes = true;
      await master.pushMetadata();
      expect(steps).toEqual([
        '5.targets.json',
        '5.snapshot.json',
        'timestamp.json',
        '5.timestamp.json',
        '4.root.json',
        '3.root.json',
        'root.json',
      ]);
      publishes = false;
      await master.pushTarget('newer.txt', bytesOf('newer\n'));
      await master.pushMetadata();
      expect(await pythonPulls(fixture, old)).toContain('newer.txt');
    }, 120_000);

    it('a publish that changes keys is repeated after it was killed at any step, and clients follow (ATTACKS 63)', async () => {
      const old = fixture.copyOf(fixture.states);
      const before = fixture.copyOf(fixture.states);
      const setUp = fixture.master(fixture.states);
      await setUp.createRootKey();
      await setUp.createMetadataKeys();
      await setUp.resetKeys();
      let killed = 0;
      for (;;) {
        const { fetch, signal } = diesAfter(killed + 1);
        const published = fixture.master(fixture.states, { fetch }).pushMetadata({ signal });
        const died = await published.then(
          () => false,
          () => true,
        );
        await pythonPulls(fixture, old);
        await pythonPulls(fixture, fixture.copyOf(before));
        await fixture.copy(fixture.copyOf(before)).pullMetadata();
        if (!died) break;
        killed += 1;
      }
      expect(killed).toBeGreaterThanOrEqual(6);
      expect(await pythonPulls(fixture, fixture.newStates(), keyOf(fixture.states))).toHaveLength(3);
      await fixture.master(fixture.states).pushMetadata();
      await pythonPulls(fixture, old);
    }, 120_000);
  });
});

/** Takes all tags out of the repository of the fixture. */
async function emptyRepository({ registry }: Fixture): Promise<void> {
  const { tags } = (await (await fetch(`${registry.url}/v2/${REPOSITORY}/tags/list`)).json()) as {
    tags: string[];
  };
  for (const tag of tags) {
    const head = await fetch(`${registry.url}/v2/${REPOSITORY}/manifests/${tag}`, {
      method: 'HEAD',
      headers: { Accept: 'application/vnd.docker.distribution.manifest.v2+json' },
    });
    const digest = head.headers.get('docker-content-digest');
    if (digest !== null)
      await fetch(`${registry.url}/v2/${REPOSITORY}/manifests/${digest}`, { method: 'DELETE' });
  }
}
