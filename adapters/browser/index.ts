// `dtuf/browser`: the core with IndexedDB, Web Locks and the files of a page as defaults.
import { DTufBase as Base } from '../../src/base.ts';
import type { Trust } from '../../src/client/trust.ts';
import { DTufCopy as Copy } from '../../src/copy.ts';
import { DTufMaster as Master, type MasterOptions, type RootKeyOptions } from '../../src/master.ts';
import type { Connection, Options } from '../../src/options.ts';
import type { Files, Store } from '../../src/ports.ts';
import type { CreatedKey } from '../../src/publish/key-files.ts';
import { browserFiles } from './files.ts';
import { connectionOf, publisherOf, stateOf } from './options.ts';

export * from '../../src/index.ts';
export { browserFiles } from './files.ts';
export { type IndexedDbStoreOptions, indexedDbStore } from './indexed-db-store.ts';
export { pageKeys } from './page-keys.ts';
export { keepStorage } from './persistence.ts';
export { type WebLockOptions, webLock } from './web-lock.ts';

/** See {@link Base}. @throws DTufError NOT_SUPPORTED where the page is no secure context. */
export class DTufBase extends Base {
  constructor(options: Connection) {
    super(connectionOf(options));
  }
}

/**
 * See {@link Copy}. The state is kept in IndexedDB, for the registry and the repository.
 *
 * @throws DTufError NOT_SUPPORTED where the page is no secure context; STORAGE_UNAVAILABLE, by the methods, where the
 * browser keeps nothing for this page.
 * @example
 * const copy = new DTufCopy({ host: 'https://registry.example.com', repository: 'fred/demo', trust: new URL('./root.json', import.meta.url) });
 * await copy.pullMetadata();
 * button.onclick = async () => (await copy.pullTarget('demo.txt')).save();
 */
export class DTufCopy extends Copy {
  constructor(options: Options & { trust?: Trust; store?: Store }) {
    super({ ...stateOf(options, 'copy'), files: filesOf(options) });
  }
}

/**
 * See {@link Master}. Metadata and keys are kept in IndexedDB, but for the root key, which `createRootKey` returns. For keys
 * that nobody can take out of the browser see {@link pageKeys}.
 *
 * @throws DTufError NOT_SUPPORTED where the page is no secure context.
 */
export class DTufMaster extends Master {
  constructor(options: Options & Omit<MasterOptions, 'store' | 'lock'>) {
    super({ ...publisherOf(options), files: filesOf(options) });
  }

  /**
   * See {@link Master.createRootKey}. The private key is in the result, and stored only with `{ store: true }`: what a browser
   * may empty must not hold the only root key.
   */
  override createRootKey({ store = false, ...options }: RootKeyOptions = {}): Promise<CreatedKey> {
    return super.createRootKey({ store, ...options });
  }
}

function filesOf({ files, limits }: Options): Files {
  return files ?? browserFiles(limits?.memory === undefined ? {} : { memory: limits.memory });
}
