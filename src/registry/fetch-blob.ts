// Fetches blobs (distribution-spec v1.1, "Pulling blobs").
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { BlobName, BlobPart, Blobs } from './blobs.ts';
import { digestOf } from './digest.ts';
import { type Bytewise, openSpan, streamOut } from './span.ts';

/** See {@link Blobs.fetch}. */
export async function fetchBlob(blobs: Blobs, blob: BlobName, signal?: AbortSignal): Promise<Bytes> {
  const { memory } = blobs.transport.limits;
  if (blob.size > memory) {
    throw new DTufError(
      'TOO_LARGE',
      'The blob is larger than what is held in memory at once (limits.memory).',
      {
        expected: `at most ${memory} bytes`,
        got: `${blob.size} bytes`,
      },
    );
  }
  const download = await begin(blobs, blob, 0, blob.size, signal);
  const bytes = new Uint8Array(blob.size);
  let at = 0;
  for (let chunk = await download.next(); chunk; chunk = await download.next()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  const got = await digestOf(bytes);
  if (got === blob.digest) return bytes;
  throw new DTufError('DIGEST_MISMATCH', 'The registry sent other bytes than the ones that were asked for.', {
    expected: blob.digest,
    got,
  });
}

/** See {@link Blobs.openUnverified}. */
export async function openBlob(
  blobs: Blobs,
  blob: BlobName,
  options: BlobPart,
): Promise<ReadableStream<Uint8Array>> {
  const { start = 0, end = blob.size, signal } = options;
  if (
    !(
      Number.isSafeInteger(start) &&
      Number.isSafeInteger(end) &&
      0 <= start &&
      start <= end &&
      end <= blob.size
    )
  ) {
    throw new DTufError('INVALID_ARGUMENT', 'A range lies within the blob.', {
      expected: `0 <= start <= end <= ${blob.size}`,
      got: `${start} to ${end}`,
    });
  }
  if (start === end && blob.size > 0)
    return new ReadableStream({ start: (controller) => controller.close() });
  return streamOut(await begin(blobs, blob, start, end, signal));
}

function begin(
  blobs: Blobs,
  { digest, size }: BlobName,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Bytewise> {
  const { method: _, ...call } = blobs.call(digest, `to fetch the blob ${digest}`, signal);
  return openSpan(blobs.transport, { digest, size, start, end }, call);
}
