// The data of a target, in memory.
import { forEachChunk } from '../content/read-all.ts';
import { tooLong, verifyBytes } from '../content/verify.ts';
import { late } from '../late.ts';
import type { Part } from '../layout/layout.ts';
import type { Limits } from '../limits.ts';
import type { Call } from '../options.ts';
import type { Bytes, Digester, Files } from '../ports.ts';
import { throwIfAborted } from '../registry/throw-if-aborted.ts';
import type { Check } from '../tuf/check.ts';
import { ofTarget } from './target-failure.ts';

/** In bytes: what is hashed at once. Of more than that Firefox makes its copy for longer than a page may stand still. */
const AT_ONCE = 16 * 1024 * 1024;

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

/** The parts in memory, one after the other and wholly verified. */
export async function collectParts(
  { name, parts, total }: Parts,
  { digester }: Reading,
  { onProgress, signal }: Call,
): Promise<Bytes> {
  const bytes = new Uint8Array(total);
  let received = 0;
  for (const part of parts) {
    const { expected } = part;
    const place = bytes.subarray(received, received + part.length);
    let at = 0;
    const keep = (chunk: Uint8Array): void => {
      throwIfAborted(signal);
      // Before it is kept: the next part begins there.
      if (at + chunk.length > place.length) throw tooLong(name, expected);
      place.set(chunk, at);
      at += chunk.length;
      received += chunk.length;
      onProgress?.({ target: name, received, total, phase: 'fetch' });
    };
    await ofTarget(name, async () => {
      if (part.length > AT_ONCE) {
        // Before anything is asked for: nobody would read it where the part cannot be loaded.
        const { verifyStream } = await late(import('../content/verify-stream.ts'));
        return verifyStream(await part.open(signal), expected, digester, name, keep);
      }
      await forEachChunk(await part.open(signal), keep);
      await verifyBytes(place.subarray(0, at), expected, name);
    });
  }
  return bytes;
}
