// Targets as streams, which begin after the whole was verified, but where the caller asked otherwise.
import { forEachChunk, streamOf } from '../content/read-all.ts';
import { writtenStream } from '../content/written-stream.ts';
import { DTufError } from '../errors.ts';
import type { Call } from '../options.ts';
import type { Bytes } from '../ports.ts';
import { collectParts, type Parts, partsOf, type Reading } from './reading.ts';
import type { TargetStream, VerifiedPart } from './verified-target.ts';
import { verifyParts } from './verify-parts.ts';

export async function streamTarget(
  name: string,
  reading: Reading,
  { unverified, ...call }: Call & { unverified?: true },
): Promise<TargetStream> {
  const parts = await partsOf(name, reading, call.signal);
  if (unverified === true) {
    const passed = writtenStream((write) => verifyParts(parts, reading, call, 'fetch', write));
    return Object.assign(passed, { verified: 'none' as const });
  }
  const stream = await spooled(parts, reading, call, reading.onPulled);
  return Object.assign(stream, { verified: 'whole' as const });
}

/** Without a chunk index only the whole can be verified. */
export async function sliceTarget(
  name: string,
  reading: Reading,
  start: number,
  end: number,
  call: Call,
): Promise<Bytes> {
  const parts = await partsOf(name, reading, call.signal);
  const { memory } = reading.limits;
  const isWithin = start >= 0 && end >= start && end <= parts.total;
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || !isWithin) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      `a slice of ${name} lies within 0 to ${parts.total}; ${start} to ${end} was asked for`,
      { target: name },
    );
  }
  if (end - start > memory) {
    throw new DTufError(
      'TOO_LARGE',
      `a slice of ${end - start} bytes is more than the ${memory} that are held in memory`,
      { target: name },
    );
  }
  const slice = new Uint8Array(end - start);
  let at = 0;
  await forEachChunk(await spooled(parts, reading, call), (chunk) => {
    const wanted = chunk.subarray(Math.max(0, start - at), Math.max(0, end - at));
    if (wanted.length > 0) slice.set(wanted, Math.max(0, at - start));
    at += chunk.length;
  });
  return slice;
}

export async function* streamParts(name: string, reading: Reading): AsyncIterable<VerifiedPart> {
  const { parts } = await partsOf(name, reading);
  const left = new Set(parts);
  for (const part of parts) {
    const { digest, length } = part;
    const stream = async (call: Call = {}) =>
      spooled({ name, parts: [part], total: length }, reading, call, async () => {
        if (left.delete(part) && left.size === 0) await reading.onPulled();
      });
    yield { digest, length, stream };
  }
}

/** The parts as one stream that begins only after all of them were verified, and `then` has ended. */
async function spooled(
  parts: Parts,
  reading: Reading,
  call: Call,
  then: () => Promise<void> = async () => undefined,
): Promise<ReadableStream<Uint8Array>> {
  const { files, limits } = reading;
  const { name, total } = parts;
  if (total <= limits.unspooled || (files === undefined && total <= limits.memory)) {
    const bytes = await collectParts(parts, reading, call);
    await then();
    return streamOf(bytes);
  }
  if (files === undefined) {
    throw new DTufError(
      'TOO_LARGE',
      `${name} has ${total} bytes and there is no place here to keep it until it is verified`,
      { target: name },
    );
  }
  const spool = await files.spool(total);
  try {
    await verifyParts(parts, reading, call, 'fetch', (chunk) => spool.write(chunk));
    await then();
    return await spool.read();
  } catch (error) {
    await spool.discard();
    throw error;
  }
}
