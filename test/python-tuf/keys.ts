// Key pairs of every kind, made once a run; plans name them.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { keyidOf } from '../../src/tuf/key-forms.ts';
import { signerOf } from '../../src/tuf/signer.ts';
import type { RoleSigner } from '../../src/tuf/signing.ts';

/** How python-tuf gets a key. */
export interface PythonKey {
  readonly pem: string;
  readonly scheme: string;
  readonly keytype: string;
  /** Python's own if left out. */
  readonly keyid?: string;
}

const GENERATE: Readonly<Record<string, () => KeyObject>> = {
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  p256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  p384: () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
};

const SCHEMES: Readonly<Record<string, string>> = {
  ed25519: 'ed25519',
  p256: 'ecdsa-sha2-nistp256',
  p384: 'ecdsa-sha2-nistp384',
  rsa: 'rsassa-pss-sha256',
};
const KEYTYPES: Readonly<Record<string, string>> = {
  ed25519: 'ed25519',
  p256: 'ecdsa',
  p384: 'ecdsa',
  rsa: 'rsa',
};

/** What both write with. */
export const KEYS: readonly string[] = [
  ...['ed25519 1', 'ed25519 2', 'ed25519 3', 'ed25519 4', 'ed25519 5', 'ed25519 6', 'ed25519 7'],
  ...['p256 1', 'p256 2', 'p256 3', 'p384 1', 'p384 2', 'rsa 1', 'rsa 2'],
];
/** What python-tuf writes, and we only read: other hashes of RSA-PSS, the key types of before TUF 1.0.20 or so. */
export const PYTHON_KEYS: Readonly<Record<string, Omit<PythonKey, 'pem'>>> = {
  'rsa sha384': { keytype: 'rsa', scheme: 'rsassa-pss-sha384' },
  'rsa sha512': { keytype: 'rsa', scheme: 'rsassa-pss-sha512' },
  'p256 old': { keytype: 'ecdsa-sha2-nistp256', scheme: 'ecdsa-sha2-nistp256' },
  'p384 old': { keytype: 'ecdsa-sha2-nistp384', scheme: 'ecdsa-sha2-nistp384' },
};
/** Keyids are names only: these are no hash of the key (TUF 1.0.34, 4.2.1). */
const NAMED: Readonly<Record<string, string>> = {
  'ed25519 3': 'Key "ü" of \\ somebody',
  'p256 2': '__proto__',
};

export interface Keys {
  readonly python: Readonly<Record<string, PythonKey>>;
  signer(name: string): RoleSigner;
}

export async function makeKeys(): Promise<Keys> {
  const python: Record<string, PythonKey> = {};
  const signers = new Map<string, RoleSigner>();
  for (const name of KEYS) {
    const kind = name.split(' ')[0] ?? '';
    const key = generate(kind);
    const signer = await signerOf(new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })));
    const keyid = NAMED[name] ?? (await keyidOf(signer.key));
    signers.set(name, { keyid, signer });
    python[name] = { pem: pemOf(key), scheme: SCHEMES[kind] ?? '', keytype: KEYTYPES[kind] ?? '', keyid };
  }
  for (const [name, key] of Object.entries(PYTHON_KEYS)) {
    python[name] = { ...key, pem: pemOf(generate(name.split(' ')[0] ?? '')) };
  }
  return {
    python,
    signer(name) {
      const signer = signers.get(name);
      if (signer === undefined) throw new Error(`there is no key ${name}`);
      return signer;
    },
  };
}

function generate(kind: string): KeyObject {
  const make = GENERATE[kind];
  if (make === undefined) throw new Error(`there is no kind of key ${kind}`);
  return make();
}

function pemOf(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}
