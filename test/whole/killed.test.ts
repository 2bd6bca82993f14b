// The built command killed with SIGKILL: the next run succeeds, and clients old and new verify at every moment.
import { cpSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Serving, serve } from '../../adapters/registry/serve.ts';
import { type DTufCopy, memoryStore } from '../../src/index.ts';
import { Machine } from '../cli/command.ts';
import { client } from '../core/people.ts';
import { temporaryFolder } from '../node/temporary.ts';
import { type FaultProxy, startFaultProxy } from '../registry/fault-proxy.ts';
import { killedAfter, killedAtRequest, prepareTarget, quickPublisher, writeKey } from './killing.ts';

/** The longest that a run may take that finds the lock of a dead process: a silent holder would be waited for longer. */
const atOnce = 9_000;

let place: string;
let registry: Serving;
let proxy: FaultProxy;
let master: Machine;
let rootKey: string;
/** A client from the start on. */
let old: DTufCopy;

beforeEach(async () => {
  place = join(temporaryFolder(), 'registry');
  registry = await serve({ folder: place });
  proxy = await startFaultProxy(registry.url);
  master = await quickPublisher({ DTUF_HOST: proxy.url });
  rootKey = await master.read('dtuf_repos/fred/demo/master/keys/root_key.pub');
  old = newClient();
  await old.pullMetadata();
});
afterEach(async () => {
  await proxy.stop();
  await registry.close();
  await master.stop();
});

function newClient(): DTufCopy {
  return client(registry.url, 'fred/demo', { trust: rootKey, store: memoryStore() });
}

/** Clients old and new see one of `texts` under `a`. */
async function seenByAll(...texts: (string | undefined)[]): Promise<void> {
  for (const copy of [old, newClient()]) {
    await copy.pullMetadata();
    const text = await copy.pullTarget('a').then(
      (target) => target.text(),
      (error: { code: string }) => {
        if (error.code === 'TARGET_NOT_FOUND') return undefined;
        throw error;
      },
    );
    expect(texts).toContain(text);
  }
}

/** Runs the command again, which has to succeed although the lock may be that of a dead process. */
async function again(args: readonly string[]): Promise<void> {
  const started = performance.now();
  await master.does(args);
  expect(performance.now() - started).toBeLessThan(atOnce);
}

const push = ['push-target', 'fred/demo', 'a', 'source'];
const publish = ['push-metadata', 'fred/demo'];

