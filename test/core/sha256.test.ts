// The loop that hashes downloads in a page, against NIST's vectors, Web Crypto and another implementation.
import { sha256 as noble } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Sha256 } from '../../src/content/sha256.ts';
import { fromHex, toHex, utf8 } from '../../src/encoding.ts';

function hashOf(...chunks: Uint8Array[]): string {
  const hash = new Sha256();
  for (const chunk of chunks) hash.update(chunk);
  return toHex(hash.digest());
}

describe('SHA-256', () => {
  // FIPS 180-4 examples, and short messages of NIST's CAVP (SHA256ShortMsg).
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['616263', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['d3', '28969cdfa74a12c82f3bad960b0b000aca2ac329deea5c2328ebc6f2ba9802c1'],
    ['11af', '5ca7133fa735326081558ac312c620eeca9970d1e70a4b95533d956f072d1f98'],
    ['b4190e', 'dff2e73091f6c05e528896c4c831b9448653dc2ff043528f6769437bc7b975c2'],
  ])('of %s is that of NIST', (message, digest) => {
    expect(hashOf(fromHex(message) ?? new Uint8Array())).toBe(digest);
  });

  it.each([
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
    ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('of a longer message is that of NIST', (message, digest) => {
    expect(hashOf(utf8(message))).toBe(digest);
  });

  it('is that of Web Crypto at every length around the ends of a block', async () => {
    for (let length = 0; length <= 200; length++) {
      const bytes = Uint8Array.from({ length }, (_, i) => (i * 151 + length) & 255);
      expect(hashOf(bytes)).toBe(toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))));
    }
  });

  it('does not depend on how the data comes in pieces', () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 12 });
    const same = (chunks: Uint8Array[]) => {
      const whole = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
      expect(hashOf(...chunks)).toBe(toHex(noble(whole)));
      expect(hashOf(whole)).toBe(toHex(noble(whole)));
    };
    fc.assert(fc.property(pieces, same), { seed: 5, numRuns: 500 });
  });

  it('takes a view of a larger buffer for what it shows of it', () => {
    const buffer = Uint8Array.from({ length: 500 }, (_, i) => i & 255);
    expect(hashOf(buffer.subarray(3, 3 + 257))).toBe(toHex(noble(buffer.slice(3, 3 + 257))));
  });
});
