import { DTufError, hasCode } from '../errors.ts';
import type { Blobs } from './blobs.ts';
import type { Digest } from './digest.ts';

/**
 * The size of a blob, in bytes, as the registry says.
 *
 * @returns undefined where it is not there.
 */
export async function blobSize(
  blobs: Blobs,
  digest: Digest,
  signal?: AbortSignal,
): Promise<number | undefined> {
  const { transport } = blobs;
  const headers = { 'Accept-Encoding': 'identity' };
  const call = { ...blobs.call(digest, `to look for the blob ${digest}`, signal), headers };
  const head = await transport.ask({ ...call, method: 'HEAD' }, 0);
  if (head.status === 404) return undefined;
  const size = head.status === 200 ? contentLength(head.headers) : undefined;
  if (size !== undefined) return size;
  // Storages that a registry redirects to often sign for GET only: a HEAD that failed says nothing.
  try {
    const { headers: got, body } = await transport.open({ ...call, cache: 'no-store' });
    body.cancel();
    const length = contentLength(got);
    if (length !== undefined) return length;
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
  throw new DTufError('REGISTRY_FAILED', `The registry does not tell the size of the blob ${digest}.`, {
    expected: 'Content-Length',
  });
}

function contentLength(headers: Headers): number | undefined {
  const text = headers.get('content-length');
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
