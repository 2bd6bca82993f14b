// `dtuf/tuf`: TUF metadata by itself, for whoever writes a client, a publisher or a tool of their own. No I/O, no clock.
export { DTufError, hasCode } from '../errors.ts';
export { type Json, type JsonObject, parseJson } from '../json.ts';
export type { Bytes, PublicKey, Signer } from '../ports.ts';
export { canonicalJson } from './canonical.ts';
export type { Check } from './check.ts';
export { type Covering, covering, delegatedKeys, type HashedPath, hashPath } from './covering.ts';
export { DelegatedSet } from './delegated-set.ts';
export type { DelegatedRole, Delegations, SuccinctRoles } from './delegations.ts';
export { fileInfo, matchFile } from './file-info.ts';
export { findFirstRoot } from './first-root.ts';
export { keyidOf } from './key-forms.ts';
export type { FileInfo, Metadata, MetaFile, Role, Signature, Signed } from './metadata.ts';
export { parseTargets } from './parse-targets.ts';
export { matchesPath } from './path-pattern.ts';
export { encryptPrivateKey, openPrivateKey } from './private-key.ts';
export { parseRoot, type Root } from './root.ts';
export { countSignatures, type Delegator } from './signatures.ts';
export { generateKeyPair, type KeyPair, type KeyType, signerOf } from './signer.ts';
export {
  type RoleSigner,
  rootToSign,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from './signing.ts';
export { parseSnapshot, type Snapshot } from './snapshot.ts';
export type { TargetFile, Targets } from './targets.ts';
export { parseTimestamp, type Timestamp } from './timestamp.ts';
export { TrustedSet } from './trusted-set.ts';
