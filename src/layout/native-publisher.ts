// Publishes in the native layout (docs/architecture.md, "The native layout").

import { verifyStream } from '../content/verify-stream.ts';
import { DTufError, hasCode } from '../errors.ts';
import type { JsonObject } from '../json.ts';
import type { Limits } from '../limits.ts';
import type { Call, UploadCall } from '../options.ts';
import type { Bytes, Digester } from '../ports.ts';
import { describe } from '../registry/describe.ts';
import type { Descriptor } from '../registry/descriptor.ts';
import { type Digest, parseDigest } from '../registry/digest.ts';
import { hasBlob } from '../registry/has-blob.ts';
import { ociManifestType, parseImageManifest } from '../registry/manifest.ts';
import { pushManifest } from '../registry/push-manifest.ts';
import type { Repository } from '../registry/registry.ts';
import { emptyBytes, emptyDescriptor, emptyType, writeManifest } from '../registry/write-manifest.ts';
import type { TargetFile } from '../tuf/targets.ts';
import { nativeBundle } from './native.ts';
import type { NewPart, Published, Publisher, PushedTarget } from './publisher.ts';
import {
  BUNDLE_TAG,
  FILENAME,
  fileAnnotations,
  METADATA_LAYER,
  PARTS_ARTIFACT,
  TARGET_ARTIFACT,
  TARGET_LAYER,
} from './strings.ts';
import { targetTag } from './tags.ts';
import { type PushedBlob, pushBytes, pushContent, pushFiles } from './upload.ts';
import { type BundleFiles, writeBundle } from './write-bundle.ts';

