import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { memoryLock, memoryStore } from '../../src/memory-store.ts';

describe('memoryStore', () => {
  test('what was committed is read, listed and deleted', async () => {
    const store = memoryStore();
    expect(await store.commit(new Map(), files({ 'a/b': '1', 'a/c': '2', d: '3' }))).toBe(true);
    expect([...(await store.list('a/'))].sort()).toEqual(['a/b', 'a/c']);
    expect(await store.commit(new Map(), new Map(), ['a/b'])).toBe(true);
    expect([...(await store.read(['a/b', 'a/c'])).keys()]).toEqual(['a/c']);
  });

  test('a commit over a version that changed since it was read changes nothing', async () => {
    const store = memoryStore();
    await store.commit(new Map(), files({ a: '1' }));
    const version = (await store.read(['a'])).get('a')?.version;
    expect(await store.commit(new Map([['a', version]]), files({ a: '2' }))).toBe(true);
    expect(await store.commit(new Map([['a', version]]), files({ a: '3', b: '3' }))).toBe(false);
    expect(await store.commit(new Map([['a', undefined]]), files({ a: '3' }))).toBe(false);
    expect((await store.read(['a', 'b'])).get('a')?.bytes).toEqual(utf8('2'));
    expect(await store.list('')).toEqual(['a']);
  });

  test('bytes that the caller changes later do not change the state', async () => {
    const store = memoryStore();
    const bytes = utf8('good');
    await store.commit(new Map(), new Map([['a', bytes]]));
    bytes.fill(0);
    const read = await store.read(['a']);
    read.get('a')?.bytes.fill(0);
    expect((await store.read(['a'])).get('a')?.bytes).toEqual(utf8('good'));
  });
});

describe('memoryLock', () => {
  test('work under one name runs one after the other, in order, also after a failure', async () => {
    const lock = memoryLock();
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await Promise.resolve();
      seen.push(`${name} ends`);
      if (name === 'a') throw new Error('a failed');
      return name;
    };
    const all = await Promise.allSettled([
      lock.run('x', work('a')),
      lock.run('x', work('b')),
      lock.run('x', work('c')),
    ]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
    expect(all.map((one) => one.status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
  });

  test('other names do not wait', async () => {
    const lock = memoryLock();
    expect(await lock.run('x', () => lock.run('y', async () => 'inner'))).toBe('inner');
  });

  test('who gives up waiting neither runs nor lets others past the holder', async () => {
    const lock = memoryLock();
    const holder = gate();
    const stop = new AbortController();
    const seen: string[] = [];
    const first = lock.run('x', () => holder.opened);
    const second = lock.run('x', async () => seen.push('second'), stop.signal);
    const third = lock.run('x', async () => seen.push('third'));
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    await Promise.resolve();
    expect(seen).toEqual([]);
    holder.open();
    await Promise.all([first, third]);
    expect(seen).toEqual(['third']);
  });
});

function files(texts: Record<string, string>): Map<string, Uint8Array> {
  return new Map(Object.entries(texts).map(([name, text]) => [name, utf8(text)]));
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}
