/** end-2, end-10: blobs are read, in whole or in part, and deleted. */
import { answer, refuse } from './answer.ts';
import { entityTag, isUnchanged, rangeApplies } from './conditional.ts';
import type { Digest } from './digest.ts';
import { parseRange } from './range.ts';
import type { Asked } from './request.ts';
import type { RegistryStorage } from './storage.ts';
import { findDigest } from './tags.ts';

/**
 * A manifest lies among the blobs in an image layout, so that it is served here too;
 * distribution answers 404 for it. Whoever asks for a digest gets the bytes that have it.
 */
export async function getBlob(
  storage: RegistryStorage,
  asked: Asked,
  repository: string,
  digest: Digest,
): Promise<Response> {
  const size = await storage.blobSize(repository, digest);
  if (size === undefined) return refuse(404, 'BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
  const headers = {
    'Docker-Content-Digest': digest,
    ETag: entityTag(digest),
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'max-age=31536000',
    'Content-Type': 'application/octet-stream',
  };
  if (isUnchanged(asked.headers.get('if-none-match'), digest)) return answer(304, headers);
  // RFC 9110, 14.2: a Range means something to GET only.
  const ranged = asked.method === 'GET' && rangeApplies(asked.headers.get('if-range'), digest);
  const range = ranged ? parseRange(asked.headers.get('range'), size) : undefined;
  if (range === 'unsatisfiable') {
    const text = `the blob ends at byte ${size}`;
    return refuse(416, 'SIZE_INVALID', text, { 'Content-Range': `bytes */${size}` });
  }
  const { start, end } = range ?? { start: 0, end: size };
  const part = range ? { 'Content-Range': `bytes ${start}-${end - 1}/${size}` } : {};
  const body = start === end ? null : storage.openBlob(repository, digest, { start, end });
  return answer(range ? 206 : 200, { ...headers, ...part, 'Content-Length': String(end - start) }, body);
}

/** A manifest is not deleted here: `index.json` would name what is not there. */
export async function deleteBlob(
  storage: RegistryStorage,
  repository: string,
  digest: Digest,
): Promise<Response> {
  if ((await storage.blobSize(repository, digest)) === undefined) {
    return refuse(404, 'BLOB_UNKNOWN', `${repository} has no blob ${digest}`);
  }
  let answered = answer(202, { 'Docker-Content-Digest': digest });
  // Under the index's lock: no manifest that names the blob is taken in at the same time.
  await storage.updateIndex(repository, async (index) => {
    if (findDigest(index, digest)) {
      answered = refuse(405, 'UNSUPPORTED', `${digest} is a manifest: delete it as one`, {
        Allow: 'GET, HEAD',
      });
    } else {
      await storage.deleteBlob(repository, digest);
    }
    return undefined;
  });
  return answered;
}
