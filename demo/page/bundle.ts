// The metadata of a release as a registry has it: one manifest with the files in it (docs/architecture.md).
import type { Bytes } from './dtuf.ts';
import { base, type Registry } from './world.ts';

interface Layer {
  readonly digest: string;
  readonly data?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const FILENAME = 'tuf.io/filename';

/** The files of a release by their names, as they came: nothing is verified here. */
export async function readBundle(
  { fetch }: Registry,
  repository: string,
  tag: string,
): Promise<ReadonlyMap<string, Bytes>> {
  const response = await fetch(new URL(`/v2/${repository}/manifests/${tag}`, base()), {
    headers: { Accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  return filesOf(await response.json());
}

export function filesOf(manifest: { readonly layers: readonly Layer[] }): ReadonlyMap<string, Bytes> {
  const files = new Map<string, Bytes>();
  for (const { annotations, data } of manifest.layers) {
    const name = annotations?.[FILENAME];
    // A story of two files is small enough that all of its metadata stands in the manifest.
    if (name !== undefined && data !== undefined) files.set(name, fromBase64(data));
  }
  return files;
}

/** The file of a role, whichever version of it a release has. */
export function fileOf(files: ReadonlyMap<string, Bytes>, role: string): { name: string; bytes: Bytes } {
  for (const [name, bytes] of files)
    if (name.replace(/^\d+\./, '') === `${role}.json`) return { name, bytes };
  throw new Error(`the release has no ${role}.json`);
}

/** A manifest with the given files in it, as an attacker makes one who knows the format. */
export async function forgeBundle(files: ReadonlyMap<string, Bytes>): Promise<Response> {
  const layers: unknown[] = [];
  for (const [name, bytes] of files) {
    layers.push({
      mediaType: 'application/vnd.tuf.metadata+json',
      digest: await digestOf(bytes),
      size: bytes.length,
      data: toBase64(bytes),
      annotations: { [FILENAME]: name },
    });
  }
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = {
    schemaVersion: 2,
    mediaType,
    artifactType: 'application/vnd.dtuf.metadata.v1',
    config: {
      mediaType: 'application/vnd.oci.empty.v1+json',
      digest: await digestOf(new TextEncoder().encode('{}')),
      size: 2,
    },
    layers,
  };
  return new Response(JSON.stringify(manifest), { headers: { 'Content-Type': mediaType } });
}

/** As OCI writes it. */
export async function digestOf(bytes: Bytes): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return `sha256:${[...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

function fromBase64(text: string): Bytes {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function toBase64(bytes: Bytes): string {
  return btoa(String.fromCharCode(...bytes));
}
