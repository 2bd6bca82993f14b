// Several commands at once, over one state folder or over copies of it.
import { cpSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { memoryStorage } from '../../adapters/registry/index.ts';
import { type Serving, serve } from '../../adapters/registry/serve.ts';
import { memoryStore } from '../../src/index.ts';
import { Machine, type Ran } from '../cli/command.ts';
import { client as clientOf, namesOf } from '../core/people.ts';
import { quickPublisher } from './killing.ts';

let registry: Serving;
let master: Machine;
let rootKey: string;
const machines: Machine[] = [];

beforeAll(async () => {
  registry = await serve({ storage: memoryStorage() });
});
afterAll(() => registry?.close());
beforeEach(async () => {
  await registry.close();
  registry = await serve({ storage: memoryStorage() });
  master = await quickPublisher({ DTUF_HOST: registry.url });
  machines.push(master);
  rootKey = await master.read('dtuf_repos/fred/demo/master/keys/root_key.pub');
});
afterEach(async () => {
  await Promise.all(machines.splice(0).map((machine) => machine.stop()));
});

async function newMachine(): Promise<Machine> {
  const machine = await Machine.start({ DTUF_HOST: registry.url });
  machines.push(machine);
  await machine.write('root_key.pub', rootKey);
  return machine;
}

async function push(machine: Machine, name: string, text: string): Promise<void> {
  await machine.write(`source-${name}`, text);
  await machine.does(['push-target', 'fred/demo', name, `source-${name}`]);
}

const publish = ['push-metadata', 'fred/demo'];
const pull = ['pull-metadata', 'fred/demo', 'root_key.pub'];

const codes = (ran: readonly Ran[]) => ran.map(({ code, stderr }) => (code === 0 ? 0 : stderr));

describe('several pull-metadata in one state folder', () => {
  it('all succeed, the first time too, and what they leave verifies (ATTACKS 65)', async () => {
    const copy = await newMachine();
    for (const round of [1, 2]) {
      await push(master, 'a', `a${round}`);
      await master.does(publish);
      const ran = await Promise.all([1, 2, 3, 4].map(() => copy.dtuf(pull)));
      expect(codes(ran)).toEqual([0, 0, 0, 0]);
      for (const { stdout } of ran) expect(stdout).toBe('a\n');
      expect(await copy.does(['pull-target', 'fred/demo', 'a'])).toBe(`a${round}`);
    }
  });

  it('beside a pull-target: all succeed with what was verified (ATTACKS 65)', async () => {
    await push(master, 'a', 'a1');
    await master.does(publish);
    const copy = await newMachine();
    await copy.does(pull);
    await push(master, 'a', 'a2');
    await master.does(publish);
    const targets = [1, 2].map(() => copy.dtuf(['pull-target', 'fred/demo', 'a']));
    const ran = await Promise.all([copy.dtuf(pull), ...targets]);
    expect(codes(ran)).toEqual([0, 0, 0]);
    for (const { stdout } of ran.slice(1)) expect(['a1', 'a2']).toContain(stdout);
  });

  it('the same output file twice at once is one whole file (ATTACKS 77)', async () => {
    const text = 'whole '.repeat(500_000);
    await push(master, 'a', text);
    await master.does(publish);
    const copy = await newMachine();
    await copy.does(pull);
    const output = ['pull-target', 'fred/demo', 'a', '--output', 'out'];
    expect(codes(await Promise.all([copy.dtuf(output), copy.dtuf(output)]))).toEqual([0, 0]);
    expect(await copy.read('out')).toBe(text);
  });
});

describe('pulls during publishes', () => {
  it('all verify (ATTACKS 65)', async () => {
    await push(master, 'a', 'a0');
    await master.does(publish);
    const copy = await newMachine();
    await copy.does(pull);
    let done = false;
    const publishing = (async () => {
      for (let i = 1; i <= 4; i++) {
        await push(master, 'a', `a${i}`);
        await master.does(publish);
      }
      done = true;
    })();
    const store = memoryStore();
    let pulls = 0;
    while (!done) {
      for (const one of [memoryStore(), store]) {
        const each = clientOf(registry.url, 'fred/demo', { trust: rootKey, store: one });
        await each.pullMetadata();
        expect(await (await each.pullTarget('a')).text()).toMatch(/^a[0-4]$/);
      }
      await copy.does(pull);
      expect(await copy.does(['pull-target', 'fred/demo', 'a'])).toMatch(/^a[0-4]$/);
      pulls += 1;
    }
    await publishing;
    expect(pulls).toBeGreaterThan(1);
    await copy.does(pull);
    expect(await copy.does(['pull-target', 'fred/demo', 'a'])).toBe('a4');
  }, 120_000);
});

describe('publishers at once', () => {
  it('in one state folder come one after the other, and nothing is lost (ATTACKS 65)', async () => {
    await push(master, 'a', 'a1');
    const ran = await Promise.all([1, 2, 3].map(() => master.dtuf(publish)));
    expect(codes(ran)).toEqual([0, 0, 0]);
    const published = ran.map(({ stderr }) => Number(/published version (\d+)/.exec(stderr)?.[1]));
    expect(published.toSorted((a, b) => a - b)).toEqual([3, 4, 5]);
  });

  it('in one state folder, push-target beside push-metadata: each target is published in the end (ATTACKS 65)', async () => {
    const names = ['a', 'b', 'c'];
    for (const name of names) await master.write(`source-${name}`, name);
    const pushes = names.map((name) => master.dtuf(['push-target', 'fred/demo', name, `source-${name}`]));
    expect(codes(await Promise.all([...pushes, master.dtuf(publish)]))).toEqual([0, 0, 0, 0]);
    await master.does(publish);
    const copy = clientOf(registry.url, 'fred/demo', { trust: rootKey });
    await copy.pullMetadata();
    expect(await namesOf(copy.listTargets())).toEqual(names);
  });

  it('with copied state folders: both changes are there in the end, and no client is left refusing (ATTACKS 66)', async () => {
    const other = await Machine.start(master.variables);
    machines.push(other);
    cpSync(master.path('dtuf_repos'), other.path('dtuf_repos'), { recursive: true });
    const old = clientOf(registry.url, 'fred/demo', { trust: rootKey });
    await old.pullMetadata();
    for (const round of [1, 2, 3]) {
      await push(master, `ours-${round}`, 'ours');
      await push(other, `theirs-${round}`, 'theirs');
      const ran = await Promise.all([master.dtuf(publish), other.dtuf(publish)]);
      // Who gives up after having been overwritten again and again says so, and loses nothing.
      for (const { code, stderr } of ran) if (code !== 0) expect(stderr).toMatch(/same moment/);
      await old.pullMetadata();
    }
    for (const machine of [master, other, master]) {
      await machine.does(publish);
      await old.pullMetadata();
    }
    const expected = [1, 2, 3].flatMap((round) => [`ours-${round}`, `theirs-${round}`]).toSorted();
    for (const copy of [old, clientOf(registry.url, 'fred/demo', { trust: rootKey })]) {
      await copy.pullMetadata();
      expect(await namesOf(copy.listTargets())).toEqual(expected);
      expect(await (await copy.pullTarget('theirs-2')).text()).toBe('theirs');
    }
  }, 120_000);
});
