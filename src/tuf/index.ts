// `dtuf/tuf`: TUF metadata by itself, for whoever writes a client, a publisher or a tool of their own. No I/O, no clock.
export { DTufError, hasCode } from '../errors.ts';
export type { Bytes, PublicKey, Signer } from '../ports.ts';
export { canonicalJson } from './canonical.ts';
export type { Check } from './check.ts';
export {
  type Covering,
  covering,
  type DelegatedRole,
  type Delegations,
  delegatedKeys,
  type HashedPath,
  hashPath,
  type SuccinctRoles,
} from './delegations.ts';
export { matchFile } from './file-info.ts';
export { findFirstRoot } from './first-root.ts';
export { type Json, type JsonObject, parseJson } from './json.ts';
export { keyidOf } from './keys.ts';
export type { FileInfo, Metadata, MetaFile, Role, Signature, Signed } from './metadata.ts';
export { matchesPath } from './path-pattern.ts';
export { encryptPrivateKey, openPrivateKey } from './private-key.ts';
export { parseRoot, type Root } from './root.ts';
export { countSignatures, type Delegator } from './signatures.ts';
export { generateKeyPair, type KeyPair, type KeyType, signerOf } from './signer.ts';
export {
  fileInfo,
  type RoleSigner,
  rootToSign,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from './signing.ts';
export { parseSnapshot, type Snapshot } from './snapshot.ts';
export { parseTargets, type TargetFile, type Targets } from './targets.ts';
export { parseTimestamp, type Timestamp } from './timestamp.ts';
export { TrustedSet } from './trusted-set.ts';
