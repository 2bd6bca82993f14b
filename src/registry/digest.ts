import { digestHex } from '../digest-hex.ts';
import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';

/**
 * The name of content by its bytes (image-spec v1.1, descriptor.md). SHA-256 only: it is the one
 * algorithm that every registry keeps; some relabel or refuse others.
 */
export type Digest = `sha256:${string}`;

const digestGrammar = /^sha256:[0-9a-f]{64}$/;

/** Whether `text` is a digest that we can check. */
export function isDigest(text: string): text is Digest {
  return digestGrammar.test(text);
}

/**
 * Reads a digest.
 *
 * @throws DTufError INVALID_ARGUMENT where it is not `sha256:` and 64 lower-case hexadecimal digits.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new DTufError('INVALID_ARGUMENT', 'A digest is sha256: and 64 lower-case hexadecimal digits.', {
    expected: 'sha256:<64 hex>',
    got: text.slice(0, 80),
  });
}

/** The digest of bytes that are all here. @throws DTufError NOT_SUPPORTED in a page that is not a secure context. */
export async function digestOf(bytes: Uint8Array): Promise<Digest> {
  if (!globalThis.crypto?.subtle) {
    throw new DTufError(
      'NOT_SUPPORTED',
      'There is no Web Crypto here: a page has it only over https, or from localhost.',
    );
  }
  return `sha256:${await digestHex('sha256', plainBytes(bytes))}`;
}

/** The same bytes over a plain ArrayBuffer, which is what Web Crypto and fetch take; copied only where they are shared. */
export function plainBytes(bytes: Uint8Array): Bytes {
  return isPlain(bytes) ? bytes : new Uint8Array(bytes);
}

function isPlain(bytes: Uint8Array): bytes is Bytes {
  return bytes.buffer instanceof ArrayBuffer;
}
