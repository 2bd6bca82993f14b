// Fetches blobs (distribution-spec v1.1, "Pulling blobs").
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { BlobName, BlobRange } from './blob-name.ts';
import type { Call } from './call.ts';
import { digestOf } from './digest.ts';
import type { Bytewise } from './download.ts';
import { openSpan, streamOut } from './span.ts';
import type { Transport } from './transport.ts';

/** See `Blobs.fetch`. @param call of the blob. */
export async function fetchBlob(transport: Transport, call: Call, blob: BlobName): Promise<Bytes> {
  const { memory } = transport.limits;
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
  const download = await begin(transport, call, blob, 0, blob.size);
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

/** See `Blobs.openUnverified`. @param call of the blob. */
export async function openBlob(
  transport: Transport,
  call: Call,
  blob: BlobName,
  { start = 0, end = blob.size }: BlobRange,
): Promise<ReadableStream<Uint8Array>> {
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
  return streamOut(await begin(transport, call, blob, start, end));
}

function begin(
  transport: Transport,
  { method: _, ...call }: Call,
  { digest, size }: BlobName,
  start: number,
  end: number,
): Promise<Bytewise> {
  return openSpan(transport, { digest, size, start, end }, call);
}
