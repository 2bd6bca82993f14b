// Signing keys that stay in the browser: not even the page's own scripts can read them.
import { promisifyRequest } from 'idb-keyval';
import { DTufError } from '../../src/errors.ts';
import type { Signer } from '../../src/ports.ts';
import type { Role } from '../../src/tuf/metadata.ts';
import { signerOfPair } from '../../src/tuf/signer.ts';
import { IndexedDb } from './indexed-db.ts';

/**
 * Signers with keys that are made in this browser, once for each name, and cannot be taken out of it (`extractable: false`, in
 * IndexedDB). A browser may empty its storage: then the next call makes new keys, and `resetKeys` with the root key puts them
 * in the place of those that are gone. So never use it for the only root key.
 *
 * @param name of the repository, or another that this origin gives to nothing else.
 * @param roles `snapshot` and `timestamp` if left out.
 * @throws DTufError STORAGE_UNAVAILABLE, STORAGE_FAILED; NOT_SUPPORTED where the browser has neither Ed25519 nor ECDSA.
 * @example
 * const keys = await pageKeys('fred/demo');
 * const master = new DTufMaster({ host: 'https://registry.example.com', repository: 'fred/demo', keys, passwords });
 */
export async function pageKeys(
  name: string,
  roles: readonly Role[] = ['snapshot', 'timestamp'],
): Promise<Partial<Record<Role, Signer>>> {
  const kept = new IndexedDb(`dtuf keys ${name}`, 'keys', `the keys of ${name}`);
  const signers: Partial<Record<Role, Signer>> = {};
  for (const role of roles) {
    const made = await makePair();
    // Two tabs may be here at once: the first pair stays.
    const pair = await kept.run('readwrite', async (table) => {
      const present: unknown = await promisifyRequest(table.get(role));
      if (isPair(present)) return present;
      await promisifyRequest(table.put(made, role));
      return made;
    });
    signers[role] = await signerOfPair(pair);
  }
  return signers;
}

async function makePair(): Promise<CryptoKeyPair> {
  const { subtle } = crypto;
  try {
    return (await subtle.generateKey('Ed25519', false, ['sign', 'verify'])) as CryptoKeyPair;
  } catch {
    // Not in this browser yet.
  }
  try {
    return await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign', 'verify']);
  } catch (cause) {
    throw new DTufError(
      'NOT_SUPPORTED',
      'This browser makes neither Ed25519 nor ECDSA keys: sign elsewhere, or with keys from files (createMetadataKeys).',
      { cause },
    );
  }
}

function isPair(value: unknown): value is CryptoKeyPair {
  return (
    typeof value === 'object' &&
    value !== null &&
    'privateKey' in value &&
    value.privateKey instanceof CryptoKey &&
    'publicKey' in value &&
    value.publicKey instanceof CryptoKey
  );
}
