export { DTufBase } from './base.ts';
export type { Trust } from './client/trust.ts';
export type {
  SaveCall,
  Saved,
  TargetStream,
  VerifiedPart,
  VerifiedTarget,
} from './client/verified-target.ts';
export {
  type ConsensusOptions,
  type ConsensusRefreshed,
  DTufConsensus,
  type TrustMapping,
} from './consensus.ts';
export type { Source } from './content/source.ts';
export { DTufCopy, type Refreshed } from './copy.ts';
export { type Code, DTufError } from './errors.ts';
export { type ExportedFile, exportFiles } from './export.ts';
export { defaultLimits, type Limits } from './limits.ts';
export { DTufMaster, type KeyOptions, type MasterOptions, type RootKeyOptions } from './master.ts';
export { memoryLock, memoryStore } from './memory-store.ts';
export type {
  Call,
  Connection,
  ExplainedCall,
  Options,
  Place,
  Progress,
  UploadCall,
} from './options.ts';
export type {
  Chosen,
  Content,
  Destination,
  Digester,
  FileHandleLike,
  Files,
  Hash,
  Lock,
  OpenPrivateKey,
  PublicKey,
  Signer,
  Sink,
  Spool,
  Store,
  Stored,
} from './ports.ts';
export type { CreatedKey, Passwords } from './publish/key-files.ts';
export type { PublishResult } from './publish/publication.ts';
export type { Credentials, Login, LoginRequest } from './registry/credentials.ts';
export type { RateLimit } from './registry/rate-limit.ts';
export { RegistryAnswer, type ReportedError } from './registry/registry-answer.ts';
export type { Target } from './target.ts';
export type { Check } from './tuf/check.ts';
export type { Role } from './tuf/metadata.ts';
export type { KeyType } from './tuf/signer.ts';
