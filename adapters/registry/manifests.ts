/** end-3, end-7, end-9: manifests are read, stored byte for byte, and deleted. */
import { accepts } from './accept.ts';
import { answer, refuse } from './answer.ts';
import { entityTag, isUnchanged } from './conditional.ts';
import { isIndexType, isManifestType, parseReferences, type References } from './descriptors.ts';
import { algorithmOf, type Digest, digestOf, isDigest } from './digest.ts';
import { readManifest } from './manifest-bytes.ts';
import { type Asked, readBody } from './request.ts';
import type { ImageIndex, IndexEntry, RegistryStorage } from './storage.ts';
import { findDigest, findTag, withManifest, withoutDigest, withoutTag } from './tags.ts';

/** What an index of another tool may hold, in levels, before its manifests are not looked for any more. */
const deepest = 4;

export async function getManifest(
  storage: RegistryStorage,
  asked: Asked,
  repository: string,
  reference: string,
  limit: number,
): Promise<Response> {
  const index = await storage.readIndex(repository);
  if (!index) return refuse(404, 'NAME_UNKNOWN', `there is no repository ${repository}`);
  const entry = await find(storage, repository, index, reference, limit);
  if (!entry || !isDigest(entry.digest) || !isManifestType(entry.mediaType)) return unknown(reference);
  const size = await storage.blobSize(repository, entry.digest);
  if (size === undefined) return unknown(reference);
  if (!accepts(asked.headers.get('accept'), entry.mediaType)) {
    return refuse(
      404,
      'MANIFEST_UNKNOWN',
      `${reference} is there as ${entry.mediaType}, which Accept leaves out`,
    );
  }
  const headers = {
    'Docker-Content-Digest': entry.digest,
    ETag: entityTag(entry.digest),
    'Content-Type': entry.mediaType,
    // What is under a tag, and which type is there, depends on the moment and on Accept.
    Vary: 'Accept',
  };
  if (isUnchanged(asked.headers.get('if-none-match'), entry.digest)) return answer(304, headers);
  const body = storage.openBlob(repository, entry.digest, { start: 0, end: size });
  return answer(200, { ...headers, 'Content-Length': String(size) }, body);
}

export async function putManifest(
  storage: RegistryStorage,
  asked: Asked,
  repository: string,
  reference: string,
  limit: number,
): Promise<Response> {
  const mediaType = (asked.headers.get('content-type') ?? '').split(';')[0]?.trim() ?? '';
  if (!isManifestType(mediaType)) return invalid(`its Content-Type ${mediaType} is none of a manifest`);
  const bytes = await readBody(asked, limit);
  if (!bytes) return refuse(413, 'SIZE_INVALID', `a manifest has at most ${limit} bytes`);
  const digest = digestOf(bytes, isDigest(reference) ? algorithmOf(reference) : 'sha256');
  if (isDigest(reference) && reference !== digest) {
    return refuse(400, 'DIGEST_INVALID', `the manifest has the digest ${digest}`);
  }
  const references = parseReferences(bytes, mediaType);
  if (typeof references === 'string') return invalid(references);
  const { artifactType, subject } = references;
  const entry = {
    mediaType,
    digest,
    size: bytes.length,
    ...(artifactType !== undefined && { artifactType }),
  };
  let missing: string | undefined;
  await storage.updateIndex(repository, async (index) => {
    missing = await findMissing(storage, repository, index, references);
    if (missing !== undefined) return undefined;
    await writeBlob(storage, repository, bytes, digest);
    return withManifest(index, entry, isDigest(reference) ? undefined : reference);
  });
  if (missing !== undefined) {
    return refuse(
      400,
      'MANIFEST_BLOB_UNKNOWN',
      `the manifest names ${missing}, which is not in ${repository}`,
    );
  }
  return answer(201, {
    Location: `/v2/${repository}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    // Tells the client that it need not keep a list of referrers itself ("Pushing Manifests with Subject").
    ...(subject !== undefined && { 'OCI-Subject': subject }),
  });
}

/** By digest with all its tags; by tag the tag alone. The bytes stay: a blob of the same digest may be wanted. */
export async function deleteManifest(
  storage: RegistryStorage,
  repository: string,
  reference: string,
): Promise<Response> {
  if (!(await storage.readIndex(repository))) {
    return refuse(404, 'NAME_UNKNOWN', `there is no repository ${repository}`);
  }
  let found = false;
  await storage.updateIndex(repository, async (index) => {
    const next = isDigest(reference) ? withoutDigest(index, reference) : withoutTag(index, reference);
    found = next !== undefined;
    return next;
  });
  return found ? answer(202) : unknown(reference);
}

async function find(
  storage: RegistryStorage,
  repository: string,
  index: ImageIndex,
  reference: string,
  limit: number,
): Promise<Pick<IndexEntry, 'mediaType' | 'digest'> | undefined> {
  if (!isDigest(reference)) return findTag(index, reference);
  return findDigest(index, reference) ?? findChild(storage, repository, index, reference, limit);
}

/** Other tools list a multi-platform image in `index.json`, but not the manifests that its index names. */
async function findChild(
  storage: RegistryStorage,
  repository: string,
  index: ImageIndex,
  digest: Digest,
  limit: number,
): Promise<Pick<IndexEntry, 'mediaType' | 'digest'> | undefined> {
  const seen = new Set<string>();
  let level: readonly Pick<IndexEntry, 'mediaType' | 'digest'>[] = index.manifests;
  for (let depth = 0; depth < deepest; depth++) {
    const children = [];
    for (const entry of level) {
      if (!isIndexType(entry.mediaType) || !isDigest(entry.digest) || seen.has(entry.digest)) continue;
      seen.add(entry.digest);
      children.push(...(await childrenOf(storage, repository, entry.digest, entry.mediaType, limit)));
    }
    const found = children.find((child) => child.digest === digest);
    if (found) return found;
    level = children;
  }
  return undefined;
}

async function childrenOf(
  storage: RegistryStorage,
  repository: string,
  digest: Digest,
  mediaType: string,
  limit: number,
): Promise<References['manifests']> {
  const bytes = await readManifest(storage, repository, { digest }, limit);
  const references = bytes && parseReferences(bytes, mediaType);
  return typeof references === 'object' ? references.manifests : [];
}

async function findMissing(
  storage: RegistryStorage,
  repository: string,
  index: ImageIndex,
  references: References,
): Promise<string | undefined> {
  const listed = new Set(index.manifests.map(({ digest }) => digest));
  const manifest = references.manifests.find(({ digest }) => !listed.has(digest));
  if (manifest) return manifest.digest;
  for (const { digest } of references.blobs) {
    if (!isDigest(digest) || (await storage.blobSize(repository, digest)) === undefined) return digest;
  }
  return undefined;
}

async function writeBlob(
  storage: RegistryStorage,
  repository: string,
  bytes: Uint8Array,
  digest: Digest,
): Promise<void> {
  const writer = await storage.createBlob(repository);
  try {
    await writer.write(bytes);
    await writer.commit(digest);
  } finally {
    await writer.discard();
  }
}

function unknown(reference: string): Response {
  return refuse(404, 'MANIFEST_UNKNOWN', `there is no manifest ${reference}`);
}

function invalid(why: string): Response {
  return refuse(400, 'MANIFEST_INVALID', `the manifest is not taken: ${why}`);
}
