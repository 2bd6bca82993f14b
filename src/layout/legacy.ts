// Reads python-dtuf's layout: a tag for each metadata file, and targets that are JSON lists of blobs.

import { readAll } from '../content/read-all.ts';
import { targetMismatch } from '../content/verify.ts';
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes } from '../ports.ts';
import { blobSize } from '../registry/blob-size.ts';
import type { Repository } from '../registry/registry.ts';
import { knownHashes, matchFile } from '../tuf/file-info.ts';
import { parseRoot } from '../tuf/root.ts';
import type { TargetFile } from '../tuf/targets.ts';
import { aliasedBlob, listedBlobs } from './docker-manifest.ts';
import type { MetadataSource, Part, RoleSource, TargetSource } from './layout.ts';
import { blobPart, bytesPart, sha256Digest } from './part.ts';
import { BUNDLE_TAG } from './strings.ts';
import { roleTag } from './tags.ts';

export class LegacyMetadata implements MetadataSource, RoleSource {
  readonly layout = 'legacy';
  readonly #repository: Repository;
  readonly #limits: Limits;
  readonly #signal: AbortSignal | undefined;

  constructor(repository: Repository, limits: Limits, signal?: AbortSignal) {
    this.#repository = repository;
    this.#limits = limits;
    this.#signal = signal;
  }

  root(version: number): Promise<Bytes | undefined> {
    return this.#file(`${version}.root.json`, this.#limits.root);
  }

  async *roots(): AsyncIterable<Bytes> {
    const newest = await this.#file('root.json', this.#limits.root);
    if (newest === undefined) {
      throw new DTufError(
        'NOT_A_REPOSITORY',
        `What came for ${this.#repository.name} is no TUF repository, neither of dtuf nor of python-dtuf (it has no root.json). Check its name, whether the network asks for a login first, and the layout where one was chosen (DTUF_LAYOUT)`,
        { role: 'root', expected: 'root.json' },
      );
    }
    yield newest;
    const { version } = parseRoot(newest).signed;
    for (let older = version - 1; older > 0 && version - older < this.#limits.rootRotations; older--) {
      // python-dtuf pushed only the roots that were current at a push: there may be gaps.
      const bytes = await this.root(older);
      if (bytes !== undefined) yield bytes;
    }
  }

  timestamp(): Promise<Bytes> {
    return this.#required(BUNDLE_TAG, this.#limits.timestamp);
  }

  snapshot(version: number, limit: number): Promise<Bytes> {
    return this.#required(`${version}.snapshot.json`, limit);
  }

  targets(version: number, limit: number): Promise<Bytes> {
    return this.#required(`${version}.targets.json`, limit);
  }

  async role(name: string, version: number, limit: number): Promise<Bytes> {
    return this.#required(await roleTag(version, name), limit, name);
  }

  async #required(tag: string, limit: number, role = tag.replace(/^\d+\.|\.json$/g, '')): Promise<Bytes> {
    const bytes = await this.#file(tag, limit);
    if (bytes !== undefined) return bytes;
    throw new DTufError(
      'METADATA_MISSING',
      `the repository ${this.#repository.name} has no ${tag}: nothing was published there, or its name is another`,
      {
        role,
        expected: tag,
      },
    );
  }

  async #file(tag: string, limit: number): Promise<Bytes | undefined> {
    const manifest = await this.#repository.manifests.fetch(
      tag,
      this.#signal ? { signal: this.#signal } : {},
    );
    if (manifest === undefined || manifest === 'unchanged') return undefined;
    const blob = aliasedBlob(manifest.bytes, tag, this.#limits);
    const size = blob.size ?? (await blobSize(this.#repository.blobs, blob.digest, this.#signal)) ?? 0;
    if (size > limit) {
      throw new DTufError(
        'LIMIT_EXCEEDED',
        `${tag} has ${size} bytes, more than the ${limit} that it may have`,
      );
    }
    return this.#repository.blobs.fetch({ digest: blob.digest, size }, this.#signal);
  }
}

/** A TUF target of python-dtuf is a small JSON manifest, kept as a blob; the blobs that it lists are the data. */
export class LegacyTargets implements TargetSource {
  readonly #repository: Repository;
  readonly #limits: Limits;

  constructor(repository: Repository, limits: Limits) {
    this.#repository = repository;
    this.#limits = limits;
  }

  async whole(name: string, file: TargetFile, signal?: AbortSignal): Promise<Part> {
    const expected = { length: file.length, hashes: knownHashes(file.hashes) };
    return bytesPart(sha256Digest(name, file), await this.list(name, file, signal), expected);
  }

  async parts(name: string, file: TargetFile, signal?: AbortSignal): Promise<readonly Part[]> {
    const list = await this.list(name, file, signal);
    return Promise.all(
      listedBlobs(list, name, this.#limits).map(async ({ digest, size }) => {
        // Schema 1 names no sizes: what the registry says is only a bound, the digest decides.
        const length = size ?? (await blobSize(this.#repository.blobs, digest, signal));
        if (length === undefined) throw missing(name, digest);
        return blobPart(this.#repository, digest, {
          length,
          hashes: [['sha256', digest.slice('sha256:'.length)]],
        });
      }),
    );
  }

  /** The verified list of blobs: the bytes that are signed. @throws DTufError NOT_FOUND, TARGET_MISMATCH, LIMIT_EXCEEDED */
  async list(name: string, file: TargetFile, signal?: AbortSignal): Promise<Bytes> {
    if (file.length > this.#limits.manifest) {
      throw new DTufError(
        'LIMIT_EXCEEDED',
        `${name} is a list of ${file.length} bytes, more than ${this.#limits.manifest}`,
        { target: name },
      );
    }
    const digest = sha256Digest(name, file);
    const stream = await this.#repository.blobs.openUnverified(
      { digest, size: file.length },
      signal ? { signal } : {},
    );
    const bytes = await readAll(stream, file.length, name);
    const difference = await matchFile(bytes, file);
    if (difference === undefined) return bytes;
    throw targetMismatch(name, difference.what, difference.expected, difference.got);
  }
}

function missing(name: string, digest: string): DTufError {
  return new DTufError('TARGET_MISSING', `the registry has lost ${digest}, a part of ${name}`, {
    target: name,
    expected: digest,
  });
}
