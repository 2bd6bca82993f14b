// RSA keys and signatures (ATTACKS 22), made by another implementation, node:crypto.
import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex, utf8 } from '../../src/encoding.ts';
import { importKey } from '../../src/tuf/keys.ts';
import { writePem } from '../../src/tuf/pem.ts';
import { identityOfPem } from '../../src/tuf/spki-keys.ts';

const message = utf8('a message');
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const keyOf = (pem: string, scheme = 'rsassa-pss-sha256') =>
  importKey({ keytype: 'rsa', scheme, keyval: { public: pem } });

function signature(hash: string, saltLength: number, padding = constants.RSA_PKCS1_PSS_PADDING) {
  const pss = padding === constants.RSA_PKCS1_PSS_PADDING ? { saltLength } : {};
  return Uint8Array.from(sign(hash, message, { key: privateKey, padding, ...pss }));
}

/** SubjectPublicKeyInfo of any modulus and exponent, in PEM. */
function pemOfNumbers(modulus: bigint, exponent: bigint, leadingZeros = 0): string {
  const bytes = (value: bigint) => {
    const hex = value.toString(16);
    return [...(fromHex(hex.length % 2 === 0 ? hex : `0${hex}`) ?? [])];
  };
  const tlv = (tag: number, content: number[]) => {
    const { length } = content;
    const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
    return [tag, ...size, ...content];
  };
  const integer = (value: bigint, zeros = 0) => {
    const digits = bytes(value);
    return tlv(0x02, [...Array<number>(zeros).fill(0), ...((digits[0] ?? 0) >= 0x80 ? [0] : []), ...digits]);
  };
  const rsaEncryption = fromHex('300d06092a864886f70d0101010500') ?? [];
  const key = tlv(0x30, [...integer(modulus, leadingZeros), ...integer(exponent)]);
  return writePem('PUBLIC KEY', Uint8Array.from(tlv(0x30, [...rsaEncryption, ...tlv(0x03, [0, ...key])])));
}

const modulus = BigInt(
  `0x${Buffer.from(publicKey.export({ format: 'jwk' }).n ?? '', 'base64url').toString('hex')}`,
);

describe('RSA signatures', () => {
  it.each([
    ['rsassa-pss-sha256', 'sha256', 32, 222],
    ['rsassa-pss-sha384', 'sha384', 48, 206],
    ['rsassa-pss-sha512', 'sha512', 64, 190],
  ])(
    '%s verifies with its own hash, and a salt of that length or the longest',
    async (scheme, hash, salt, longest) => {
      const key = await keyOf(pemOf(publicKey), scheme);
      expect(await key?.verify(message, signature(hash, salt))).toBe(true);
      // As Go signs unless it is told otherwise, and openssl with rsa_pss_saltlen:max.
      expect(await key?.verify(message, signature(hash, longest))).toBe(true);
      expect(await key?.verify(message, signature(hash, longest - 1))).toBe(false);
      expect(await key?.verify(utf8('another'), signature(hash, longest))).toBe(false);
      expect(await key?.verify(utf8('another'), signature(hash, salt))).toBe(false);
      expect(await key?.verify(message, signature(hash, 20))).toBe(false);
      expect(await key?.verify(message, signature(hash === 'sha256' ? 'sha512' : 'sha256', salt))).toBe(
        false,
      );
    },
  );

  it('of PKCS#1 v1.5 do not count where PSS is named (ATTACKS 22)', async () => {
    const key = await keyOf(pemOf(publicKey));
    expect(await key?.verify(message, signature('sha256', 0, constants.RSA_PKCS1_PADDING))).toBe(false);
  });

  it('of another length do not count', async () => {
    const key = await keyOf(pemOf(publicKey));
    const good = signature('sha256', 32);
    for (const bad of [good.subarray(1), Uint8Array.of(0, ...good), new Uint8Array(), new Uint8Array(256)]) {
      expect(await key?.verify(message, bad)).toBe(false);
    }
  });
});

describe('RSA keys', () => {
  it('below 2048 bits are no keys (ATTACKS 22)', async () => {
    for (const modulusLength of [1024, 2040]) {
      const weak = generateKeyPairSync('rsa', { modulusLength });
      expect(await keyOf(pemOf(weak.publicKey))).toBeUndefined();
    }
    expect(await keyOf(pemOf(publicKey))).toBeDefined();
  });

  it('of more than 16384 bits are no keys: each verification would take long', async () => {
    expect(await keyOf(pemOfNumbers(2n ** 16_384n + 1n, 65_537n))).toBeUndefined();
  });

  it('of 16384 bits, or with the exponent 3, are keys', async () => {
    expect(await keyOf(pemOfNumbers(2n ** 16_383n + 1n, 65_537n))).toBeDefined();
    expect(await keyOf(pemOfNumbers(modulus, 3n))).toBeDefined();
  });

  it.each([0n, 1n, 2n])('with the exponent %d are no keys (ATTACKS 22)', async (exponent) => {
    expect(await keyOf(pemOfNumbers(modulus, exponent))).toBeUndefined();
  });

  it('are one key in whatever form the PEM has (ATTACKS 16)', async () => {
    const identity = await (await keyOf(pemOf(publicKey)))?.identity();
    expect(identity).toMatch(/^spki:/);
    expect(await (await keyOf(pemOfNumbers(modulus, 65_537n)))?.identity()).toBe(identity);
    expect(await (await keyOf(pemOf(publicKey), 'rsassa-pss-sha512'))?.identity()).toBe(identity);
    expect(await identityOfPem(pemOf(publicKey))).toBe(identity);
    // A number with zeros before it is no DER; a runtime that reads it has to see the same key.
    const loose = await keyOf(pemOfNumbers(modulus, 65_537n, 3));
    if (loose !== undefined) expect(await loose.identity()).toBe(identity);
  });

  it('that are restricted to PSS by their own form are the same key, or none', async () => {
    const spki = toHex(publicKey.export({ type: 'spki', format: 'der' }));
    // id-RSASSA-PSS without parameters, in the place of rsaEncryption and NULL: two bytes less.
    const size = Number.parseInt(spki.slice(4, 8), 16) - 2;
    const header = `3082${size.toString(16).padStart(4, '0')}300b06092a864886f70d01010a`;
    const restricted = fromHex(`${header}${spki.slice(8 + 30)}`) ?? new Uint8Array();
    const key = await keyOf(writePem('PUBLIC KEY', restricted));
    if (key !== undefined)
      expect(await key.identity()).toBe(await (await keyOf(pemOf(publicKey)))?.identity());
  });

  it.each(['rsa-pkcs1v15-sha256', 'rsassa-pss-md5', 'rsassa-pss-sha1', '', 'constructor', '__proto__'])(
    'with the scheme %j are no keys (ATTACKS 23)',
    async (scheme) => {
      expect(await keyOf(pemOf(publicKey), scheme)).toBeUndefined();
    },
  );

  it('that hold no RSA key are none', async () => {
    const { publicKey: ec } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const { publicKey: ed } = generateKeyPairSync('ed25519');
    for (const pem of [
      pemOf(ec),
      pemOf(ed),
      '',
      'hello',
      pemOf(publicKey).replace('PUBLIC', 'RSA PUBLIC'),
      'ab'.repeat(270),
    ]) {
      expect(await keyOf(pem)).toBeUndefined();
    }
  });
});
