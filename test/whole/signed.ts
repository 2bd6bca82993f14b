// A repository whose targets metadata says whatever a test wants to be signed, and whose registry then lies.

import { embeddedRegistry, memoryStorage, type RegistryStorage } from '../../adapters/registry/index.ts';
import { portableDigester } from '../../src/content/digester.ts';
import { DTufCopy, type Files, memoryStore, type Store } from '../../src/index.ts';
import type { JsonObject } from '../../src/json.ts';
import { NativePublisher } from '../../src/layout/native-publisher.ts';
import { defaultLimits, type Limits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { Registry, type Repository } from '../../src/registry/registry.ts';
import { fileInfo } from '../../src/tuf/file-info.ts';
import { keyidOf } from '../../src/tuf/key-forms.ts';
import { generateKeyPair, signerOf } from '../../src/tuf/signer.ts';
import {
  rootToSign,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from '../../src/tuf/signing.ts';
import type { TargetFile } from '../../src/tuf/targets.ts';
import { newRepository } from '../core/places.ts';

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);

export interface Asked {
  /** What stands behind the repository's name, as in `manifests/timestamp.json`. */
  readonly path: string;
  /** What an honest registry answers. */
  honest(): Promise<Response>;
}

/** Answers in the place of the registry, or leaves it to the honest one. */
export type Lie = (asked: Asked) => Response | Promise<Response> | undefined;

export interface Signed {
  readonly name: string;
  /** The root.json, which is trusted. */
  readonly root: Bytes;
  /** The honest registry. */
  readonly repository: Repository;
  readonly registry: { fetch: typeof fetch };
  /** A client of the repository, behind a registry that lies from now on; the metadata is pulled already. */
  client(options?: ClientOptions): Promise<DTufCopy>;
  /** The same, that has pulled nothing yet. */
  newClient(options?: ClientOptions): DTufCopy;
  /** What the clients have asked for. */
  readonly seen: string[];
  /** The lie from now on. */
  lie(lie: Lie | undefined): void;
}

export interface ClientOptions {
  readonly limits?: Partial<Limits>;
  readonly files?: Files;
  readonly layout?: 'native' | 'legacy';
  readonly store?: Store;
}

export interface SignedOptions {
  /** Members of the root; by default our mark of the native layout. */
  readonly mark?: JsonObject;
  /** Of the registry, where it is served too. */
  readonly storage?: RegistryStorage;
}

/** Signs `targets` as they are, and publishes them in the native layout. Whether there is any data is the caller's matter. */
export async function signed(
  targets: Readonly<Record<string, TargetFile>>,
  { mark = { 'x-dtuf': { layout: 'native' } }, storage = memoryStorage() }: SignedOptions = {},
): Promise<Signed> {
  const registry = embeddedRegistry({ storage });
  const name = newRepository();
  const repository = new Registry({ place: registry }).repository(name);
  const files = await metadataOf(targets, mark);
  const publisher = new NativePublisher(repository, portableDigester, defaultLimits);
  await publisher.upload(files, {});
  await publisher.switchTo(1, files, {});
  const root = files.roots[0]?.[1];
  if (root === undefined) throw new Error('there is a root');

  let present: Lie | undefined;
  const seen: string[] = [];
  const through: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const path = url.pathname.slice(`/v2/${name}/`.length);
    seen.push(path);
    const honest = () => registry.fetch(input, init);
    return (await present?.({ path, honest })) ?? honest();
  };
  const newClient = ({ store = memoryStore(), ...options }: ClientOptions = {}) =>
    new DTufCopy({
      host: { fetch: through },
      repository: name,
      store,
      trust: root,
      digester: portableDigester,
      ...options,
    });
  return {
    name,
    root,
    repository,
    registry,
    seen,
    lie: (lie) => {
      present = lie;
      seen.length = 0;
    },
    newClient,
    async client(options) {
      const copy = newClient(options);
      await copy.pullMetadata();
      seen.length = 0;
      return copy;
    },
  };
}

async function metadataOf(targets: Readonly<Record<string, TargetFile>>, mark: JsonObject) {
  const { pkcs8 } = await generateKeyPair('ed25519');
  const signer = await signerOf(pkcs8);
  const keyid = await keyidOf(signer.key);
  const by = [{ keyid, signer }];
  const keys = new Map([[keyid, signer.key]]);
  const validity = { version: 1, expires: new Date(Date.now() + 3_600_000) };
  const root = await signMetadata(
    rootToSign(validity, { root: keys, targets: keys, snapshot: keys, timestamp: keys }, mark),
    by,
  );
  const targetsFile = await signMetadata(targetsToSign(validity, new Map(Object.entries(targets))), by);
  const meta = new Map([['targets.json', { ...(await fileInfo(targetsFile)), version: 1 }]]);
  const snapshot = await signMetadata(snapshotToSign(validity, meta), by);
  const timestamp = await signMetadata(await timestampToSign(validity, 1, snapshot), by);
  return {
    timestamp,
    snapshot: ['1.snapshot.json', snapshot],
    targets: ['1.targets.json', targetsFile],
    roots: [['1.root.json', root]],
  } as const;
}

/** What is signed of a file. */
export async function fileOf(bytes: Bytes, custom?: JsonObject): Promise<TargetFile> {
  return { ...(await fileInfo(bytes)), ...(custom === undefined ? {} : { custom }) };
}
