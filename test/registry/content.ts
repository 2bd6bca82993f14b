import { expect } from 'vitest';
import { equalBytes } from '../../src/equal-bytes.ts';
import type { Bytes, Content } from '../../src/ports.ts';
import { type Digest, digestOf } from '../../src/registry/digest.ts';

/** Bytes that look random and are the same each time. */
export function noise(length: number, seed = 1): Bytes {
  const words = new Uint32Array(Math.ceil(length / 4));
  let state = seed;
  for (let i = 0; i < words.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    words[i] = state;
  }
  return new Uint8Array(words.buffer, 0, length);
}

export async function blobOf(bytes: Bytes): Promise<{ digest: Digest; size: number; bytes: Bytes }> {
  return { digest: await digestOf(bytes), size: bytes.length, bytes };
}

/** Content that is read in chunks, and counts how often it was opened. */
export function contentOf(bytes: Bytes, chunk = 64 * 1024): Content & { opened: number } {
  const content = {
    length: bytes.length,
    opened: 0,
    open(): ReadableStream<Uint8Array> {
      content.opened++;
      let at = 0;
      return new ReadableStream({
        pull(controller) {
          if (at >= bytes.length) return controller.close();
          controller.enqueue(bytes.subarray(at, at + chunk));
          at += chunk;
        },
      });
    },
  };
  return content;
}

/** Everything that comes out of a stream. */
export async function drain(stream: ReadableStream<Uint8Array>): Promise<Bytes> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Like toEqual, which takes a minute for megabytes. */
export function expectSame(got: Uint8Array, expected: Uint8Array): void {
  expect(got.length).toBe(expected.length);
  expect(equalBytes(got, expected)).toBe(true);
}
