// A read as a Worker does it: dtuf/worker over http, where there are neither IndexedDB nor locks.
import { expect, inject, it } from 'vitest';
import { DTufCopy, memoryStore } from '../../adapters/browser/worker.ts';

const { url: host, repository, rootKey: trust } = inject('faultyRegistry');

it('a Worker reads a registry over http with dtuf/worker, and answers with what is verified', async () => {
  const copy = new DTufCopy({ host, repository, trust, store: memoryStore() });
  const { changed, explain } = await copy.pullMetadata();
  expect(changed).toContain('small');
  expect(explain.every(({ ok }) => ok)).toBe(true);
  const response = await (await copy.pullTarget('small')).response({ type: 'text/plain' });
  expect(response.headers.get('content-type')).toBe('text/plain');
  expect(await response.text()).toBe('Hello World!\n');
  const large = await copy.pullTarget('large');
  expect((await large.bytes()).length).toBe(5_000_000);
});

it('a Worker refuses what a proxy has changed on the way (ATTACKS 52)', async () => {
  const { control } = inject('faultyRegistry');
  const fault = encodeURIComponent('blobs: other bytes');
  const { url } = await (await fetch(`${control}/start?fault=${fault}`, { method: 'POST' })).json();
  const copy = new DTufCopy({ host: url, repository, trust, store: memoryStore() });
  await copy.pullMetadata();
  await expect((await copy.pullTarget('small')).text()).rejects.toMatchObject({ code: 'TARGET_MISMATCH' });
});

it('a Worker that keeps its state nowhere is told what to pass', async () => {
  const copy = new DTufCopy({ host, repository, trust });
  if (globalThis.indexedDB !== undefined) {
    await copy.pullMetadata();
    return;
  }
  await expect(copy.pullMetadata()).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    message: expect.stringContaining('memoryStore()'),
  });
});
