import { describe, expect, test } from 'vitest';
import { Repository, repository, storages } from './places.ts';

describe.each(storages)('lists of %s', (_name, storage) => {
  async function pages(demo: Repository, first: string, key: 'tags' | 'repositories'): Promise<string[][]> {
    const found: string[][] = [];
    for (let path: string | undefined = first; path !== undefined; ) {
      const response = await demo.registry.fetch(path);
      const body: Record<typeof key, string[]> = await response.json();
      found.push(body[key]);
      path = /^<(.*)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    }
    return found;
  }

  async function withTags(...tags: string[]) {
    const demo = repository(storage());
    for (const tag of tags) await demo.pushImage(tag, tag);
    return demo;
  }

  const tagsPath = '/v2/fred/demo/tags/list';

  test('tags come sorted, in pages that Link joins', async () => {
    const demo = await withTags('b', 'a', '_c', 'A');
    expect(await pages(demo, tagsPath, 'tags')).toEqual([['A', '_c', 'a', 'b']]);
    expect(await pages(demo, `${tagsPath}?n=3`, 'tags')).toEqual([['A', '_c', 'a'], ['b']]);
    expect(await pages(demo, `${tagsPath}?n=2`, 'tags')).toEqual([
      ['A', '_c'],
      ['a', 'b'],
    ]);
  });

  test('a list goes on after `last`, also where that is gone', async () => {
    const demo = await withTags('a', 'c');
    expect(await pages(demo, `${tagsPath}?last=b`, 'tags')).toEqual([['c']]);
    expect(await pages(demo, `${tagsPath}?last=c`, 'tags')).toEqual([[]]);
  });

  test('n=0 is an empty page without a Link, and a number that is none is refused', async () => {
    const demo = await withTags('a');
    expect(await pages(demo, `${tagsPath}?n=0`, 'tags')).toEqual([[]]);
    for (const n of ['-1', 'x', '1.5', '']) {
      expect((await demo.registry.fetch(`${tagsPath}?n=${n}`)).status).toBe(400);
    }
  });

  test('a page has a bound, whatever n says', async () => {
    const demo = await withTags('a');
    expect(await pages(demo, `${tagsPath}?n=99999999999999999999999`, 'tags')).toEqual([['a']]);
  });

  test('tags of a repository that is not there are 404', async () => {
    expect((await repository(storage()).ask('tags/list')).status).toBe(404);
  });

  test('the catalog lists what has content, one repository inside another too', async () => {
    const demo = repository(storage());
    for (const name of ['fred', 'fred/demo', 'ann/x-y/z']) {
      await new Repository(demo.registry, name).pushImage('v1', name);
    }
    await new Repository(demo.registry, 'begun').begin();
    expect(await pages(demo, '/v2/_catalog', 'repositories')).toEqual([['ann/x-y/z', 'fred', 'fred/demo']]);
    expect(await pages(demo, '/v2/_catalog?n=2', 'repositories')).toEqual([
      ['ann/x-y/z', 'fred'],
      ['fred/demo'],
    ]);
  });
});
