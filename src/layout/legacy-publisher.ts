// Publishes in python-dtuf's layout, for the clients that a repository has. What is added to it is only what keeps its data
// from garbage collection.

import { DTufError } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Limits } from '../limits.ts';
import type { Call, UploadCall } from '../options.ts';
import type { Bytes, Digester } from '../ports.ts';
import { blobSize } from '../registry/blob-size.ts';
import { describe } from '../registry/describe.ts';
import { parseDigest } from '../registry/digest.ts';
import { hasBlob } from '../registry/has-blob.ts';
import { dockerManifestType, ociManifestType } from '../registry/manifest.ts';
import { pushManifest } from '../registry/push-manifest.ts';
import type { Repository } from '../registry/registry.ts';
import { emptyBytes, emptyDescriptor, emptyType, writeManifest } from '../registry/write-manifest.ts';
import { fileInfo } from '../tuf/file-info.ts';
import type { TargetFile } from '../tuf/targets.ts';
import { aliasedBlob, BLOB, listedBlobs } from './docker-manifest.ts';
import type { Part } from './layout.ts';
import { LegacyMetadata, LegacyTargets } from './legacy.ts';
import type { NewPart, Published, Publisher, PushedTarget } from './publisher.ts';
import { BUNDLE_TAG, FILENAME, TARGET_ARTIFACT, TARGET_LAYER } from './strings.ts';
import { targetTag } from './tags.ts';
import { type PushedBlob, pushBytes, pushContent, pushFiles } from './upload.ts';
import type { BundleFiles } from './write-bundle.ts';

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
    call: UploadCall,
  ): Promise<PushedTarget> {
    if (custom !== undefined) {
      throw new DTufError('NOT_SUPPORTED', "python-dtuf's layout has no place for custom data", {
        target: name,
      });
    }
    const blobs: PushedBlob[] = [];
    for (const part of parts) {
      blobs.push(
        'digest' in part
          ? await this.#present(name, part, call.signal)
          : await pushContent(this.#repository, this.#digester, name, part, call),
      );
    }
    const list = listOfBlobs(blobs);
    await this.#tagTarget(name, list, blobs, call.signal);
    return { file: await fileInfo(list), list };
  }

  /** A part of another target: its digest comes from a verified list, so the blob need not pass through here. */
  async #present(name: string, part: Part, signal: AbortSignal | undefined): Promise<PushedBlob> {
    const blob = { digest: parseDigest(part.digest), size: part.length };
    if (await hasBlob(this.#repository.blobs, blob, signal)) return blob;
    throw new DTufError(
      'TARGET_MISSING',
      `the registry has lost ${blob.digest}, which ${name} is to be made of: push the target anew that it was part of`,
      { target: name, expected: blob.digest },
    );
  }

  /** The verified list of blobs of a target that was published. @throws DTufError NOT_FOUND, TARGET_MISMATCH */
  list(name: string, file: TargetFile, signal?: AbortSignal): Promise<Bytes> {
    return new LegacyTargets(this.#repository, this.#limits).list(name, file, signal);
  }

  /**
   * Keeps a target from garbage collection that was pushed by python-dtuf.
   *
   * @returns false where a garbage collection was there before.
   */
  async keep(name: string, list: Bytes, signal?: AbortSignal): Promise<boolean> {
    const blobs: PushedBlob[] = [];
    for (const listed of listedBlobs(list, name, this.#limits)) {
      const { digest, size = await blobSize(this.#repository.blobs, digest, signal) } = listed;
      if (size === undefined || !(await hasBlob(this.#repository.blobs, { digest, size }, signal)))
        return false;
      blobs.push({ digest, size });
    }
    await this.#tagTarget(name, list, blobs, signal);
    return true;
  }

  /**
   * Sends the list of blobs of a target, and tags a manifest that names it and its blobs: python-dtuf's own layout has
   * none, and one garbage collection deletes all of its targets.
   */
  async #tagTarget(
    name: string,
    list: Bytes,
    blobs: readonly PushedBlob[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const listed = await pushBytes(this.#repository, TARGET_LAYER, list, undefined, signal);
    await pushBytes(this.#repository, emptyType, emptyBytes, undefined, signal);
    const manifest = writeManifest({
      schemaVersion: 2,
      mediaType: ociManifestType,
      artifactType: TARGET_ARTIFACT,
      config: emptyDescriptor,
      layers: [listed, ...blobs.map((blob) => ({ mediaType: BLOB, ...blob }))],
      annotations: { [FILENAME]: name },
    });
    const tag = await targetTag(listed.digest.slice('sha256:'.length), name);
    await pushManifest(this.#repository.manifests, tag, manifest, ociManifestType, signal ? { signal } : {});
  }

  async published(signal?: AbortSignal): Promise<Published | undefined> {
    const timestamp = await this.#aliased(BUNDLE_TAG, signal);
    if (timestamp === undefined) return undefined;
    return {
      source: new LegacyMetadata(this.#repository, this.#limits, signal),
      state: timestamp.digest,
      keepAs: (version) => this.#alias(`${version}.${BUNDLE_TAG}`, timestamp, signal),
    };
  }

  async stateAt(version: number, signal?: AbortSignal): Promise<string | undefined> {
    return (await this.#aliased(`${version}.${BUNDLE_TAG}`, signal))?.digest;
  }

  /** The blob is what tells states apart: a registry signs a schema 1 manifest anew for each answer (distribution 2.8). */
  async #aliased(tag: string, signal: AbortSignal | undefined): Promise<PushedBlob | undefined> {
    const manifest = await this.#repository.manifests.fetch(tag, signal ? { signal } : {});
    if (manifest === undefined || manifest === 'unchanged') return undefined;
    const { digest, size } = aliasedBlob(manifest.bytes, tag, this.#limits);
    return { digest, size: size ?? (await blobSize(this.#repository.blobs, digest, signal)) ?? 0 };
  }

  async upload(files: BundleFiles, call: Call): Promise<void> {
    await pushFiles(this.#repository, BLOB, files, call);
  }

  /**
   * Without a bundle nothing switches in one step: the files that others name come first, the timestamp makes them
   * visible, and new roots come last. They are signed by the old keys and by the new, so that clients verify before and
   * after. Of several new roots the newest comes first: clients see none of them before the one that follows theirs is
   * there, and then all.
   */
  async switchTo(version: number, files: BundleFiles, { signal }: Call): Promise<string> {
    const [newest] = files.roots.slice(-1);
    if (newest === undefined) throw new Error('a repository has a root');
    // A client begins with root.json: without any, the timestamp must not be there before it.
    const first =
      (await this.#repository.manifests.fetch('root.json', signal ? { signal } : {})) === undefined;
    const older = await this.#lacking(files.roots.slice(0, -1), signal);
    const roots = [newest, ...older.toReversed(), ['root.json', newest[1]] as const];
    const { timestamp } = files;
    const roles = [files.targets, files.snapshot];
    const tag = async ([name, bytes]: readonly [string, Bytes]) =>
      this.#alias(name, await describe(BLOB, bytes), signal);
    for (const file of first ? [...roots, ...roles] : roles) await tag(file);
    await tag([BUNDLE_TAG, timestamp]);
    await tag([`${version}.${BUNDLE_TAG}`, timestamp]);
    if (!first) for (const file of roots) await tag(file);
    return (await describe(BLOB, timestamp)).digest;
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

  async #alias(tag: string, blob: PushedBlob, signal: AbortSignal | undefined): Promise<void> {
    await pushManifest(
      this.#repository.manifests,
      tag,
      listOfBlobs([blob]),
      dockerManifestType,
      signal ? { signal } : {},
    );
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
