// `dtuf/browser` and `dtuf/worker` where there is no page: on a server that renders pages, and in tests of those who use them.
import { describe, expect, it } from 'vitest';
import { tellingCors } from '../../adapters/browser/cross-origin.ts';
import { DTufCopy, memoryStore } from '../../adapters/browser/index.ts';

describe('what is for pages, in Node', () => {
  it('asks, though nothing there tells of a policy', async () => {
    const fetch = tellingCors(async () => new Response('answered'));
    expect(await (await fetch('https://registry.example.com/v2/')).text()).toBe('answered');
  });

  it('says of a failure what it was', async () => {
    const failure = new TypeError('fetch failed');
    const fetch = tellingCors(() => Promise.reject(failure));
    await expect(fetch('https://registry.example.com/v2/')).rejects.toBe(failure);
  });

  it('refuses an address that is relative to a page', () => {
    const options = { host: './metadata/bundle.json', layout: 'http', store: memoryStore() } as const;
    expect(() => new DTufCopy(options)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
