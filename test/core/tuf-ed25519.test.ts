// Ed25519 has one verdict everywhere: by Web Crypto of this runtime, and by the fallback where it has none.
import { Point } from '@noble/ed25519';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromHex, toHex, utf8 } from '../../src/encoding.ts';
import type { Bytes } from '../../src/ports.ts';
import { isEd25519Point, verifyEd25519 } from '../../src/tuf/ed25519.ts';
import { keyNamed } from '../tuf/repository.ts';

const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Makes this runtime one without Ed25519. */
function withoutEd25519(): void {
  const importKey = crypto.subtle.importKey.bind(crypto.subtle) as (...args: unknown[]) => Promise<CryptoKey>;
  const stub = (...args: unknown[]) =>
    args[2] === 'Ed25519'
      ? Promise.reject(new DOMException('no such algorithm', 'NotSupportedError'))
      : importKey(...args);
  vi.spyOn(crypto.subtle, 'importKey').mockImplementation(stub as typeof crypto.subtle.importKey);
}

/** The verdict, which has to be the same with and without Ed25519 in Web Crypto. */
async function verdict(key: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
  const native = await verifyEd25519(key, message, signature);
  withoutEd25519();
  const fallback = await verifyEd25519(key, message, signature);
  vi.restoreAllMocks();
  expect(fallback).toBe(native);
  return native;
}

