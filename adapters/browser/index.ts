// `dtuf/browser`: the core with IndexedDB, Web Locks and the files of a page as defaults.
export * from '../../src/index.ts';
export { DTufBase } from './base.ts';
export { DTufCopy } from './copy.ts';
export { browserFiles } from './files.ts';
export { type IndexedDbStoreOptions, indexedDbStore } from './indexed-db-store.ts';
export { DTufMaster } from './master.ts';
export { pageKeys } from './page-keys.ts';
export { keepStorage } from './persistence.ts';
export { type WebLockOptions, webLock } from './web-lock.ts';
