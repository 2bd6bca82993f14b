import { open } from 'node:fs/promises';
import { DTufError } from '../../src/errors.ts';
import { defaultLimits } from '../../src/limits.ts';

/**
 * Reads a root public key (PEM) or a root.json.
 *
 * @param source the path of a file, or `-` for standard input.
 * @throws DTufError INVALID_ARGUMENT where it cannot be read, is empty or too large to be one.
 */
export async function readRootKey(source: string): Promise<Uint8Array> {
  const name = source === '-' ? 'standard input' : source;
  try {
    const bytes = source === '-' ? await collect(process.stdin) : await readStart(source);
    if (bytes.length > 0 && bytes.length <= defaultLimits.root) return bytes;
    throw new DTufError(
      'INVALID_ARGUMENT',
      `${name} is ${bytes.length === 0 ? 'empty' : 'too large'}: expected a root public key (PEM) or a root.json`,
    );
  } catch (cause) {
    if (cause instanceof DTufError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DTufError('INVALID_ARGUMENT', `cannot read the root key from ${name}: ${why}`, { cause });
  }
}

// One byte more than is allowed tells that there is too much, and is all that is read of an endless file.
const most = defaultLimits.root + 1;

async function readStart(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    return await collect(file.createReadStream({ end: most - 1 }));
  } finally {
    await file.close();
  }
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= most) break;
  }
  return Buffer.concat(chunks);
}
