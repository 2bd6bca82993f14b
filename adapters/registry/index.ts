/**
 * `dtuf/registry`: an OCI registry (distribution-spec 1.1) as a fetch handler, for a page, a worker, a test.
 *
 * @module
 */
import { Handler, type RegistryLimits } from './handler.ts';
import { memoryStorage } from './memory.ts';
import type { RegistryStorage } from './storage.ts';

export type { RegistryLimits } from './handler.ts';
export { memoryStorage } from './memory.ts';
export type { BlobWriter, ByteRange, ImageIndex, IndexEntry, RegistryStorage } from './storage.ts';

export interface EmbeddedRegistryOptions {
  /** Memory, where it is left out. */
  storage?: RegistryStorage;
  /** The origin whose pages may read (never write), or `*`. None, where it is left out. */
  allowOrigin?: string;
  /** Answers 405 to everything that would change something. */
  readOnly?: boolean;
  /** Whether manifests and blobs can be deleted: true, where it is left out. */
  deletes?: boolean;
  limits?: Partial<RegistryLimits>;
  /** Told of what failed inside and was answered with 5xx. */
  onError?: (error: unknown) => void;
}

/** Can be used as the `host` of DTufMaster and DTufCopy. */
export interface EmbeddedRegistry {
  /**
   * Takes what the global `fetch` takes; of the address the path and the query count.
   *
   * @throws DTufError ABORTED where the body of the request breaks off; the signal's reason where it is aborted.
   */
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
}

const defaultLimits: RegistryLimits = {
  manifest: 4 * 1024 * 1024,
  blob: 2 ** 40,
  uploads: 256,
};

/**
 * An OCI registry that runs where it is called: without a socket, a process or a port.
 *
 * @example
 * const registry = embeddedRegistry();
 * const response = await registry.fetch('http://localhost/v2/');
 */
export function embeddedRegistry(options: EmbeddedRegistryOptions = {}): EmbeddedRegistry {
  const handler = new Handler({
    storage: options.storage ?? memoryStorage(),
    allowOrigin: options.allowOrigin,
    readOnly: options.readOnly ?? false,
    deletes: options.deletes ?? true,
    limits: { ...defaultLimits, ...options.limits },
    onError: options.onError ?? (() => undefined),
  });
  return { fetch: (input, init) => handler.fetch(input, init) };
}
