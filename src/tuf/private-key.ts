// Encrypted private keys: EncryptedPrivateKeyInfo (RFC 5958, section 3) under PBES2 (RFC 8018, section 6.2)
// with PBKDF2 and AES-CBC, which OpenSSL and Python's cryptography read and write too.
import type * as Asn1 from 'asn1js';
import { DTufError } from '../errors.ts';
import { late } from '../late.ts';
import type { Bytes, OpenPrivateKey } from '../ports.ts';
import { readPem, writePem } from './pem.ts';

/** What OWASP asks of PBKDF2-HMAC-SHA256 since 2023. */
const ITERATIONS = 600_000;
/** A key file must not be able to keep a processor busy for minutes. */
const MAX_ITERATIONS = 10_000_000;
const MAX_SALT = 1024;
const AES_BLOCK = 16;

const OID = {
  pbes2: '1.2.840.113549.1.5.13',
  pbkdf2: '1.2.840.113549.1.5.12',
  hmacWithSHA256: '1.2.840.113549.2.9',
  aes256Cbc: '2.16.840.1.101.3.4.1.42',
} as const;
const HMAC_WITH_SHA1 = '1.2.840.113549.2.7';
const PSEUDO_RANDOM: Readonly<Record<string, string>> = {
  [HMAC_WITH_SHA1]: 'SHA-1',
  [OID.hmacWithSHA256]: 'SHA-256',
  '1.2.840.113549.2.10': 'SHA-384',
  '1.2.840.113549.2.11': 'SHA-512',
};
const AES_BITS: Readonly<Record<string, number>> = {
  '2.16.840.1.101.3.4.1.2': 128,
  '2.16.840.1.101.3.4.1.22': 192,
  [OID.aes256Cbc]: 256,
};

/** The parameters of PBES2 as far as they are supported here. */
interface Scheme {
  readonly salt: Bytes;
  readonly iterations: number;
  readonly hash: string;
  readonly bits: number;
  readonly iv: Bytes;
}

/**
 * Encrypts a private key with PBKDF2-HMAC-SHA256 (600,000 iterations) and AES-256-CBC.
 *
 * @param pkcs8 the key as PKCS#8 DER.
 * @param password not empty; its UTF-8 bytes count, as on OpenSSL's command line.
 * @returns PEM, `ENCRYPTED PRIVATE KEY`.
 * @throws DTufError KEY_PASSWORD where the password is empty
 */
export async function encryptPrivateKey(pkcs8: Bytes, password: string): Promise<string> {
  if (password === '')
    throw new DTufError('KEY_PASSWORD', 'An empty password does not protect a key: give one.');
  const scheme: Scheme = {
    salt: crypto.getRandomValues(new Uint8Array(16)),
    iterations: ITERATIONS,
    hash: 'SHA-256',
    bits: 256,
    iv: crypto.getRandomValues(new Uint8Array(AES_BLOCK)),
  };
  const key = await deriveKey(scheme, password, 'encrypt');
  const encrypted = await crypto.subtle.encrypt({ name: 'AES-CBC', iv: scheme.iv }, key, pkcs8);
  return writePem('ENCRYPTED PRIVATE KEY', writeEncrypted(await late(import('asn1js')), scheme, encrypted));
}

/**
 * Opens a private key in PEM with nothing but Web Crypto: `ENCRYPTED PRIVATE KEY` under PBES2 with PBKDF2
 * (SHA-1, SHA-256, SHA-384, SHA-512) and AES-CBC, or a `PRIVATE KEY` that is not encrypted.
 *
 * @returns the key as PKCS#8 DER.
 * @throws DTufError KEY_PASSWORD where the password is wrong, KEY_INVALID where it is another kind of file
 */
export const openPrivateKey: OpenPrivateKey = async (pem, password) => {
  const { label, headers, der } = readPem(pem);
  if (label.includes('PUBLIC KEY') || label === 'CERTIFICATE') {
    throw invalid(`Expected a private key, got a public one ("${label}"): give the key's other file.`);
  }
  const traditional =
    headers.has('DEK-Info') || (label !== 'PRIVATE KEY' && label !== 'ENCRYPTED PRIVATE KEY');
  if (traditional)
    throw elsewhere(`a key of the kind "${label}"${headers.has('DEK-Info') ? ' with DEK-Info' : ''}`);
  const asn1 = await late(import('asn1js'));
  if (label === 'PRIVATE KEY') {
    if (!isPkcs8(asn1, der))
      throw invalid('The block "PRIVATE KEY" does not hold PKCS#8: the file is damaged.');
    return der;
  }
  const { scheme, encrypted } = readEncrypted(asn1, der);
  const key = await deriveKey(scheme, password, 'decrypt');
  try {
    const opened = new Uint8Array(
      await crypto.subtle.decrypt({ name: 'AES-CBC', iv: scheme.iv }, key, encrypted),
    );
    if (isPkcs8(asn1, opened)) return opened;
  } catch (cause) {
    // CBC has no authentication: the padding fails for 255 wrong passwords of 256, the structure for the others.
    throw wrongPassword(cause);
  }
  throw wrongPassword();
};

async function deriveKey(scheme: Scheme, password: string, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  const { salt, iterations, hash, bits } = scheme;
  const secret = await crypto.subtle.importKey('raw', new TextEncoder().encode(password), 'PBKDF2', false, [
    'deriveKey',
  ]);
  try {
    const aes = { name: 'AES-CBC', length: bits };
    return await crypto.subtle.deriveKey({ name: 'PBKDF2', salt, iterations, hash }, secret, aes, false, [
      use,
    ]);
  } catch (cause) {
    // WebKitGTK derives nothing from an empty password. Nothing is encrypted under one here.
    if (password === '') throw wrongPassword(cause);
    // Chromium has no AES with 192 bits.
    throw elsewhere(`AES with ${bits} bits under PBKDF2 with ${hash}`, cause);
  }
}

