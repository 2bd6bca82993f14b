import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { Limits } from '../../src/limits.ts';
import type { Bytes } from '../../src/ports.ts';
import { describe as descriptorOf } from '../../src/registry/describe.ts';
import type { Digest } from '../../src/registry/digest.ts';
import { ociIndexType, ociManifestType } from '../../src/registry/manifest.ts';
import { pushBlob } from '../../src/registry/push-blob.ts';
import { pushManifest } from '../../src/registry/push-manifest.ts';
import { Registry, type RegistryOptions, type Repository } from '../../src/registry/registry.ts';
import { writeManifest } from '../../src/registry/write-manifest.ts';
import { blobOf, noise } from './content.ts';
import { type DockerRegistry, startDockerRegistry } from './docker-registry.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { pushImage } from './suite.ts';

/** Paths for the rules of the proxy. */
export const blobPath = /\/blobs\/sha256:/;
export const manifestPath = /\/manifests\//;

/** No test waits for a retry longer than this. */
export const quick: Partial<Limits> = { retryAfter: 10 };

export interface Blob {
  readonly digest: Digest;
  readonly size: number;
  readonly bytes: Bytes;
}

/** A real registry behind a proxy that can be told to fail, with a few things in its repository `faults`. */
export interface FaultyRegistry {
  readonly docker: DockerRegistry;
  readonly proxy: FaultProxy;
  /** 5 MB */
  readonly large: Blob;
  /** 1000 bytes */
  readonly small: Blob;
  /** An image manifest, under the tag `latest`. The tag `index` names an index of it. */
  readonly image: Bytes;
}

/** Starts one for the tests around the call; what it returns is filled in before the first of them. */
export function faultyRegistry(): FaultyRegistry {
  const at: { -readonly [K in keyof FaultyRegistry]?: FaultyRegistry[K] } = {};
  beforeAll(async () => {
    at.docker = await startDockerRegistry();
    at.proxy = await startFaultProxy(at.docker.url);
    const repository = new Registry({ place: at.docker.host }).repository('faults');
    at.large = await blobOf(noise(5_000_000));
    at.small = await blobOf(noise(1000, 2));
    for (const blob of [at.large, at.small]) await pushBlob(repository.blobs, blob, blob.bytes);
    at.image = (await pushImage(repository, noise(100, 3))).bytes;
    await pushManifest(repository.manifests, 'latest', at.image, ociManifestType);
    const child = await descriptorOf(ociManifestType, at.image);
    const index = writeManifest({ schemaVersion: 2, mediaType: ociIndexType, manifests: [child] });
    await pushManifest(repository.manifests, 'index', index, ociIndexType);
  });
  afterAll(async () => {
    await at.proxy?.stop();
    await at.docker?.stop();
  });
  beforeEach(() => at.proxy?.reset());
  const started = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the registry has not been started yet');
    return value;
  };
  return {
    get docker() {
      return started(at.docker);
    },
    get proxy() {
      return started(at.proxy);
    },
    get large() {
      return started(at.large);
    },
    get small() {
      return started(at.small);
    },
    get image() {
      return started(at.image);
    },
  };
}

/** The client of the repository `faults`, through the proxy. */
export function repositoryThrough(
  proxy: FaultProxy,
  limits: Partial<Limits> = {},
  options: Partial<RegistryOptions> = {},
): Repository {
  return new Registry({ place: proxy.host, limits: { ...quick, ...limits }, ...options }).repository(
    'faults',
  );
}
