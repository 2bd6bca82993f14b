// A publisher's key files: encrypted private keys, and the public keys that are given to clients.
import { utf8 } from '../encoding.ts';
import { DTufError, hasCode } from '../errors.ts';
import type { OpenPrivateKey, Signer, Store } from '../ports.ts';
import { identityOfKey } from '../tuf/keys.ts';
import type { Role } from '../tuf/metadata.ts';
import { generateKeyPair, type KeyType, signerOf } from '../tuf/signer.ts';

/** Asked for the password of a role's key: of one that is made, or of one that is opened. */
export type Passwords = (role: Role, purpose: 'create' | 'open') => string | Promise<string>;

/** A key pair that was made. */
export interface CreatedKey {
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string;
  /** Encrypted PKCS#8, PEM. */
  readonly privateKey: string;
  /** Under which name the pair that was there before can still be found. */
  readonly setAside?: string;
}

const privateName = (role: Role) => `keys/${role}_key`;
const publicName = (role: Role) => `keys/${role}_key.pub`;

export class KeyFiles {
  readonly #store: Store;
  readonly #passwords: Passwords;
  readonly #open: OpenPrivateKey;

  constructor(store: Store, passwords: Passwords, open: OpenPrivateKey) {
    this.#store = store;
    this.#passwords = passwords;
    this.#open = open;
  }

  /**
   * Makes a key pair. A pair that is there is set aside: it may be the only one that can still sign.
   *
   * @throws DTufError STORAGE_FAILED, STATE_CHANGED, INVALID_ARGUMENT where the password is empty
   */
  async create(role: Role, type: KeyType, given?: string): Promise<CreatedKey> {
    const password = given ?? (await this.#passwords(role, 'create'));
    const pair = await generateKeyPair(type);
    // Loaded when it is needed: a page that only verifies must not pay for it.
    const { encryptPrivateKey } = await import('../tuf/private-key.ts');
    const privateKey = await encryptPrivateKey(pair.pkcs8, password);
    const setAside = await this.#replace(role, privateKey, pair.publicPem);
    return { publicKey: pair.publicPem, privateKey, ...(setAside === undefined ? {} : { setAside }) };
  }

  async #replace(role: Role, privateKey: string, publicKey: string): Promise<string | undefined> {
    const [privateFile, publicFile] = [privateName(role), publicName(role)];
    const stored = await this.#store.read([privateFile, publicFile]);
    const writes = new Map<string, Uint8Array>([
      [privateFile, utf8(privateKey)],
      [publicFile, utf8(publicKey)],
    ]);
    let setAside: string | undefined;
    if (stored.size > 0) {
      setAside = await this.#freeName(role);
      for (const [name, { bytes }] of stored)
        writes.set(name === privateFile ? setAside : `${setAside}.pub`, bytes);
    }
    const expected = new Map(
      [privateFile, publicFile].map((name) => [name, stored.get(name)?.version] as const),
    );
    if (!(await this.#store.commit(expected, writes))) {
      throw new DTufError(
        'STATE_CHANGED',
        `the ${role} key was changed by another process at the same moment: try again`,
        { role },
      );
    }
    return setAside;
  }

  async #freeName(role: Role): Promise<string> {
    const taken = new Set(await this.#store.list(privateName(role)));
    const previous = `${privateName(role)}.previous`;
    let name = previous;
    for (let count = 2; taken.has(name) || taken.has(`${name}.pub`); count++) name = `${previous}.${count}`;
    return name;
  }

  /**
   * The signer of a role's present key.
   *
   * @throws DTufError KEY_MISSING, KEY_PASSWORD, KEY_INVALID
   */
  async signer(role: Role): Promise<Signer> {
    const pem = await this.#read(privateName(role));
    if (pem === undefined) {
      throw new DTufError(
        'KEY_MISSING',
        `there is no ${role} key (${privateName(role)}): make one, or bring back the file that was moved away`,
        { role },
      );
    }
    const password = await this.#passwords(role, 'open');
    try {
      return await signerOf(await this.#open(pem, password));
    } catch (error) {
      if (!hasCode(error, 'KEY_PASSWORD', 'KEY_INVALID')) throw error;
      throw new DTufError(
        error.code,
        `the ${role} key (${privateName(role)}) cannot be used: ${error.message}`,
        { role, cause: error },
      );
    }
  }

  /**
   * Signers of the keys of a role that were set aside and open with the role's present password.
   *
   * @param onLocked told the name of each file that does not.
   */
  async previousSigners(role: Role, onLocked: (name: string) => void): Promise<Signer[]> {
    const names = (await this.#store.list(`${privateName(role)}.previous`)).filter(
      (name) => !name.endsWith('.pub'),
    );
    const signers: Signer[] = [];
    for (const name of [...names].sort()) {
      const pem = await this.#read(name);
      if (pem === undefined) continue;
      try {
        signers.push(await signerOf(await this.#open(pem, await this.#passwords(role, 'open'))));
      } catch (error) {
        if (!hasCode(error, 'KEY_PASSWORD', 'KEY_INVALID')) throw error;
        onLocked(name);
      }
    }
    return signers;
  }

  async #read(name: string): Promise<string | undefined> {
    const file = (await this.#store.read([name])).get(name);
    return file && new TextDecoder().decode(file.bytes);
  }
}

/** Whether two signers hold the same key. */
export async function sameKey(a: Signer, b: Signer): Promise<boolean> {
  return (await identityOfKey(a.key)) === (await identityOfKey(b.key));
}
