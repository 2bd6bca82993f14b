// Signing keys with Web Crypto.
import { fromHex, toHex } from '../encoding.ts';
import { DTufError } from '../errors.ts';
import { late } from '../late.ts';
import type { Bytes, PublicKey, Signer } from '../ports.ts';
import { p1363ToDer } from './ecdsa.ts';
import { isUnsupported } from './ed25519.ts';
import { ed25519Spki, metadataPem } from './key-forms.ts';
import { writePem } from './pem.ts';

export type KeyType = 'ed25519' | 'ecdsa' | 'rsa';

/** A new key pair. */
export interface KeyPair {
  readonly publicKey: PublicKey;
  /** SubjectPublicKeyInfo in PEM: what is given to clients. */
  readonly publicPem: string;
  /** PKCS#8, not encrypted: never stored like this. */
  readonly pkcs8: Bytes;
}

interface Kind {
  readonly keytype: string;
  readonly scheme: string;
  readonly algorithm: RsaHashedKeyGenParams | EcKeyGenParams | { name: 'Ed25519' };
  readonly signing: RsaPssParams | EcdsaParams | { name: 'Ed25519' };
}

const ED25519: Kind = {
  keytype: 'ed25519',
  scheme: 'ed25519',
  algorithm: { name: 'Ed25519' },
  signing: { name: 'Ed25519' },
};
const ECDSA_P256: Kind = ecdsa('nistp256', 'P-256', 'SHA-256');
const ECDSA_P384: Kind = ecdsa('nistp384', 'P-384', 'SHA-384');
const RSA: Kind = {
  keytype: 'rsa',
  scheme: 'rsassa-pss-sha256',
  algorithm: {
    name: 'RSA-PSS',
    hash: 'SHA-256',
    modulusLength: 3072,
    publicExponent: Uint8Array.of(1, 0, 1),
  },
  signing: { name: 'RSA-PSS', saltLength: 32 },
};
const GENERATED: Readonly<Record<KeyType, Kind>> = { ed25519: ED25519, ecdsa: ECDSA_P256, rsa: RSA };

function ecdsa(name: string, namedCurve: string, hash: string): Kind {
  return {
    keytype: 'ecdsa',
    scheme: `ecdsa-sha2-${name}`,
    algorithm: { name: 'ECDSA', namedCurve },
    signing: { name: 'ECDSA', hash },
  };
}

/** RFC 8410: PKCS#8 of an Ed25519 key is this and the 32 bytes of the seed. */
const ED25519_PKCS8 = '302e020100300506032b657004220420';
/** What all forms of it have near the beginning, also those with the public key (RFC 5958). */
const ED25519_ALGORITHM = '300506032b6570';

/** Makes a key pair: Ed25519, ECDSA P-256 or RSA 3072. */
export async function generateKeyPair(type: KeyType): Promise<KeyPair> {
  const kind = GENERATED[type];
  try {
    const pair = (await crypto.subtle.generateKey(kind.algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
    const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey));
    return describePair(kind, new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey)), pkcs8);
  } catch (error) {
    // WebKitGTK's Web Crypto (libgcrypt) fails to make one of about 130.
    const failed = error instanceof Error && error.name === 'OperationError';
    if (kind !== ED25519 || !(failed || isUnsupported(error))) throw error;
  }
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const { getPublicKeyAsync } = await late(import('@noble/ed25519'));
  return describePair(ED25519, ed25519Spki(await getPublicKeyAsync(seed)), wrapSeed(seed));
}

function describePair(kind: Kind, spki: Uint8Array, pkcs8: Bytes): KeyPair {
  return { publicKey: publicKeyOf(kind, spki), publicPem: writePem('PUBLIC KEY', spki), pkcs8 };
}

function publicKeyOf({ keytype, scheme }: Kind, spki: Uint8Array): PublicKey {
  const value = keytype === 'ed25519' ? toHex(spki.subarray(-32)) : metadataPem(spki);
  return { keytype, keyval: { public: value }, scheme };
}

function wrapSeed(seed: Uint8Array): Bytes {
  return Uint8Array.from([...(fromHex(ED25519_PKCS8) ?? []), ...seed]);
}

