import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { folderStorage } from '../../adapters/registry/folder.ts';
import {
  type EmbeddedRegistry,
  type EmbeddedRegistryOptions,
  embeddedRegistry,
  memoryStorage,
  type RegistryStorage,
} from '../../adapters/registry/index.ts';

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';

/** A folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'dtuf-registry-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every claim about the handler is made for both. */
export const storages: readonly [string, () => RegistryStorage][] = [
  ['memory', () => memoryStorage()],
  ['folder', () => folderStorage(join(temporaryFolder(), 'registry'))],
];

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

export function bytes(length: number, seed = 1): Uint8Array<ArrayBuffer> {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** Speaks to one repository of a registry. */
export class Repository {
  readonly registry: EmbeddedRegistry;
  readonly name: string;

  constructor(registry: EmbeddedRegistry, name = 'fred/demo') {
    this.registry = registry;
    this.name = name;
  }

  ask(path: string, init?: RequestInit): Promise<Response> {
    return this.registry.fetch(`http://localhost/v2/${this.name}/${path}`, init);
  }

  follow(response: Response, init?: RequestInit, query = ''): Promise<Response> {
    return this.registry.fetch(`http://localhost${response.headers.get('location')}${query}`, init);
  }

  begin(): Promise<Response> {
    return this.ask('blobs/uploads/', { method: 'POST' });
  }

  /** POST and PUT. */
  async put(body: BodyInit, digest: string): Promise<Response> {
    const begun = await this.begin();
    return begun.ok ? this.follow(begun, { method: 'PUT', body }, `?digest=${digest}`) : begun;
  }

  async pushBlob(content: Uint8Array<ArrayBuffer> | string): Promise<string> {
    const digest = sha256(content);
    const response = await this.put(content, digest);
    if (response.status !== 201) throw new Error(`blob: ${response.status} ${await response.text()}`);
    return digest;
  }

  putManifest(reference: string, text: string, mediaType = ociManifest): Promise<Response> {
    return this.ask(`manifests/${reference}`, {
      method: 'PUT',
      body: text,
      headers: { 'Content-Type': mediaType },
    });
  }

  /** An image of one layer, tagged. @returns its text. */
  async pushImage(tag: string, layer: string): Promise<string> {
    const text = await this.imageText(layer);
    const response = await this.putManifest(tag, text);
    if (response.status !== 201) throw new Error(`manifest: ${response.status} ${await response.text()}`);
    return text;
  }

  /** The manifest of an image whose blobs are there. */
  async imageText(layer: string): Promise<string> {
    const config = '{}';
    return JSON.stringify({
      schemaVersion: 2,
      mediaType: ociManifest,
      config: descriptor('application/vnd.oci.empty.v1+json', config, await this.pushBlob(config)),
      layers: [descriptor('application/octet-stream', layer, await this.pushBlob(layer))],
    });
  }
}

export function descriptor(mediaType: string, content: string, digest = sha256(content)) {
  return { mediaType, digest, size: new TextEncoder().encode(content).length };
}

export function repository(storage: RegistryStorage, options: EmbeddedRegistryOptions = {}): Repository {
  return new Repository(embeddedRegistry({ ...options, storage }));
}

export async function errorCode(response: Response): Promise<string> {
  const body: unknown = await response.json();
  return JSON.stringify(body).match(/"code":"([A-Z_]+)"/)?.[1] ?? '';
}

/** A body that gives `parts` and then breaks off. */
export function brokenBody(...parts: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      const part = parts.shift();
      if (part) controller.enqueue(part);
      else controller.error(new Error('the source broke'));
    },
  });
}