function littleEndian(value: bigint): Bytes {
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function join(...parts: Uint8Array[]): Bytes {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

async function sha512(...parts: Uint8Array[]): Promise<bigint> {
  return numberOf(new Uint8Array(await crypto.subtle.digest('SHA-512', join(...parts))));
}

/** A point of order 8; its multiples are all points of small order. */
const TORSION = Point.fromBytes(
  fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05') ?? new Uint8Array(),
);
const SMALL_ORDER = Array.from({ length: 8 }, (_, i) => TORSION.multiply(BigInt(i), false));

const message = utf8('a message');
const scalar = 0x1234567890abcdefn;

/** A signature (R, S) that fulfils S·B = R + k·A up to a point of small order, whatever A and R are. */
async function forge(A: Bytes, R: Bytes, r: bigint, a: bigint, text = message): Promise<Bytes> {
  const k = (await sha512(R, A, text)) % L;
  return join(R, littleEndian((r + k * a) % L));
}

describe('a good signature', () => {
  it('verifies, and not with one bit changed anywhere', async () => {
    const { signer } = await keyNamed('someone');
    const key = fromHex(signer.key.keyval.public) ?? new Uint8Array();
    const signature = Uint8Array.from(await signer.sign(message));
    expect(await verdict(key, message, signature)).toBe(true);
    for (let bit = 0; bit < 512; bit += 13) {
      const changed = Uint8Array.from(signature);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(await verifyEd25519(key, message, changed)).toBe(false);
    }
    expect(await verdict(key, utf8('another message'), signature)).toBe(false);
    expect(await verdict(key, message, signature.subarray(0, 63))).toBe(false);
    expect(await verdict(key, message, join(signature, Uint8Array.of(0)))).toBe(false);
    expect(await verdict(key.subarray(0, 31), message, signature)).toBe(false);
    expect(await verdict(join(key, Uint8Array.of(0)), message, signature)).toBe(false);
    expect(await verdict(key, message, new Uint8Array())).toBe(false);
  });

  it.each([
    [
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
      '',
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
    ],
    [
      '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
      '72',
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    ],
  ])('of RFC 8032, 7.1, key %s, verifies', async (key, text, signature) => {
    const bytes = (hex: string) => fromHex(hex) ?? new Uint8Array();
    expect(await verdict(bytes(key), bytes(text), bytes(signature))).toBe(true);
  });

  it('is not good with S + L in the place of S (ATTACKS 20)', async () => {
    const { signer } = await keyNamed('someone');
    const key = fromHex(signer.key.keyval.public) ?? new Uint8Array();
    const signature = Uint8Array.from(await signer.sign(message));
    const S = numberOf(signature.subarray(32));
    for (const high of [S + L, S + 2n * L, S + 8n * L, L, L + 1n, 2n ** 256n - 1n]) {
      expect(await verdict(key, message, join(signature.subarray(0, 32), littleEndian(high)))).toBe(false);
    }
  });
});

describe('points of small order', () => {
  const encodings = SMALL_ORDER.flatMap((point) => {
    const y = numberOf(point.toBytes()) & (2n ** 255n - 1n);
    // Both sign bits, and y + p where it fits 255 bits.
    return [y, y + P].filter((value) => value < 2n ** 255n).flatMap((value) => [value, value | (2n ** 255n)]);
  });
  const all = [...new Set(encodings.map((value) => toHex(littleEndian(value))))];

  it('are eight, with 14 encodings', () => {
    expect(new Set(SMALL_ORDER.map((point) => point.toHex())).size).toBe(8);
    expect(all.length).toBe(14);
  });

  it.each(all)('%s is refused as a key and as R (ATTACKS 20)', async (hex) => {
    const point = fromHex(hex) ?? new Uint8Array();
    expect(isEd25519Point(point)).toBe(false);
    const zero = littleEndian(0n);
    // As a key of small order: R = S·B verifies wherever k·A happens to vanish, so several messages are tried.
    for (let i = 0; i < 16; i++) {
      const text = utf8(`message ${i}`);
      expect(await verdict(point, text, join(point, zero))).toBe(false);
      expect(await verdict(point, text, join(Point.BASE.toBytes(), littleEndian(1n)))).toBe(false);
    }
    // As R: S·B = k·A verifies for R = 0 with a key that is good.
    const A = Uint8Array.from(Point.BASE.multiply(scalar).toBytes());
    expect(await verdict(A, message, await forge(A, point, 0n, scalar))).toBe(false);
  });
});

describe('encodings that are not canonical', () => {
  it.each([P, P + 1n, P + 2n, P + 3n, P + 18n, 2n ** 255n - 1n].flatMap((y) => [y, y | (2n ** 255n)]))(
    'y = %d is refused as a key and as R (ATTACKS 20)',
    async (y) => {
      const point = littleEndian(y);
      expect(isEd25519Point(point)).toBe(false);
      expect(await verdict(point, message, join(Point.BASE.toBytes(), littleEndian(1n)))).toBe(false);
      const A = Uint8Array.from(Point.BASE.multiply(scalar).toBytes());
      expect(await verdict(A, message, await forge(A, point, 1n, scalar))).toBe(false);
    },
  );

  it('y just below p is no reason to refuse', () => {
    expect(isEd25519Point(littleEndian(P - 2n))).toBe(true);
    expect(isEd25519Point(littleEndian(P - 1n))).toBe(false);
    expect(isEd25519Point(littleEndian(2n))).toBe(true);
  });

  it('32 bytes that are no point verify nothing (ATTACKS 20)', async () => {
    // y = 2 is on no point of the curve.
    const none = littleEndian(2n);
    expect(() => Point.fromBytes(none)).toThrow();
    expect(await verdict(none, message, join(Point.BASE.toBytes(), littleEndian(1n)))).toBe(false);
    const A = Uint8Array.from(Point.BASE.multiply(scalar).toBytes());
    expect(await verdict(A, message, join(none, littleEndian(1n)))).toBe(false);
  });
});

describe('points of mixed order', () => {
  // RFC 8032 leaves open whether a verifier multiplies by the cofactor; where two differ, so do two clients.
  it.each([1, 2, 3, 4, 5, 6, 7])(
    'a key with the torsion point %d has one verdict (ATTACKS 20)',
    async (i) => {
      const A = Uint8Array.from(
        Point.BASE.multiply(scalar)
          .add(SMALL_ORDER[i] ?? Point.ZERO)
          .toBytes(),
      );
      const R = Uint8Array.from(Point.BASE.multiply(77n).toBytes());
      for (let n = 0; n < 8; n++) {
        const text = utf8(`message ${n}`);
        await verdict(A, text, await forge(A, R, 77n, scalar, text));
      }
    },
  );

  it.each([1, 2, 3, 4, 5, 6, 7])('an R with the torsion point %d is refused (ATTACKS 20)', async (i) => {
    const A = Uint8Array.from(Point.BASE.multiply(scalar).toBytes());
    const R = Uint8Array.from(
      Point.BASE.multiply(77n)
        .add(SMALL_ORDER[i] ?? Point.ZERO)
        .toBytes(),
    );
    expect(await verdict(A, message, await forge(A, R, 77n, scalar))).toBe(false);
  });
});

it('what runtimes differ on is refused before any verifier is asked (ATTACKS 20)', async () => {
  const { signer } = await keyNamed('someone');
  const key = fromHex(signer.key.keyval.public) ?? new Uint8Array();
  const signature = Uint8Array.from(await signer.sign(message));
  const [R, S] = [signature.subarray(0, 32), signature.subarray(32)];
  const small = SMALL_ORDER.map((point) => Uint8Array.from(point.toBytes()));
  const asked = vi.spyOn(crypto.subtle, 'importKey');
  for (const high of [L, numberOf(S) + L]) {
    expect(await verifyEd25519(key, message, join(R, littleEndian(high)))).toBe(false);
  }
  for (const point of [...small, littleEndian(P), littleEndian(P + 1n)]) {
    expect(await verifyEd25519(point, message, signature)).toBe(false);
    expect(await verifyEd25519(key, message, join(point, S))).toBe(false);
  }
  expect(asked).not.toHaveBeenCalled();
  expect(await verifyEd25519(key, message, signature)).toBe(true);
  expect(asked).toHaveBeenCalled();
});

it('what ends the process of a page in WebKitGTK is never given to its Web Crypto: short keys, long messages', async () => {
  const { signer } = await keyNamed('someone');
  const key = fromHex(signer.key.keyval.public) ?? new Uint8Array();
  const long = new Uint8Array(65_535).fill(65);
  // A wrong signature is as fatal as a good one.
  const signature = Uint8Array.from(await signer.sign(message));
  const asked = vi.spyOn(crypto.subtle, 'importKey');
  expect(await verifyEd25519(key, long, signature)).toBe(false);
  for (const y of [2n, 3n, 2n ** 192n - 1n, 3n | (2n ** 255n)]) {
    expect(await verifyEd25519(littleEndian(y), message, signature)).toBe(false);
  }
  expect(asked).not.toHaveBeenCalled();
});

it('a message of 64 KiB and more verifies as a short one does', async () => {
  const { signer } = await keyNamed('someone');
  const key = fromHex(signer.key.keyval.public) ?? new Uint8Array();
  for (const length of [65_279, 65_280, 65_281, 70_000]) {
    const long = new Uint8Array(length).fill(65);
    const signature = Uint8Array.from(await signer.sign(long));
    expect(await verdict(key, long, signature)).toBe(true);
    long[length - 1] = 66;
    expect(await verdict(key, long, signature)).toBe(false);
  }
});

it('an error of Web Crypto that is not about the algorithm is a refusal, and no reason for the fallback', async () => {
  const { signer } = await keyNamed('someone');
  const key = fromHex(signer.key.keyval.public) ?? new Uint8Array();
  const signature = Uint8Array.from(await signer.sign(message));
  vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new DOMException('bad data', 'DataError'));
  expect(await verifyEd25519(key, message, signature)).toBe(false);
});
