// The data of a target that is too large to be held, as it passes by.
import { forEachChunk } from '../content/read-all.ts';
import { verifyStream } from '../content/verify-stream.ts';
import { writtenStream } from '../content/written-stream.ts';
import type { Part } from '../layout/layout.ts';
import type { Call, Progress } from '../options.ts';
import { throwIfAborted } from '../registry/throw-if-aborted.ts';
import type { Parts, Reading } from './reading.ts';
import { ofTarget } from './target-failure.ts';

type Write = (chunk: Uint8Array) => void | Promise<void>;

/**
 * Passes the parts to `write`, and throws unless all of them are what was signed.
 *
 * @param kept their beginning, which is verified again and not written.
 */
export async function verifyParts(
  { name, parts, total }: Parts,
  { digester }: Reading,
  { onProgress, signal }: Call,
  phase: Progress['phase'],
  write: Write,
  kept = new Blob(),
): Promise<void> {
  let received = 0;
  for (const part of parts) {
    const take: Write = async (chunk) => {
      throwIfAborted(signal);
      const isKept = received < kept.size;
      // Before it is written: a sink may take the chunk over.
      received += chunk.length;
      if (!isKept) await write(chunk);
      onProgress?.({ target: name, received, total, phase: isKept ? 'verify' : phase });
    };
    const beginning = kept.slice(received, received + part.length);
    await ofTarget(name, async () => {
      const stream = await openAfter(beginning, part, signal);
      await verifyStream(stream, part.expected, digester, name, take);
    });
  }
}

/** The part, its beginning from what is at hand. */
async function openAfter(
  beginning: Blob,
  part: Part,
  signal: AbortSignal | undefined,
): Promise<ReadableStream<Uint8Array>> {
  if (beginning.size === 0) return part.open(signal);
  return writtenStream(async (write) => {
    await forEachChunk(beginning.stream(), write);
    if (beginning.size < part.length) await forEachChunk(await part.open(signal, beginning.size), write);
  });
}
