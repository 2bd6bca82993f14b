// A publisher's key files: encrypted private keys, and the public keys that are given to clients.
import { utf8 } from '../encoding.ts';
import { DTufError, hasCode } from '../errors.ts';
import { late } from '../late.ts';
import type { OpenPrivateKey, Signer, Store } from '../ports.ts';
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

/** How keys are made. */
interface Making {
  /** In the place of asking for one. */
  readonly password?: string | undefined;
  /** Whether the private keys are stored; if not, their signers come back. */
  readonly store: boolean;
}

type Made = CreatedKey & { readonly signer?: Signer };

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
   * Makes a key pair for each role, all or none. A pair that is there is set aside: it may be the only one that can still
   * sign.
   *
   * @throws DTufError STORAGE_FAILED, STATE_CHANGED, KEY_PASSWORD where a password is empty
   */
  async create(
    roles: readonly Role[],
    type: KeyType,
    { password: given, store }: Making,
  ): Promise<ReadonlyMap<Role, Made>> {
    const created = new Map<Role, Made>();
    for (const role of roles) {
      const password = given ?? (await this.#passwords(role, 'create'));
      const pair = await generateKeyPair(type);
      // Loaded when it is needed: a page that only verifies must not pay for it.
      const { encryptPrivateKey } = await late(import('../tuf/private-key.ts'));
      const privateKey = await encryptPrivateKey(pair.pkcs8, password);
      const signer = store ? {} : { signer: await signerOf(pair.pkcs8) };
      created.set(role, { publicKey: pair.publicPem, privateKey, ...signer });
    }
    return this.#replace(created);
  }

  async #replace(created: ReadonlyMap<Role, Made>): Promise<ReadonlyMap<Role, Made>> {
    const names = [...created.keys()].flatMap((role) => [privateName(role), publicName(role)]);
    const stored = await this.#store.read(names);
    const writes = new Map<string, Uint8Array>();
    const deletes: string[] = [];
    const kept = new Map<Role, Made>();
    for (const [role, key] of created) {
      const [privateFile, publicFile] = [privateName(role), publicName(role)];
      writes.set(publicFile, utf8(key.publicKey));
      if (key.signer === undefined) writes.set(privateFile, utf8(key.privateKey));
      else deletes.push(privateFile);
      const [before, beforePublic] = [stored.get(privateFile), stored.get(publicFile)];
      const setAside = before || beforePublic ? await this.#freeName(role) : undefined;
      if (before) writes.set(`${setAside}`, before.bytes);
      if (beforePublic) writes.set(`${setAside}.pub`, beforePublic.bytes);
      kept.set(role, setAside === undefined ? key : { ...key, setAside });
    }
    const expected = new Map(names.map((name) => [name, stored.get(name)?.version] as const));
    if (await this.#store.commit(expected, writes, deletes)) return kept;
    const roles = [...created.keys()].join(', ');
    throw new DTufError(
      'STATE_CHANGED',
      `the keys of ${roles} were changed by another process at the same moment: try again`,
    );
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
    return this.open(role, pem);
  }

  /**
   * The signer of a key in PEM.
   *
   * @param given in the place of asking for the password.
   * @throws DTufError KEY_PASSWORD, KEY_INVALID
   */
  async open(role: Role, pem: string, given?: string): Promise<Signer> {
    const password = given ?? (await this.#passwords(role, 'open'));
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
   * @param isReplaced whether something else signs in the place of the role's key file: then that is one of them.
   * @param onLocked told the name of each file that does not.
   */
  async previousSigners(
    role: Role,
    isReplaced: boolean,
    onLocked: (name: string) => void,
  ): Promise<Signer[]> {
    const names = (await this.#store.list(`${privateName(role)}.previous`)).filter(
      (name) => !name.endsWith('.pub'),
    );
    const signers: Signer[] = [];
    for (const name of [...(isReplaced ? [privateName(role)] : []), ...names].sort()) {
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
