// Data against the length and hashes that are signed of it (TUF 1.0.34, 5.7.2).
import { toHex } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import type { Digester, Hash, HashAlgorithm } from '../ports.ts';
import { forEachChunk } from './read-all.ts';

/** What is signed of a file: all of it has to match. */
export interface Expected {
  /** In bytes. */
  readonly length: number;
  /** Lower-case hex; at least one. */
  readonly hashes: readonly (readonly [HashAlgorithm, string])[];
}

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
  const hashes = await createHashes(expected, digester);
  let length = 0;
  await forEachChunk(stream, async (chunk) => {
    length += chunk.length;
    if (length > expected.length) throw targetMismatch(target, 'length', `${expected.length} bytes`, 'more');
    for (const { hash } of hashes) await hash.update(chunk);
    await write(chunk);
  });
  if (length !== expected.length)
    throw targetMismatch(target, 'length', `${expected.length} bytes`, `${length}`);
  for (const { algorithm, hex, hash } of hashes) {
    const got = toHex(await hash.digest());
    if (got !== hex) throw targetMismatch(target, algorithm, hex, got);
  }
}

async function createHashes(
  expected: Expected,
  digester: Digester,
): Promise<{ algorithm: HashAlgorithm; hex: string; hash: Hash }[]> {
  if (expected.hashes.length === 0) throw new Error('without a hash nothing can be verified');
  return Promise.all(
    expected.hashes.map(async ([algorithm, hex]) => ({
      algorithm,
      hex,
      hash: await digester.create(algorithm),
    })),
  );
}

/** The refusal of data that is not what was signed. */
export function targetMismatch(target: string, what: string, expected: string, got: string): DTufError {
  const message = `${target} is not what was signed and was refused: ${what} ${expected} was expected, ${got} came`;
  return new DTufError('TARGET_MISMATCH', message, { target, clause: '5.7.2', expected, got });
}