describe('killed at each of its requests', () => {
  it.each(['before', 'after'] as const)(
    'push-target can be repeated: %s it was answered (ATTACKS 63, 67)',
    async (moment) => {
      let requests = 0;
      for (let killed = true; killed; ) {
        await master.write('source', `a${requests}`);
        killed = await killedAtRequest(master, push, proxy, ++requests, moment);
        await seenByAll(undefined);
        if (killed) await again(push);
      }
      expect(requests).toBeGreaterThan(6);
      await again(publish);
      await seenByAll(`a${requests - 1}`);
    },
    180_000,
  );

  it('push-metadata can be repeated (ATTACKS 63, 67)', async () => {
    let published: string | undefined;
    let requests = 0;
    for (let killed = true; killed; ) {
      const next = `a${requests}`;
      await prepareTarget(master, 'a', next);
      killed = await killedAtRequest(master, publish, proxy, ++requests, 'after');
      await seenByAll(published, next);
      if (killed) await again(publish);
      await seenByAll(next);
      published = next;
    }
    expect(requests).toBeGreaterThan(10);
  }, 180_000);

  it('push-metadata after reset-keys can be repeated (ATTACKS 63, 67)', async () => {
    await prepareTarget(master, 'a', 'a');
    await master.does(publish);
    await old.pullMetadata();
    for (const role of ['timestamp', 'targets'] as const) await writeKey(master, role);
    await master.does(['reset-keys', 'fred/demo']);
    // Each time the same new root, in the place of the same old one.
    const keep = saved(master.path('dtuf_repos'), place);
    let requests = 0;
    for (let killed = true; killed; keep.restore()) {
      killed = await killedAtRequest(master, publish, proxy, ++requests, 'before');
      await seenByAll('a');
      if (killed) await again(publish);
      expect((await newClient().pullMetadata()).rootVersion).toBe(2);
      await seenByAll('a');
      old = newClient();
    }
    expect(requests).toBeGreaterThan(10);
  }, 180_000);

  it('pull-metadata and pull-target can be repeated (ATTACKS 62, 67)', async () => {
    const copy = await Machine.start({ DTUF_HOST: proxy.url });
    await copy.write('root_key.pub', rootKey);
    // Names so long that the metadata is not within the bundle: there is more than one request.
    for (let i = 0; i < 20; i++) await prepareTarget(master, `${i}-${'x'.repeat(3000)}`, 'long');
    let requests = 0;
    for (let killed = true; killed; ) {
      const text = `${requests} `.repeat(30_000);
      await prepareTarget(master, 'a', text);
      await master.does(publish);
      const pull = ['pull-metadata', 'fred/demo', 'root_key.pub'];
      killed = await killedAtRequest(copy, pull, proxy, ++requests, 'before');
      await copy.does(pull);
      const target = ['pull-target', 'fred/demo', 'a', '--output', 'out'];
      await copy.write('out', 'before');
      // It is one request.
      expect(await killedAtRequest(copy, target, proxy, 1, 'after')).toBe(true);
      expect(await copy.read('out')).toBe('before');
      await copy.does(target);
      expect(await copy.read('out')).toBe(text);
      expect(await copy.does(['pull-target', 'fred/demo', 'a'])).toBe(text);
    }
    expect(requests).toBeGreaterThan(1);
    expect(await readdir(copy.path('dtuf_repos/fred/demo/copy/.dtuf'))).toEqual(['journal']);
    await copy.stop();
  }, 180_000);
});

/** Folders as they are now, to which they can be brought back. */
function saved(...folders: string[]): { restore(): void } {
  const copies = folders.map((folder) => {
    const copy = `${folder}.saved`;
    cpSync(folder, copy, { recursive: true });
    return [folder, copy] as const;
  });
  return {
    restore() {
      for (const [folder, copy] of copies) {
        rmSync(folder, { recursive: true });
        cpSync(copy, folder, { recursive: true });
      }
    },
  };
}

describe('killed at random moments', () => {
  it('a publisher goes on, and clients verify all along (ATTACKS 63, 67)', async () => {
    let published: string | undefined;
    let killed = 0;
    for (let round = 0; round < 8; round++) {
      const next = `a${round}`;
      await prepareTarget(master, 'a', next);
      if (await killedAfter(master, publish, 80 + Math.random() * 350)) killed += 1;
      await seenByAll(published, next);
      await again(publish);
      await seenByAll(next);
      published = next;
    }
    expect(killed).toBeGreaterThan(0);
  }, 180_000);

  it('a client goes on (ATTACKS 62, 67)', async () => {
    const copy = await Machine.start({ DTUF_HOST: proxy.url });
    await copy.write('root_key.pub', rootKey);
    const pull = ['pull-metadata', 'fred/demo', 'root_key.pub'];
    for (let round = 0; round < 8; round++) {
      const text = `${round} `.repeat(100_000);
      await prepareTarget(master, 'a', text);
      await master.does(publish);
      await killedAfter(copy, pull, 80 + Math.random() * 250);
      await copy.does(pull);
      const output = ['pull-target', 'fred/demo', 'a', '--output', 'out'];
      await killedAfter(copy, output, 80 + Math.random() * 250);
      if (copy.has('out'))
        expect([`${round} `, `${round - 1} `].map((one) => one.repeat(100_000))).toContain(
          await copy.read('out'),
        );
      await copy.does(output);
      expect(await copy.read('out')).toBe(text);
    }
    await copy.stop();
  }, 180_000);
});
