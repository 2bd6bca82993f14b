/** Tags as annotations of an image layout's index (image-spec, annotations.md): pure functions over the index. */
import { isTag } from './name.ts';
import type { ImageIndex, IndexEntry } from './storage.ts';

const refName = 'org.opencontainers.image.ref.name';

function tagOf(entry: IndexEntry): string | undefined {
  return entry.annotations?.[refName];
}

export function findTag(index: ImageIndex, tag: string): IndexEntry | undefined {
  return index.manifests.find((entry) => tagOf(entry) === tag);
}

export function findDigest(index: ImageIndex, digest: string): IndexEntry | undefined {
  return index.manifests.find((entry) => entry.digest === digest);
}

/** In code unit order. Names that other tools wrote and that are no tags (`docker.io/x:1`) are left out. */
export function listTags(index: ImageIndex): string[] {
  const tags = index.manifests.map(tagOf).filter((tag) => tag !== undefined && isTag(tag));
  return [...new Set(tags)].filter((tag) => tag !== undefined).sort();
}

/** Lists `entry`, under `tag` where there is one. What the tag named before stays reachable by its digest. */
export function withManifest(index: ImageIndex, entry: IndexEntry, tag: string | undefined): ImageIndex {
  if (tag === undefined) {
    return findDigest(index, entry.digest) ? index : { ...index, manifests: [...index.manifests, entry] };
  }
  const others = displace(index.manifests, tag).filter(
    (other) => other.digest !== entry.digest || tagOf(other) !== undefined,
  );
  return { ...index, manifests: [...others, { ...entry, annotations: { [refName]: tag } }] };
}

/** Undefined where there is no such tag. */
export function withoutTag(index: ImageIndex, tag: string): ImageIndex | undefined {
  return findTag(index, tag) && { ...index, manifests: displace(index.manifests, tag) };
}

/** Takes a manifest away with all its tags. Undefined where there is no such manifest. */
export function withoutDigest(index: ImageIndex, digest: string): ImageIndex | undefined {
  if (!findDigest(index, digest)) return undefined;
  return { ...index, manifests: index.manifests.filter((entry) => entry.digest !== digest) };
}

function displace(entries: readonly IndexEntry[], tag: string): IndexEntry[] {
  const others = entries.filter((entry) => tagOf(entry) !== tag);
  const displaced = entries.find((entry) => tagOf(entry) === tag);
  if (!displaced || others.some((entry) => entry.digest === displaced.digest)) return others;
  return [...others, untagged(displaced)];
}

function untagged(entry: IndexEntry): IndexEntry {
  const { annotations, ...rest } = entry;
  const kept = Object.entries(annotations ?? {}).filter(([key]) => key !== refName);
  return kept.length > 0 ? { ...rest, annotations: Object.fromEntries(kept) } : rest;
}
