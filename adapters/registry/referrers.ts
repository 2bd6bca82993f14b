/** end-12: the manifests that are about another one (distribution-spec, "Listing Referrers"). */
import { json, refuse } from './answer.ts';
import { parseReferrer } from './descriptors.ts';
import { digestGrammar, isDigest } from './digest.ts';
import { readManifest } from './manifest-bytes.ts';
import type { Asked } from './request.ts';
import { emptyIndex, type ImageIndex, type IndexEntry, type RegistryStorage } from './storage.ts';

/**
 * What is about a manifest is looked up in the manifests themselves: other tools that write into an image layout
 * keep no list of it either. A page ends where it has more than `limit` bytes.
 */
export async function getReferrers(
  storage: RegistryStorage,
  asked: Asked,
  repository: string,
  subject: string,
  limit: number,
): Promise<Response> {
  if (!isDigest(subject)) return refuse(400, 'DIGEST_INVALID', digestGrammar);
  const type = asked.query.get('artifactType');
  const last = asked.query.get('last') ?? '';
  const page: IndexEntry[] = [];
  let size = 0;
  // A subject that nobody is about, or that is not there, is no error: the list is empty.
  const index = (await storage.readIndex(repository)) ?? emptyIndex;
  for (const entry of distinct(index).filter(({ digest }) => digest > last)) {
    const bytes = await readManifest(storage, repository, entry, limit);
    const referrer = bytes && parseReferrer(bytes, entry, subject);
    if (!referrer || (type !== null && referrer.artifactType !== type)) continue;
    page.push(referrer);
    size += JSON.stringify(referrer).length;
    if (size > limit) break;
  }
  const filtered: Record<string, string> = type === null ? {} : { 'OCI-Filters-Applied': 'artifactType' };
  const next = size > limit ? page.at(-1)?.digest : undefined;
  return json(
    200,
    { ...emptyIndex, manifests: page },
    {
      'Content-Type': 'application/vnd.oci.image.index.v1+json',
      ...filtered,
      ...(next !== undefined && { Link: `<${asked.path}?${query(next, type)}>; rel="next"` }),
    },
  );
}

/** In the order of the digests, so that a page can say where it ended. One with several tags is listed once. */
function distinct(index: ImageIndex): IndexEntry[] {
  const entries = new Map(index.manifests.map((entry) => [entry.digest, entry] as const));
  return [...entries.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

function query(last: string, type: string | null): URLSearchParams {
  return new URLSearchParams({ last, ...(type !== null && { artifactType: type }) });
}
