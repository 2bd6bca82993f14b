// What was downloaded, so that a refresh can tell what changed since.

import type { JsonObject } from '../json.ts';
import type { Store } from '../ports.ts';
import { fileInfo } from '../tuf/file-info.ts';
import type { TargetFile } from '../tuf/targets.ts';
import { readNotes } from './notes.ts';

export const PULLED = 'repository/pulled.json';
/** python-dtuf keeps the list of blobs of each target here that it downloaded. */
export const PYTHONS = 'repository/targets/';

/** By target name, fingerprints of what was signed of it when it was downloaded, by us or by python-dtuf. */
export async function readPulled(store: Store): Promise<ReadonlyMap<string, readonly string[]>> {
  const stored = (await store.read([PULLED])).get(PULLED);
  const pulled = new Map<string, string[]>();
  for (const [name, print] of toMap(readNotes(stored?.bytes, PULLED))) pulled.set(name, [print]);
  for (const [path, { bytes }] of await store.read(await store.list(PYTHONS))) {
    const name = path.slice(PYTHONS.length);
    pulled.set(name, [...(pulled.get(name) ?? []), fingerprint(await fileInfo(bytes))]);
  }
  return pulled;
}

/** What we noted ourselves. */
export function toMap(notes: JsonObject): Map<string, string> {
  return new Map(
    Object.entries(notes).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}

/** The same for two entries that name the same bytes. */
export function fingerprint({ length, hashes }: TargetFile): string {
  return JSON.stringify([length, Object.entries(hashes).sort(([a], [b]) => (a < b ? -1 : 1))]);
}
