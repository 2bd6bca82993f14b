// Keys of kinds that we do not make.
import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { PublicKey } from '../../src/ports.ts';
import type { RoleSigner } from '../../src/tuf/signing.ts';
import type { Keys } from './keys.ts';

/** `keys`, and those that only differences name. */
export function withStrangeKeys(keys: Keys): Keys {
  const strange = strangeKeys(keys);
  return { ...keys, signer: (name) => strange.get(name) ?? keys.signer(name) };
}

function strangeKeys(keys: Keys): Map<string, RoleSigner> {
  const ours = keys.signer('ed25519 1');
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' }).privateKey;
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey;
  const unknown = { keytype: 'unknown', scheme: 'unknown', keyval: { public: 'ab' } };
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return new Map([
    ['twin', { ...ours, keyid: 'another name' }],
    ['unknown', { keyid: 'unknown', signer: { ...ours.signer, key: unknown } }],
    ['p521', strangeKey(p521, 'ecdsa', 'ecdsa-sha2-nistp521', 'sha512')],
    ['p256 in hex', strangeKey(ec, 'ecdsa', 'ecdsa-sha2-nistp256', 'sha256', {}, pointOf(ec))],
    ['rsa pkcs1v15', strangeKey(rsa, 'rsa', 'rsa-pkcs1v15-sha256', 'sha256')],
    ['rsa 1024', strangeKey(weak, 'rsa', 'rsassa-pss-sha256', 'sha256', pss)],
    ['rsa long salt', strangeKey(rsa, 'rsa', 'rsassa-pss-sha256', 'sha256', { ...pss, saltLength: 64 })],
  ]);
}

function strangeKey(
  key: KeyObject,
  keytype: string,
  scheme: string,
  hash: string,
  options: { padding?: number; saltLength?: number } = {},
  value = publicPem(key),
): RoleSigner {
  const publicKey: PublicKey = { keytype, scheme, keyval: { public: value } };
  const signer = {
    key: publicKey,
    sign: async (data: Uint8Array) => new Uint8Array(sign(hash, data, { key, ...options })),
  };
  return { keyid: scheme, signer };
}

function publicPem(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'pem', type: 'spki' }).toString();
}

function pointOf(key: KeyObject): string {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-65).toString('hex');
}
