// Programs that use all of the public face, as text: they are compiled against the packed declarations (types.test.ts).

/** The same in every host. */
const everywhere = `
import {
  type Call, type Check, type Code, type Content, type CreatedKey, type Credentials, defaultLimits, type Digester,
  DTufBase, DTufCopy, DTufError, DTufMaster, type FileHandleLike, type Files, type KeyOptions, type KeyType, type Limits,
  type Lock, memoryLock, memoryStore, type Options, type Passwords, type Place, type Progress, type PublicKey,
  type Refreshed, type Role, type Saved, type Signer, type Source, type Store, type Target, type TargetStream,
  type Trust, type VerifiedPart, type VerifiedTarget,
} from 'dtuf';
import { type EmbeddedRegistry, embeddedRegistry, memoryStorage } from 'dtuf/registry';
import { type Bytes, type Metadata, type Root, signMetadata, targetsToSign, TrustedSet } from 'dtuf/tuf';

export const registry: EmbeddedRegistry = embeddedRegistry({ storage: memoryStorage(), allowOrigin: '*' });
export const places: Place[] = ['registry.example.com', new URL('https://registry.example.com'), registry];
export const limits: Partial<Limits> = { memory: defaultLimits.memory * 2 };
export const logins: Credentials[] = [
  { username: 'fred', password: 'secret' }, { token: 'abc' }, async () => ({ token: 'abc' }), async () => undefined,
];
export const trusts: Trust[] = ['-----BEGIN PUBLIC KEY-----', new Uint8Array(), new URL('https://example.com/root.json')];
export const passwords: Passwords = (role: Role, purpose: 'create' | 'open') => role + purpose;

export async function publish(keys: Partial<Record<Role, Signer>>, key: PublicKey, store: Store, lock: Lock): Promise<number> {
  const [host = registry] = places;
  const options: Options = { host, repository: 'fred/demo', limits, clock: () => new Date(), onNotice: (text: string) => void text };
  const master = new DTufMaster({ ...options, store, lock, passwords, keys, lifetimes: { timestamp: 3600 }, keyType: 'ed25519' });
  const type: KeyType = 'rsa';
  const keyOptions: KeyOptions = { type, password: 'secret' };
  const { publicKey }: CreatedKey = await master.createRootKey(keyOptions);
  await master.createMetadataKeys({ roles: ['targets', 'snapshot'], ...keyOptions });
  await master.createMetadata();
  await master.resetKeys();
  const sources: Source[] = [new Uint8Array([1]), new Blob(['x']), '@other', new URL('file:///x')];
  const content: Content = { length: 1, open: () => new Blob(['x']).stream() };
  const call: Call = { signal: new AbortController().signal, onProgress: (p: Progress) => void [p.phase, p.received, p.total] };
  const target: Target = await master.pushTarget('demo', [...sources, content], { ...call, custom: { note: [1, null, 'x'] } });
  await master.delTarget(target.name, 'other');
  for await (const { name, length } of master.listTargets()) void [name.length, length.toFixed()];
  const expirations: Record<Role, Date> = await master.getExpirations();
  const { version, healed } = await master.pushMetadata(call);
  return healed ? version : expirations.root.getTime() + publicKey.length + key.scheme.length;
}

export async function metadata(bytes: Bytes, signer: Signer): Promise<Bytes> {
  const set = await TrustedSet.start(bytes, new Date(), (check: Check) => void check.clause);
  const root: Metadata<Root> = set.root;
  const signed = targetsToSign({ version: root.signed.version, expires: new Date() }, new Map());
  return signMetadata(signed, [{ keyid: 'a', signer }]);
}

export async function retrieve(trust: Trust, files: Files, digester: Digester): Promise<string> {
  const copy = new DTufCopy({ host: registry, repository: 'fred/demo', trust, store: memoryStore(), lock: memoryLock(), files, digester });
  if (copy.persistent) await copy.resetTrust();
  const refreshed: Refreshed = await copy.pullMetadata({ signal: new AbortController().signal });
  const checks: readonly Check[] = refreshed.explain;
  const file: VerifiedTarget = await copy.pullTarget('demo.txt');
  const bytes: Uint8Array<ArrayBuffer> = await file.bytes();
  const { a } = await file.json<{ a: number }>();
  const response: Response = await file.response({ type: 'text/plain' });
  const blob: Blob = await file.blob();
  const stream: TargetStream = await file.stream({ unverified: true });
  const reader = stream.getReader();
  await reader.cancel();
  const slice = await file.slice(0, 10);
  for await (const part of file.parts() as AsyncIterable<VerifiedPart>) await (await part.stream()).cancel();
  const handle: FileHandleLike | undefined = undefined;
  const saved: Saved = await file.save({ path: 'demo.txt', ...(handle ? { handle } : {}) });
  const sizes: number[] = await copy.blobSizes('demo.txt');
  const same: boolean = await copy.checkTarget('demo.txt', [bytes]);
  return [refreshed.changed, refreshed.expires, checks, a, response.status, blob.size, slice, saved.how, sizes, same, stream.verified].join();
}

export async function list(): Promise<string[]> {
  const base = new DTufBase({ host: 'localhost:5000', insecure: true, authHost: 'auth.example.com' });
  base.token = await base.authenticate(['pull', 'push']);
  const names: string[] = [];
  for await (const name of base.listRepos()) names.push(name);
  return names;
}

export function explain(error: unknown): Code | undefined {
  if (!(error instanceof DTufError)) return undefined;
  const known: (string | undefined)[] = [error.role, error.target, error.clause, error.expected, error.got, error.message];
  return known.length > 0 && error.code === 'METADATA_EXPIRED' ? error.code : undefined;
}
`;

export const page = `${everywhere}
import * as browser from 'dtuf/browser';
import * as worker from 'dtuf/worker';
import { type DownloadState, DTufDownloadElement } from 'dtuf/element';

export async function savePicked(handle: FileSystemFileHandle): Promise<string> {
  const copy = new browser.DTufCopy({ host: 'https://registry.example.com', repository: 'fred/demo', trust: new URL('./root.json', location.href) });
  await copy.pullMetadata();
  const { how } = await (await copy.pullTarget('demo.txt')).save({ handle, fileName: 'demo.txt' });
  return how;
}
export const master = new browser.DTufMaster({ host: 'https://registry.example.com', repository: 'fred/demo' });
export const inWorker = new worker.DTufCopy({ host: 'https://registry.example.com', repository: 'fred/demo' });
export const stores = [browser.indexedDbStore('name'), worker.webLock('name'), browser.browserFiles()];
export const element: DTufDownloadElement | null = document.querySelector('dtuf-download');
export const state: DownloadState | undefined = element?.state;
`;

export const script = `${everywhere}
import * as node from 'dtuf/node';

export async function save(): Promise<void> {
  const copy = new node.DTufCopy({ host: 'oci:registry', repository: 'fred/demo', repositoriesRoot: 'states', trust: new URL('./root.json', import.meta.url) });
  await copy.pullMetadata();
  await (await copy.pullTarget('demo.txt')).save({ path: 'demo.txt' });
}
export const master = new node.DTufMaster({ host: 'localhost:5000', repository: 'fred/demo', passwords: () => 'secret' });
export const base = new node.DTufBase({ host: 'oci:registry' });
export async function serve(): Promise<number> {
  const serving: node.Serving = await node.serve({ folder: 'registry', port: 0 });
  await serving.close();
  return serving.port;
}
export const parts = [node.fileStore('folder'), node.fileLock('folder'), node.nodeFiles(), node.nodeDigester, node.folderStorage('folder')];
`;
