// What the page takes of dtuf. A page of yours has it from `dtuf/browser`, `dtuf/registry` and `dtuf/tuf`.

export {
  type Check,
  DTufCopy,
  DTufError,
  DTufMaster,
  memoryLock,
  memoryStore,
  type Role,
  type Signer,
  type VerifiedTarget,
} from '../../adapters/browser/index.ts';
export { embeddedRegistry } from '../../adapters/registry/index.ts';
export {
  type Bytes,
  fileInfo,
  generateKeyPair,
  keyidOf,
  openPrivateKey,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
  signerOf,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from '../../src/tuf/index.ts';
