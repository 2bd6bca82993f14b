import { forEachChunk } from '../content/read-all.ts';
import { verifyStream } from '../content/verify.ts';
import { writtenStream } from '../content/written-stream.ts';
import type { Part } from '../layout/layout.ts';
import type { Limits } from '../limits.ts';
import type { Call, Progress } from '../options.ts';
import type { Bytes, Digester, Files } from '../ports.ts';
import { throwIfAborted } from '../registry/errors.ts';
import type { Check } from '../tuf/check.ts';
import { ofTarget } from './target-failure.ts';

/** What a target is read from. */
export interface Reading {
  readonly explain: readonly Check[];
  readonly parts: (signal?: AbortSignal) => Promise<readonly Part[]>;
  readonly files: Files | undefined;
  readonly limits: Limits;
  readonly digester: Digester;
  /** Called once the whole was verified. */
  readonly onPulled: () => Promise<void>;
}

type Write = (chunk: Uint8Array) => void | Promise<void>;

/** The parts of the target `name` in order, and their length in bytes together. */
export interface Parts {
  readonly name: string;
  readonly parts: readonly Part[];
  readonly total: number;
}

export async function partsOf(name: string, { parts }: Reading, signal?: AbortSignal): Promise<Parts> {
  const found = await parts(signal);
  return { name, parts: found, total: found.reduce((total, { length }) => total + length, 0) };
}

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

/** The parts in memory, wholly verified. */
export async function collectParts(parts: Parts, reading: Reading, call: Call): Promise<Bytes> {
  const bytes = new Uint8Array(parts.total);
  let at = 0;
  await verifyParts(parts, reading, call, 'fetch', (chunk) => {
    bytes.set(chunk, at);
    at += chunk.length;
  });
  return bytes;
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
