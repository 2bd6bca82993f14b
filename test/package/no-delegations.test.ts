// A repository of ours has an empty list of delegations in its targets: what reads such a list is not to be waited for.
import { expect, test, vi } from 'vitest';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { publisher } from '../core/people.ts';

test('a refresh loads nothing that reads delegations where nobody delegates', async () => {
  const registry = embeddedRegistry();
  const { master, repository, rootKey } = await publisher(registry);
  await master.pushTarget('demo.txt', new Uint8Array([1]));
  await master.pushMetadata();
  vi.resetModules();
  const loaded = vi.fn();
  vi.doMock('../../src/tuf/delegations.ts', (original) => {
    loaded();
    return original();
  });
  const { DTufCopy } = await import('../../src/copy.ts');
  const { memoryStore } = await import('../../src/memory-store.ts');
  // What is loaded without being waited for ends with the refresh.
  vi.doMock('../../src/client/reader.ts', () => ({}));
  const copy = new DTufCopy({ host: registry, repository, trust: rootKey, store: memoryStore() });
  expect((await copy.pullMetadata()).changed).toEqual(['demo.txt']);
  expect(loaded).not.toHaveBeenCalled();
});