export class NativePublisher implements Publisher {
  readonly #repository: Repository;
  readonly #digester: Digester;
  readonly #limits: Limits;
  /** What was published when it was looked at last. */
  #present: Digest | undefined;

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
    const blobs: PushedBlob[] = [];
    for (const part of parts) blobs.push(await this.#pushPart(name, part, call));
    const [first] = blobs;
    await pushBytes(this.#repository, emptyType, emptyBytes, undefined, call.signal);
    const plainFile = first !== undefined && blobs.length === 1;
    return {
      file: await (plainFile
        ? this.#tagFile(name, first, custom, call)
        : this.#tagParts(name, blobs, custom, call)),
    };
  }

  async #pushPart(name: string, part: NewPart, call: UploadCall): Promise<PushedBlob> {
    if (!('digest' in part)) return pushContent(this.#repository, this.#digester, name, part, call);
    if (part.bytes) return pushBytes(this.#repository, TARGET_LAYER, part.bytes, undefined, call.signal);
    const blob = { digest: parseDigest(part.digest), size: part.length };
    if (!(await hasBlob(this.#repository.blobs, blob, call.signal))) {
      throw new DTufError(
        'TARGET_MISSING',
        `the registry has lost ${blob.digest}, which ${name} is to be made of: push the target anew that it was part of`,
        { target: name, expected: blob.digest },
      );
    }
    // What is signed under this digest need not pass through here. Where only the registry has named it, the whole is
    // verified: it is about to be signed.
    const { length, hashes } = part.expected;
    const sha256 = ['sha256', blob.digest.slice('sha256:'.length)] as const;
    if (!hashes.some(([algorithm, hex]) => algorithm === 'sha256' && hex === sha256[1])) {
      const expected = { length, hashes: [...hashes, sha256] };
      await verifyStream(await part.open(call.signal), expected, this.#digester, name, () => undefined);
    }
    return blob;
  }

  /** The target is the file; a tagged manifest keeps it from garbage collection and lets other tools fetch it. */
  async #tagFile(
    name: string,
    { digest, size }: PushedBlob,
    custom: JsonObject | undefined,
    { signal }: Call,
  ): Promise<TargetFile> {
    const sha256 = digest.slice('sha256:'.length);
    const file = { length: size, hashes: { sha256 }, ...(custom === undefined ? {} : { custom }) };
    const tag = await targetTag(sha256, name);
    const layer: Descriptor = {
      mediaType: TARGET_LAYER,
      digest,
      size,
      annotations: fileAnnotations(sha256, name),
    };
    // One that is there is used again, never made anew: it may hold more than we would write.
    if (await this.#lists(tag, digest, signal)) return file;
    const manifest = writeManifest({
      schemaVersion: 2,
      mediaType: ociManifestType,
      artifactType: TARGET_ARTIFACT,
      config: emptyDescriptor,
      layers: [layer],
      annotations: { [FILENAME]: `${sha256}.${name}` },
    });
    await this.#keep(tag, manifest, signal);
    return file;
  }

  /** The target is the manifest that lists the parts. */
  async #tagParts(
    name: string,
    blobs: readonly PushedBlob[],
    custom: JsonObject | undefined,
    { signal }: Call,
  ): Promise<TargetFile> {
    const manifest = writeManifest({
      schemaVersion: 2,
      mediaType: ociManifestType,
      artifactType: PARTS_ARTIFACT,
      config: emptyDescriptor,
      layers:
        blobs.length > 0
          ? blobs.map(({ digest, size }) => ({ mediaType: TARGET_LAYER, digest, size }))
          : [emptyDescriptor],
      // Two targets of the same parts have to be two manifests: deleting one would delete both.
      annotations: { [FILENAME]: name },
    });
    const { digest, size } = await describe(ociManifestType, manifest);
    const sha256 = digest.slice('sha256:'.length);
    await this.#keep(await targetTag(sha256, name), manifest, signal);
    return { length: size, hashes: { sha256 }, custom: { ...custom, dtuf: { mediaType: ociManifestType } } };
  }

  /** Whether the manifest under a tag keeps a blob from garbage collection. */
  async #lists(tag: string, digest: Digest, signal: AbortSignal | undefined): Promise<boolean> {
    const present = await this.#repository.manifests.fetch(tag, signal ? { signal } : {});
    if (present === undefined || present === 'unchanged') return false;
    try {
      return parseImageManifest(present.bytes, this.#limits).layers.some((layer) => layer.digest === digest);
    } catch (error) {
      // Something else that keeps nothing of ours: it is replaced.
      if (hasCode(error, 'NOT_A_REPOSITORY', 'REGISTRY_FAILED')) return false;
      throw error;
    }
  }

  /** Tags a manifest, and looks whether it is there: what it names is lost at the next garbage collection if it is not. */
  async #keep(tag: string, manifest: Bytes, signal: AbortSignal | undefined): Promise<void> {
    await pushManifest(this.#repository.manifests, tag, manifest, ociManifestType, signal ? { signal } : {});
    if ((await this.#repository.manifests.fetch(tag, signal ? { signal } : {})) !== undefined) return;
    // A caching registry that has lost it takes it and stores nothing (distribution 2.8); as a blob it is stored.
    await pushBytes(this.#repository, ociManifestType, manifest, undefined, signal);
    await pushManifest(this.#repository.manifests, tag, manifest, ociManifestType, signal ? { signal } : {});
  }

  async published(signal?: AbortSignal): Promise<Published | undefined> {
    const manifest = await this.#repository.manifests.fetch(BUNDLE_TAG, signal ? { signal } : {});
    this.#present = typeof manifest === 'object' ? manifest.digest : undefined;
    if (manifest === undefined || manifest === 'unchanged') return undefined;
    const { bytes, digest: state } = manifest;
    return {
      source: nativeBundle(this.#repository, manifest, this.#limits, signal),
      state,
      keepAs: async (version) => {
        await pushManifest(
          this.#repository.manifests,
          `${version}.${BUNDLE_TAG}`,
          bytes,
          ociManifestType,
          signal ? { signal } : {},
        );
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

  async upload(files: BundleFiles, call: Call): Promise<void> {
    await pushBytes(this.#repository, emptyType, emptyBytes, undefined, call.signal);
    await pushFiles(this.#repository, METADATA_LAYER, files, call);
  }

  async switchTo(version: number, files: BundleFiles, { signal }: Call): Promise<string> {
    const bundle = await writeBundle(files);
    const options = signal ? { signal } : {};
    // Where an answer gets lost, neither tag is written again over what another publisher has put there meanwhile.
    const state = await pushManifest(this.#repository.manifests, BUNDLE_TAG, bundle, ociManifestType, {
      ...options,
      replaces: { digest: this.#present },
    });
    // The numbered tag keeps this state whole for clients on their way when the next one takes its place. It comes last:
    // whoever finds another's state under it knows that its own was overwritten (docs/adr).
    await pushManifest(this.#repository.manifests, `${version}.${BUNDLE_TAG}`, bundle, ociManifestType, {
      ...options,
      replaces: { digest: undefined },
    });
    return state;
  }
}
