// ECDSA keys and signatures in the forms that are met (ATTACKS 21). Keys are made by another implementation, node:crypto.
import {
  createPrivateKey,
  createPublicKey,
  ECDH,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../src/encoding.ts';
import { derToP1363, p1363ToDer } from '../../src/tuf/ecdsa.ts';
import { importKey } from '../../src/tuf/keys.ts';
import { writePem } from '../../src/tuf/pem.ts';
import { identityOfPem } from '../../src/tuf/spki-keys.ts';

const message = utf8('a message');

const curves = [
  { name: 'ecdsa-sha2-nistp256', curve: 'prime256v1', hash: 'sha256', size: 32 },
  { name: 'ecdsa-sha2-nistp384', curve: 'secp384r1', hash: 'sha384', size: 48 },
] as const;

/** A length in hex, less by `by`. */
function less(hex: string, by: number): string {
  return (Number.parseInt(hex, 16) - by).toString(16).padStart(2, '0');
}

function pemOf(key: KeyObject): string {
  return key.export({ type: 'spki', format: 'pem' }).toString();
}

/** The bare point in hex, as sigstore's first roots hold it. */
function pointOf(key: KeyObject): string {
  const { x = '', y = '' } = key.export({ format: 'jwk' });
  const hex = (part: string) => Buffer.from(part, 'base64url').toString('hex');
  return `04${hex(x)}${hex(y)}`;
}

const keyOf = (scheme: string, value: string, keytype = 'ecdsa') =>
  importKey({ keytype, scheme, keyval: { public: value } });

describe.each(curves)('$name', ({ name, curve, hash, size }) => {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: curve });
  const der = Uint8Array.from(sign(hash, message, privateKey));
  const p1363 = Uint8Array.from(sign(hash, message, { key: privateKey, dsaEncoding: 'ieee-p1363' }));
  const verifies = async (signature: Uint8Array<ArrayBuffer>) =>
    (await keyOf(name, pemOf(publicKey)))?.verify(message, signature);

  it('a signature in DER verifies, and the same numbers side by side do not (ATTACKS 21)', async () => {
    for (let i = 0; i < 20; i++) {
      expect(await verifies(Uint8Array.from(sign(hash, message, privateKey)))).toBe(true);
    }
    expect(await verifies(p1363)).toBe(false);
    expect(await verifies(Uint8Array.from(p1363ToDer(p1363)))).toBe(true);
  });

  it('a signature over other bytes, or of another key, does not verify', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: curve });
    expect(await verifies(Uint8Array.from(sign(hash, utf8('another'), privateKey)))).toBe(false);
    expect(await verifies(Uint8Array.from(sign(hash, message, other.privateKey)))).toBe(false);
  });

  it('malformed DER does not verify (ATTACKS 21)', async () => {
    const [r, s] = [p1363.subarray(0, size), p1363.subarray(size)];
    const integer = (digits: ArrayLike<number>) => [0x02, digits.length, ...Array.from(digits)];
    const sequence = (...parts: number[][]) => [0x30, parts.flat().length, ...parts.flat()];
    const positive = (digits: Uint8Array) => integer([0, ...digits]);
    const zero = integer([0]);
    const high = Uint8Array.from(r);
    high[0] = 0x80;
    const cases: Record<string, number[]> = {
      'a byte after the end': [...der, 0],
      'a byte after s, within the sequence': sequence([...readable(r), ...readable(s), 0]),
      'a third number': sequence(readable(r), readable(s), integer([1])),
      'one number': sequence(readable(r)),
      'no numbers': sequence(),
      'a length that is too long': [0x30, (der[1] ?? 0) + 1, ...der.subarray(2)],
      'a length that is too short': [0x30, (der[1] ?? 0) - 1, ...der.subarray(2)],
      'a length in the long form': [0x30, 0x81, der[1] ?? 0, ...der.subarray(2)],
      'an indefinite length': [0x30, 0x80, ...der.subarray(2), 0, 0],
      'a set': [0x31, ...der.subarray(1)],
      'bit strings': [...der.subarray(0, 2), 0x03, ...der.subarray(3)],
      'a negative r': sequence(integer(high), readable(s)),
      'a negative s': sequence(readable(r), integer(high)),
      'r = 0': sequence(zero, readable(s)),
      's = 0': sequence(readable(r), zero),
      'an empty r': sequence(integer([]), readable(s)),
      'an empty s': sequence(readable(r), integer([])),
      'r with a zero more': sequence(integer([0, ...readable(r).slice(2)]), readable(s)),
      's with a zero more': sequence(readable(r), integer([0, ...readable(s).slice(2)])),
      'r of a byte too many': sequence(positive(Uint8Array.of(0xff, ...r)), readable(s)),
      's of a byte too many': sequence(readable(r), positive(Uint8Array.of(0xff, ...s))),
      nothing: [],
      'a header alone': [0x30],
      'a number that is cut off': [...der.subarray(0, der.length - 1)],
    };
    for (const [what, bytes] of Object.entries(cases)) {
      expect(derToP1363(Uint8Array.from(bytes), size), what).toBeUndefined();
      expect(await verifies(Uint8Array.from(bytes)), what).toBe(false);
    }
    function readable(digits: Uint8Array): number[] {
      return [...p1363ToDer(Uint8Array.from([...digits, ...digits]))].slice(
        2,
        2 + (p1363ToDer(Uint8Array.from([...digits, ...digits]))[3] ?? 0) + 2,
      );
    }
  });

  it('numbers as large as the group order do not verify', async () => {
    const order = new Uint8Array(size).fill(0xff);
    const large = Uint8Array.from(p1363ToDer(Uint8Array.from([...order, ...p1363.subarray(size)])));
    expect(derToP1363(large, size)).toBeDefined();
    expect(await verifies(large)).toBe(false);
  });

  it('short numbers are padded from the left, and written back in the shortest form', () => {
    const short = Uint8Array.from([0x30, 0x07, 0x02, 0x01, 0x05, 0x02, 0x02, 0x00, 0x80]);
    const numbers = derToP1363(short, size);
    expect(numbers?.length).toBe(2 * size);
    expect(numbers?.[size - 1]).toBe(5);
    expect(numbers?.[2 * size - 1]).toBe(0x80);
    expect(numbers?.reduce((sum, byte) => sum + byte, 0)).toBe(5 + 0x80);
    expect(toHex(p1363ToDer(numbers ?? new Uint8Array()))).toBe(toHex(short));
    expect(toHex(p1363ToDer(derToP1363(der, size) ?? new Uint8Array()))).toBe(toHex(der));
    expect(toHex(p1363ToDer(new Uint8Array(2 * size)))).toBe('3006020100020100');
  });

  it('a key in PEM and as a hex point is one key (ATTACKS 21)', async () => {
    const hex = pointOf(publicKey);
    const identity = await (await keyOf(name, pemOf(publicKey)))?.identity();
    expect(identity).toMatch(/^spki:/);
    for (const value of [hex, hex.toUpperCase()]) {
      const key = await keyOf(name, value, name);
      expect(await key?.identity()).toBe(identity);
      expect(await key?.verify(message, der)).toBe(true);
    }
    expect(await identityOfPem(pemOf(publicKey))).toBe(identity);
  });

  it('a compressed point is no key in any runtime, though some read it (ATTACKS 21)', async () => {
    const compressed = ECDH.convertKey(pointOf(publicKey), curve, 'hex', 'hex', 'compressed').toString();
    expect(await keyOf(name, compressed, name)).toBeUndefined();
    const der = publicKey.export({ type: 'spki', format: 'der' });
    // The lengths of the sequence and of the bit string, and the point itself, are shorter.
    const header = toHex(der.subarray(0, der.length - 2 * size - 1));
    const shorter = header
      .replace(/^30(..)/, (_, length: string) => `30${less(length, size)}`)
      .replace(/(..)00$/, (_, length: string) => `${less(length, size)}00`);
    const spki = fromHex(`${shorter}${compressed}`) ?? new Uint8Array();
    expect(createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).asymmetricKeyType).toBe(
      'ec',
    );
    expect(await keyOf(name, writePem('PUBLIC KEY', spki))).toBeUndefined();
  });

  it('bytes after the key are no part of one, though some runtimes pass over them', async () => {
    const der = Uint8Array.from(publicKey.export({ type: 'spki', format: 'der' }));
    expect(await keyOf(name, writePem('PUBLIC KEY', der))).toBeDefined();
    expect(await keyOf(name, writePem('PUBLIC KEY', Uint8Array.of(...der, 0)))).toBeUndefined();
  });

  it('what is no point of the curve is no key', async () => {
    const hex = pointOf(publicKey);
    const off = `${hex.slice(0, -2)}${hex.endsWith('00') ? '01' : '00'}`;
    for (const value of [off, hex.slice(2), `${hex}00`, '', '00', `05${hex.slice(2)}`, 'PEM']) {
      expect(await keyOf(name, value)).toBeUndefined();
    }
    const spki = fromHex(toHex(publicKey.export({ type: 'spki', format: 'der' }))) ?? new Uint8Array();
    expect(await keyOf(name, writePem('EC PUBLIC KEY', spki))).toBeUndefined();
    expect(await keyOf(name, writePem('PUBLIC KEY', spki.subarray(1)))).toBeUndefined();
  });

  it('a key of the other curve is no key', async () => {
    const other = curves.find((one) => one.name !== name);
    const stranger = generateKeyPairSync('ec', { namedCurve: other?.curve ?? '' });
    expect(await keyOf(name, pemOf(stranger.publicKey))).toBeUndefined();
    expect(await keyOf(name, pointOf(stranger.publicKey))).toBeUndefined();
  });
});

it('an unknown scheme or curve is no key (ATTACKS 23)', async () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  for (const scheme of ['ecdsa-sha2-nistp521', 'ecdsa', 'rsassa-pss-sha256', 'toString']) {
    expect(await keyOf(scheme, pemOf(publicKey))).toBeUndefined();
  }
  expect(await keyOf('ecdsa-sha2-nistp256', pemOf(publicKey), 'ecdsa-sha2-nistp521')).toBeUndefined();
  const p521 = generateKeyPairSync('ec', { namedCurve: 'secp521r1' });
  expect(await identityOfPem(pemOf(p521.publicKey))).toBeUndefined();
});

it('a private key in the place of a public one is no key', async () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const pem = createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({
    type: 'pkcs8',
    format: 'pem',
  });
  expect(await keyOf('ecdsa-sha2-nistp256', pem.toString())).toBeUndefined();
  expect(pemOf(createPublicKey(pem.toString()))).toContain('PUBLIC KEY');
});
