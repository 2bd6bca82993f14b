// Publishes in python-dtuf's layout, for the clients that a repository has. What is added to it is only what keeps its data
// from garbage collection.
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Call } from '../options.ts';
import type { Bytes, Digester } from '../ports.ts';
import { describe } from '../registry/descriptor.ts';
import {
  dockerManifestType,
  emptyBytes,
  emptyDescriptor,
  emptyType,
  ociManifestType,
  writeManifest,
} from '../registry/manifest.ts';
import type { Repository } from '../registry/registry.ts';
import type { JsonObject } from '../tuf/json.ts';
import { fileInfo } from '../tuf/signing.ts';
import { type BundleFiles, bundleLayers } from './bundle.ts';
import { listedBlobs } from './docker-manifest.ts';
import { LegacyMetadata } from './legacy.ts';
import type { NewPart, Published, Publisher, PushedTarget } from './publisher.ts';
import { BUNDLE_TAG, FILENAME, TARGET_ARTIFACT, TARGET_LAYER, targetTag } from './strings.ts';
import { type PushedBlob, pushBytes, pushContent } from './upload.ts';

const BLOB = 'application/octet-stream';

export class LegacyPublisher implements Publisher {
  readonly #repository: Repository;
  readonly #digester: Digester;
  readonly #limits: Limits;

  constructor(repository: Repository, digester: Digester, limits: Limits) {
    this.#repository = repository;
    this.#digester = digester;
    this.#limits = limits;
  }

  async pushTarget(
    name: string,
    parts: readonly NewPart[],
    custom: JsonObject | undefined,
    call: Call,
  ): Promise<PushedTarget> {
    if (custom !== undefined) {
      throw new DTufError('NOT_SUPPORTED', "python-dtuf's layout has no place for custom data", {
        target: name,
      });
    }
    const blobs: PushedBlob[] = [];
    for (const part of parts) {
      const content = 'digest' in part ? { length: part.length, open: () => part.open(call.signal) } : part;
      blobs.push(await pushContent(this.#repository, this.#digester, name, content, call));
    }
    const list = listOfBlobs(blobs);
    await this.keep(name, list, call.signal);
    return { file: await fileInfo(list), list };
  }

  /**
   * Sends the list of blobs of a target, and tags a manifest that names it and its blobs: python-dtuf's own layout has
   * none, and one garbage collection deletes all of its targets.
   */
  async keep(name: string, list: Bytes, signal?: AbortSignal): Promise<void> {
    const listed = await pushBytes(this.#repository, TARGET_LAYER, list, undefined, signal);
    await pushBytes(this.#repository, emptyType, emptyBytes, undefined, signal);
    const blobs = await Promise.all(
      listedBlobs(list, name, this.#limits).map(async ({ digest, size }) => ({
        mediaType: BLOB,
        digest,
        size: size ?? (await this.#repository.blobs.size(digest, signal)) ?? 0,
      })),
    );
    const manifest = writeManifest({
      schemaVersion: 2,
      mediaType: ociManifestType,
      artifactType: TARGET_ARTIFACT,
      config: emptyDescriptor,
      layers: [listed, ...blobs],
      annotations: { [FILENAME]: name },
    });
    const tag = await targetTag(listed.digest.slice('sha256:'.length), name);
    await this.#repository.manifests.push(tag, manifest, ociManifestType, signal);
  }

  async published(signal?: AbortSignal): Promise<Published | undefined> {
    const manifest = await this.#repository.manifests.fetch(BUNDLE_TAG, signal ? { signal } : {});
    if (manifest === undefined || manifest === 'unchanged') return undefined;
    const { bytes, digest: state } = manifest;
    return {
      source: new LegacyMetadata(this.#repository, this.#limits, signal),
      state,
      keepAs: async (version) => {
        await this.#repository.manifests.push(`${version}.${BUNDLE_TAG}`, bytes, dockerManifestType, signal);
      },
    };
  }

  async stateAt(version: number, signal?: AbortSignal): Promise<string | undefined> {
    const manifest = await this.#repository.manifests.fetch(
      `${version}.${BUNDLE_TAG}`,
      signal ? { signal } : {},
    );
    return manifest === undefined || manifest === 'unchanged' ? undefined : manifest.digest;
  }

  async upload(files: BundleFiles, { signal, onProgress }: Call): Promise<void> {
    const layers = bundleLayers(files);
    const total = layers.reduce((sum, [, bytes]) => sum + bytes.length, 0);
    let received = 0;
    for (const [, bytes] of layers) {
      await pushBytes(this.#repository, BLOB, bytes, undefined, signal);
      received += bytes.length;
      onProgress?.({ target: BUNDLE_TAG, received, total, phase: 'write' });
    }
  }

  /**
   * Without a bundle nothing switches in one step: the files that others name come first, the timestamp makes them
   * visible, and new roots come last. They are signed by the old keys and by the new, so that clients verify before and
   * after.
   */
  async switchTo(version: number, files: BundleFiles, { signal }: Call): Promise<string> {
    const [newest] = files.roots.slice(-1);
    if (newest === undefined) throw new Error('a repository has a root');
    // A client begins with root.json: without any, the timestamp must not be there before it.
    const first =
      (await this.#repository.manifests.fetch('root.json', signal ? { signal } : {})) === undefined;
    const roots = [
      ...(await this.#lacking(files.roots.slice(0, -1), signal)),
      newest,
      ['root.json', newest[1]] as const,
    ];
    const { timestamp } = files;
    const roles = [files.targets, files.snapshot];
    for (const [tag, bytes] of first ? [...roots, ...roles] : roles) await this.#tag(tag, bytes, signal);
    const state = await this.#tag(BUNDLE_TAG, timestamp, signal);
    await this.#tag(`${version}.${BUNDLE_TAG}`, timestamp, signal);
    if (!first) for (const [tag, bytes] of roots) await this.#tag(tag, bytes, signal);
    return state;
  }

  /** Older roots never change: those that have their tag need no other. */
  async #lacking(
    files: BundleFiles['roots'],
    signal: AbortSignal | undefined,
  ): Promise<(readonly [string, Bytes])[]> {
    const lacking: (readonly [string, Bytes])[] = [];
    for (const file of files) {
      if ((await this.#repository.manifests.fetch(file[0], signal ? { signal } : {})) === undefined)
        lacking.push(file);
    }
    return lacking;
  }

  async #tag(tag: string, bytes: Bytes, signal: AbortSignal | undefined): Promise<string> {
    const manifest = listOfBlobs([await describe(BLOB, bytes)]);
    return this.#repository.manifests.push(tag, manifest, dockerManifestType, signal);
  }
}

/** python-dtuf's list of blobs: a Docker manifest of schema 2 whose config is its first blob. */
export function listOfBlobs(blobs: readonly PushedBlob[]): Bytes {
  const [first = { digest: emptyDescriptor.digest, size: emptyDescriptor.size }] = blobs;
  return writeManifest({
    config: {
      digest: first.digest,
      mediaType: 'application/vnd.docker.container.image.v1+json',
      size: first.size,
    },
    layers: blobs.map(({ digest, size }) => ({ digest, mediaType: BLOB, size })),
    mediaType: dockerManifestType,
    schemaVersion: 2,
  });
}