function writeEncrypted(asn1: typeof Asn1, scheme: Scheme, encrypted: ArrayBuffer): Uint8Array {
  const sequence = (...value: Asn1.BaseBlock[]) => new asn1.Sequence({ value });
  const oid = (value: string) => new asn1.ObjectIdentifier({ value });
  const octets = (valueHex: Uint8Array | ArrayBuffer) => new asn1.OctetString({ valueHex });
  const random = sequence(oid(OID.hmacWithSHA256), new asn1.Null());
  const derivation = sequence(
    oid(OID.pbkdf2),
    sequence(octets(scheme.salt), new asn1.Integer({ value: scheme.iterations }), random),
  );
  const cipher = sequence(oid(OID.aes256Cbc), octets(scheme.iv));
  const algorithm = sequence(oid(OID.pbes2), sequence(derivation, cipher));
  return new Uint8Array(sequence(algorithm, octets(encrypted)).toBER());
}

function readEncrypted(asn1: typeof Asn1, der: Bytes): { scheme: Scheme; encrypted: Bytes } {
  const [algorithm, encrypted] = items(asn1, parse(asn1, der));
  const [kind, parameters] = items(asn1, algorithm);
  if (oidOf(asn1, kind) !== OID.pbes2) throw elsewhere(`encryption by the algorithm ${oidOf(asn1, kind)}`);
  const [derivation, cipher] = items(asn1, parameters);
  const [derivationKind, derivationParameters] = items(asn1, derivation);
  if (oidOf(asn1, derivationKind) !== OID.pbkdf2) {
    throw elsewhere(`key derivation by the algorithm ${oidOf(asn1, derivationKind)}`);
  }
  const [cipherKind, iv] = items(asn1, cipher);
  const bits = AES_BITS[oidOf(asn1, cipherKind)];
  if (bits === undefined) throw elsewhere(`the cipher ${oidOf(asn1, cipherKind)}`);
  const vector = octetsOf(asn1, iv);
  if (vector.length !== AES_BLOCK) throw damaged();
  return {
    scheme: { ...readDerivation(asn1, derivationParameters), bits, iv: vector },
    encrypted: octetsOf(asn1, encrypted),
  };
}

function readDerivation(asn1: typeof Asn1, block: unknown): Omit<Scheme, 'bits' | 'iv'> {
  const [salt, count, ...optional] = items(asn1, block);
  if (!(count instanceof asn1.Integer)) throw damaged();
  const iterations = count.toBigInt();
  if (iterations < 1n || iterations > BigInt(MAX_ITERATIONS)) {
    throw invalid(
      `The key file asks for ${iterations} iterations of PBKDF2; at most ${MAX_ITERATIONS} are made.`,
    );
  }
  // RFC 8018, A.2: a key length that repeats the cipher's, then a pseudo-random function, SHA-1 where it is left out.
  const random = optional.find((item) => item instanceof asn1.Sequence);
  const name = random ? oidOf(asn1, items(asn1, random)[0]) : HMAC_WITH_SHA1;
  const hash = PSEUDO_RANDOM[name];
  if (hash === undefined) throw elsewhere(`PBKDF2 with the function ${name}`);
  const saltBytes = octetsOf(asn1, salt);
  if (saltBytes.length > MAX_SALT) throw damaged();
  return { salt: saltBytes, iterations: Number(iterations), hash };
}

function isPkcs8(asn1: typeof Asn1, der: Bytes): boolean {
  const { offset, result } = asn1.fromBER(der);
  if (offset !== der.length || !(result instanceof asn1.Sequence)) return false;
  const [version, algorithm, key] = result.valueBlock.value;
  return (
    version instanceof asn1.Integer && algorithm instanceof asn1.Sequence && key instanceof asn1.OctetString
  );
}

function parse(asn1: typeof Asn1, der: Bytes): unknown {
  const { offset, result } = asn1.fromBER(der);
  if (offset !== der.length) throw damaged();
  return result;
}

function items(asn1: typeof Asn1, block: unknown): readonly unknown[] {
  if (!(block instanceof asn1.Sequence)) throw damaged();
  return block.valueBlock.value;
}

function oidOf(asn1: typeof Asn1, block: unknown): string {
  if (!(block instanceof asn1.ObjectIdentifier)) throw damaged();
  return block.getValue();
}

function octetsOf(asn1: typeof Asn1, block: unknown): Bytes {
  if (!(block instanceof asn1.OctetString)) throw damaged();
  return new Uint8Array(block.getValue());
}

function damaged(): DTufError {
  return invalid(
    'The block "ENCRYPTED PRIVATE KEY" does not hold a PKCS#8 key as RFC 5958 has it: the file is damaged.',
  );
}

function elsewhere(what: string, cause?: unknown): DTufError {
  const message =
    `${what[0]?.toUpperCase()}${what.slice(1)} is opened by dtuf/node only (Node, Deno, Bun). ` +
    'To use it here, write it anew with "openssl pkcs8 -topk8 -v2 aes-256-cbc".';
  return new DTufError('KEY_INVALID', message, cause === undefined ? {} : { cause });
}

function invalid(message: string): DTufError {
  return new DTufError('KEY_INVALID', message);
}

function wrongPassword(cause?: unknown): DTufError {
  const message = 'The password does not open the private key: it is wrong, or the file is damaged.';
  return new DTufError('KEY_PASSWORD', message, cause === undefined ? {} : { cause });
}
