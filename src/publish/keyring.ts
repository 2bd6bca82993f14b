import type { Signer } from '../ports.ts';
import type { Role } from '../tuf/metadata.ts';
import type { CreatedKey, KeyFiles } from './key-files.ts';

/** The private keys that a publisher has: in files, passed in by its caller, or handed over for as long as it lives. */
export class Keyring {
  readonly #files: KeyFiles;
  /** They stand above files. */
  readonly #held: Partial<Record<Role, Signer>>;
  /** Roles whose key in `#held` is kept by its owner elsewhere. */
  readonly #borrowed = new Set<Role>();
  /** Keys that were in `#held`: they sign the next root too. */
  readonly #previous: [Role, Signer][] = [];

  constructor(files: KeyFiles, signers: Partial<Record<Role, Signer>> = {}) {
    this.#files = files;
    this.#held = { ...signers };
  }

  /** Takes a private key that is kept elsewhere. @throws DTufError KEY_PASSWORD, KEY_INVALID */
  async use(role: Role, pem: string, password?: string): Promise<void> {
    this.#set(role, await this.#files.open(role, pem, password));
  }

  /** Makes keys, all or none. @throws DTufError KEY_PASSWORD, STORAGE_FAILED */
  async create(...wanted: Parameters<KeyFiles['create']>): Promise<ReadonlyMap<Role, CreatedKey>> {
    const created = await this.#files.create(...wanted);
    for (const [role, { signer }] of created) this.#set(role, signer);
    return created;
  }

  /** @throws DTufError KEY_MISSING, KEY_PASSWORD, KEY_INVALID */
  async signers(roles: readonly Role[]): Promise<Record<Role, Signer>> {
    const signers: Partial<Record<Role, Signer>> = {};
    for (const role of roles) signers[role] = this.#held[role] ?? (await this.#files.signer(role));
    return signers as Record<Role, Signer>;
  }

  /** The keys that signed for the role before. @param onLocked told the name of each file that does not open. */
  async previousSigners(role: Role, onLocked: (name: string) => void): Promise<Signer[]> {
    const held = this.#previous.flatMap(([of, signer]) => (of === role ? [signer] : []));
    return [...held, ...(await this.#files.previousSigners(role, this.#held[role] !== undefined, onLocked))];
  }

  /** @param signer undefined where the role's key is in its file from now on. */
  #set(role: Role, signer: Signer | undefined): void {
    const before = this.#held[role];
    // Signers that the caller passed in stand above files.
    if (signer === undefined && !this.#borrowed.has(role)) return;
    if (before !== undefined) this.#previous.push([role, before]);
    if (signer === undefined) delete this.#held[role];
    else this.#held[role] = signer;
    this.#borrowed.add(role);
  }
}
