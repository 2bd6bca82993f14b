// Data that passes by against what is signed of it (TUF 1.0.34, 5.7.2).
import { toHex } from '../encoding.ts';
import type { Digester } from '../ports.ts';
import { forEachChunk } from './read-all.ts';
import { checkHash, checkLength, type Expected, hashesOf, tooLong } from './verify.ts';

/**
 * Passes a stream on to `write` and throws at its end unless length and every hash are those expected. Whoever calls
 * this hands nothing out before it has returned.
 *
 * @param target names the data in errors.
 * @throws DTufError TARGET_MISMATCH; at the first byte too many, without reading on.
 */
export async function verifyStream(
  stream: ReadableStream<Uint8Array>,
  expected: Expected,
  digester: Digester,
  target: string,
  write: (chunk: Uint8Array) => void | Promise<void>,
): Promise<void> {
  const hashes = await Promise.all(
    hashesOf(expected).map(async ([algorithm, hex]) => ({
      algorithm,
      hex,
      hash: await digester.create(algorithm),
    })),
  );
  let length = 0;
  await forEachChunk(stream, async (chunk) => {
    length += chunk.length;
    if (length > expected.length) throw tooLong(target, expected);
    for (const { hash } of hashes) await hash.update(chunk);
    await write(chunk);
  });
  checkLength(target, expected, length);
  for (const { algorithm, hex, hash } of hashes) {
    checkHash(target, algorithm, hex, toHex(await hash.digest()));
  }
}
