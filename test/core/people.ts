// A publisher and its clients, with everything in memory.
import {
  DTufCopy,
  DTufMaster,
  type MasterOptions,
  memoryLock,
  memoryStore,
  type Place,
  type Role,
  type Signer,
  type Store,
  type Trust,
} from '../../src/index.ts';
import { generateKeyPair, signerOf } from '../../src/tuf/signer.ts';
import { newRepository } from './places.ts';

export interface Publisher {
  readonly master: DTufMaster;
  readonly repository: string;
  readonly rootKey: string;
  readonly store: Store;
  readonly notices: string[];
  /** Signers of all roles, where the keys are not in files. */
  readonly keys: Partial<Record<Role, Signer>>;
}

/** A publisher with signed metadata whose keys never were in files: opening those takes long on purpose. Nothing is published yet. */
export async function publisher(
  host: Place,
  { keyType = 'ed25519', ...options }: Partial<MasterOptions> = {},
): Promise<Publisher> {
  const roles: Partial<Record<Role, Signer>> = {};
  let rootKey = '';
  for (const role of ['root', 'targets', 'snapshot', 'timestamp'] as const) {
    const { pkcs8, publicPem } = await generateKeyPair(keyType);
    roles[role] = await signerOf(pkcs8);
    if (role === 'root') rootKey = publicPem;
  }
  const made = build(host, { keys: roles, ...options });
  await made.master.createMetadata();
  return { ...made, rootKey };
}

/** A publisher with key files, as the command makes it. */
export async function publisherWithKeyFiles(
  host: Place,
  options: Partial<MasterOptions> = {},
): Promise<Publisher> {
  const made = build(host, options);
  const { publicKey } = await made.master.createRootKey();
  await made.master.createMetadataKeys();
  await made.master.createMetadata();
  return { ...made, rootKey: publicKey };
}

function build(host: Place, options: Partial<MasterOptions>): Omit<Publisher, 'rootKey'> {
  const { repository = newRepository(), store = memoryStore() } = options;
  const notices: string[] = [];
  const master = new DTufMaster({
    host,
    lock: memoryLock(),
    passwords: () => 'secret',
    onNotice: (text) => notices.push(text),
    ...options,
    repository,
    store,
  });
  return { master, repository, store, notices, keys: options.keys ?? {} };
}

export interface ClientOptions {
  trust?: Trust;
  store?: Store;
  clock?: () => Date;
  notices?: string[];
  fetch?: typeof fetch;
}

export function client(
  host: Place,
  repository: string,
  { store = memoryStore(), notices, ...options }: ClientOptions = {},
): DTufCopy {
  return new DTufCopy({
    host,
    repository,
    store,
    ...(notices ? { onNotice: (text) => notices.push(text) } : {}),
    ...options,
  });
}

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export async function namesOf(targets: AsyncIterable<{ name: string }>): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of targets) names.push(name);
  return names.sort();
}