/**
 * A signer of a private key in PKCS#8 DER.
 *
 * @throws DTufError KEY_INVALID for a key that is not Ed25519, ECDSA P-256 or P-384, or RSA.
 */
export async function signerOf(pkcs8: Bytes): Promise<Signer> {
  const seed =
    toHex(pkcs8.subarray(0, 16)) === ED25519_PKCS8 && pkcs8.length === 48 ? pkcs8.subarray(16) : undefined;
  if (seed !== undefined && !(await hasEd25519())) return nobleSigner(seed);
  // Firefox takes a key of P-256 for one of Ed25519 too.
  const isEd25519 = toHex(pkcs8.subarray(0, 16)).includes(ED25519_ALGORITHM);
  for (const kind of isEd25519 ? [ED25519] : [ECDSA_P256, ECDSA_P384, RSA]) {
    let key: CryptoKey;
    try {
      key = await crypto.subtle.importKey('pkcs8', pkcs8, kind.algorithm, true, ['sign']);
    } catch {
      // Not of this kind: the next.
      continue;
    }
    return webCryptoSigner(kind, key);
  }
  // Every seed is a key. WebKitGTK's Web Crypto (libgcrypt) fails to take one of about 130, as it fails to make it.
  if (seed !== undefined) return nobleSigner(seed);
  throw new DTufError(
    'KEY_INVALID',
    'the private key is of a kind that cannot sign here: Ed25519, ECDSA P-256 or P-384, or RSA is expected',
  );
}

/** Web Crypto's key, by a name that types without the DOM have too. */
type WebCryptoKey = Parameters<typeof crypto.subtle.exportKey>[1];

/**
 * A signer of a Web Crypto key pair, whose private key need not be extractable.
 *
 * @throws DTufError KEY_INVALID for a pair that is not Ed25519, ECDSA P-256 or P-384, or RSA-PSS with SHA-256.
 */
export async function signerOfPair({
  privateKey,
  publicKey,
}: {
  readonly privateKey: WebCryptoKey;
  readonly publicKey: WebCryptoKey;
}): Promise<Signer> {
  const { name, ...rest } = publicKey.algorithm;
  const kind = [ED25519, ECDSA_P256, ECDSA_P384, RSA].find(
    ({ algorithm }) =>
      algorithm.name === name &&
      (!('namedCurve' in algorithm) || ('namedCurve' in rest && rest.namedCurve === algorithm.namedCurve)),
  );
  if (kind !== undefined) return pairSigner(kind, privateKey, publicKey);
  throw new DTufError('KEY_INVALID', `a key pair of the kind ${name} cannot sign here`, { got: name });
}

async function webCryptoSigner(kind: Kind, privateKey: CryptoKey): Promise<Signer> {
  const jwk = await crypto.subtle.exportKey('jwk', privateKey);
  // The public members alone make the public key.
  const { kty, crv, x, y, n, e } = jwk;
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => value !== undefined);
  const publicKey = await crypto.subtle.importKey('jwk', Object.fromEntries(members), kind.algorithm, true, [
    'verify',
  ]);
  return pairSigner(kind, privateKey, publicKey);
}

async function pairSigner(kind: Kind, privateKey: CryptoKey, publicKey: CryptoKey): Promise<Signer> {
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', publicKey));
  return {
    key: publicKeyOf(kind, spki),
    async sign(data) {
      const signature = new Uint8Array(await crypto.subtle.sign(kind.signing, privateKey, data));
      return kind.keytype === 'ecdsa' ? p1363ToDer(signature) : signature;
    },
  };
}

async function hasEd25519(): Promise<boolean> {
  try {
    await crypto.subtle.importKey('raw', new Uint8Array(32).fill(2), 'Ed25519', true, ['verify']);
    return true;
  } catch (error) {
    return !isUnsupported(error);
  }
}

async function nobleSigner(seed: Uint8Array): Promise<Signer> {
  const { getPublicKeyAsync, signAsync } = await late(import('@noble/ed25519'));
  const key = publicKeyOf(ED25519, ed25519Spki(await getPublicKeyAsync(seed)));
  return { key, sign: (data) => signAsync(data, seed) };
}
