// `dtuf/worker`: `dtuf/browser` without `save()`, for workers that have neither a document nor files to save to.
import type { Trust } from '../../src/client/trust.ts';
import { DTufCopy as Copy } from '../../src/copy.ts';
import { DTufMaster as Master, type MasterOptions, type RootKeyOptions } from '../../src/master.ts';
import type { Options } from '../../src/options.ts';
import type { Store } from '../../src/ports.ts';
import type { CreatedKey } from '../../src/publish/key-files.ts';
import { publisherOf, stateOf } from './options.ts';
import { workerFiles } from './worker-files.ts';

export * from '../../src/index.ts';
export { DTufBase } from './base.ts';
export { type IndexedDbStoreOptions, indexedDbStore } from './indexed-db-store.ts';
export { pageKeys } from './page-keys.ts';
export { keepStorage } from './persistence.ts';
export { type WebLockOptions, webLock } from './web-lock.ts';

/**
 * See {@link Copy}. The state is kept in IndexedDB and is shared with the pages of the origin. There is no `save()`; a large
 * `stream()` waits in the origin's private files until it is verified.
 *
 * @example
 * const copy = new DTufCopy({ host: 'https://registry.example.com', repository: 'fred/demo', trust: rootJson });
 * await copy.pullMetadata();
 * await cache.put('/app.js', await (await copy.pullTarget('app.js')).response({ type: 'text/javascript' }));
 */
export class DTufCopy extends Copy {
  constructor(options: Options & { trust?: Trust; store?: Store }) {
    super({ ...stateOf(options, 'copy'), files: options.files ?? workerFiles(options.limits?.memory) });
  }
}

/** See {@link Master}. @throws DTufError NOT_SUPPORTED where the worker is no secure context. */
export class DTufMaster extends Master {
  constructor(options: Options & Omit<MasterOptions, 'store' | 'lock'>) {
    super(publisherOf(options));
  }

  /**
   * See {@link Master.createRootKey}. The private key is in the result, and stored only with `{ store: true }`: what a browser
   * may empty must not hold the only root key.
   */
  override createRootKey({ store = false, ...options }: RootKeyOptions = {}): Promise<CreatedKey> {
    return super.createRootKey({ store, ...options });
  }
}
