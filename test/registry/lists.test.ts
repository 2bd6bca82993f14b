import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import { listTags } from '../../src/registry/listing.ts';
import type { RegistryOptions, Repository } from '../../src/registry/registry.ts';
import { describeWithDockerRegistry } from './docker-registry.ts';
import { answer, type Fault } from './fault-proxy.ts';
import { faultyRegistry, repositoryThrough } from './faulty.ts';
import { all } from './suite.ts';

describeWithDockerRegistry('a registry with long lists', () => {
  const at = faultyRegistry();
  const faulty = (limits: Partial<Limits> = {}, options: Partial<RegistryOptions> = {}): Repository =>
    repositoryThrough(at.proxy, limits, options);

  describe('with lists', () => {
    const tagsPath = /\/tags\/list/;
    const page = (tags: unknown, link?: string): Fault =>
      answer(200, JSON.stringify({ name: 'faults', tags }), link === undefined ? {} : { Link: link });

    it('pages are followed by their Link, resolved against the request', async () => {
      at.proxy.add({ path: /last=b/, fault: page(['c']) });
      at.proxy.add({
        path: /list$/,
        fault: page(['a', 'b'], '</v2/faults/tags/list?last=b&n=2>; rel="next"'),
      });
      expect(await all(listTags(faulty()))).toEqual(['a', 'b', 'c']);
    });

    it('fifty thousand tags come in one page, as distribution 2.8 sends them', async () => {
      const tags = Array.from({ length: 50_000 }, (_, i) => `${String(i).padStart(64, '0')}.name`);
      at.proxy.add({ path: tagsPath, fault: page(tags) });
      expect(await all(listTags(faulty()))).toHaveLength(tags.length);
    });

    it('a page on another host is refused', async () => {
      at.proxy.add({ path: tagsPath, fault: page(['a'], '<http://127.0.0.2:1/v2/x>; rel="next"') });
      await expect(all(listTags(faulty()))).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
      expect(at.proxy.seen).toHaveLength(1);
    });

    it('a page that leads back to itself ends', async () => {
      at.proxy.add({ path: tagsPath, fault: page(['a'], '</v2/faults/tags/list>; rel=next') });
      await expect(all(listTags(faulty()))).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
    });

    it('names that break the grammar are left out, and null is an empty list', async () => {
      at.proxy.add({ path: tagsPath, fault: page(['good', '../bad', 'a\nb', 7, '', 'x'.repeat(129)]) });
      expect(await all(listTags(faulty()))).toEqual(['good']);
      at.proxy.add({ path: tagsPath, fault: page(null) });
      expect(await all(listTags(faulty()))).toEqual([]);
    });

    it('what is no list is REGISTRY_FAILED', async () => {
      for (const body of ['', '[]', '{"tags":7}', '<html>']) {
        at.proxy.add({ path: tagsPath, fault: answer(200, body) });
        await expect(all(listTags(faulty()))).rejects.toMatchObject({ code: 'REGISTRY_FAILED' });
      }
    });
  });
});
