// A page whose browser has hardly any room left for its site: Firefox is started so (test/runtimes).
import { afterEach, expect, it } from 'vitest';
import * as page from '../../adapters/browser/index.ts';
import { embeddedRegistry } from '../../adapters/registry/index.ts';
import { bytesOf, publisher } from '../core/people.ts';
import { catchDownloads } from './downloads.ts';
import { cleanUp, newDatabase, randomBytes } from './storage.ts';

const MiB = 1024 * 1024;

afterEach(cleanUp);

/** How much this site may keep. */
async function room(): Promise<number> {
  const { quota = 0, usage = 0 } = await navigator.storage.estimate();
  return quota - usage;
}

it('a file that does not fit is refused before it is asked for, and a smaller one is saved after it (ATTACKS 64)', async () => {
  const host = embeddedRegistry();
  const { master, repository, rootKey } = await publisher(host);
  await master.pushTarget('small', bytesOf('data'));
  await master.pushTarget('large', randomBytes(40 * MiB));
  await master.pushMetadata();
  expect(await room()).toBeLessThan(40 * MiB);
  const copy = new page.DTufCopy({ host, repository, trust: rootKey, store: page.memoryStore() });
  await copy.pullMetadata();
  const downloads = catchDownloads();
  await expect((await copy.pullTarget('large')).save()).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringMatching(/no room for 41943040 bytes.* Make room and try again/),
  });
  await (await copy.pullTarget('small')).save();
  expect(await downloads[0]?.text()).toBe('data');
});

it('state that does not fit is refused, and the old one is as it was (ATTACKS 64)', async () => {
  const store = page.indexedDbStore(newDatabase());
  await store.commit(new Map(), new Map([['a', bytesOf('1')]]));
  const writes = new Map([
    ['a', bytesOf('2')],
    ['b', randomBytes((await room()) + MiB)],
  ]);
  await expect(store.commit(new Map(), writes)).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    got: 'QuotaExceededError',
    message: expect.stringContaining('used up'),
  });
  expect([...((await store.read(['a'])).get('a')?.bytes ?? [])]).toEqual([...bytesOf('1')]);
});
