// The reader: a client of dtuf, as in any page, which keeps what it has seen.
import { type Bytes, type Check, DTufCopy, memoryStore, type VerifiedTarget } from './dtuf.ts';
import { Network } from './network.ts';
import type { World } from './world.ts';

export class Reader {
  readonly network: Network;
  readonly #copy: DTufCopy;
  readonly #world: World;
  /** What its clock is ahead, in milliseconds. */
  #ahead = 0;
  /** The checks of the last pull, in order; the one that failed is the last. */
  checks: Check[] = [];
  found: VerifiedTarget | undefined;

  /** @param address where its way to the registry begins; what it keeps is then kept in the browser, for others of that address. */
  constructor(world: World, address?: string) {
    this.#world = world;
    this.network = new Network(world);
    this.#copy = new DTufCopy({
      ...(address === undefined ? { host: this.network, store: memoryStore() } : { host: address }),
      repository: world.repository,
      trust: world.rootKey,
      clock: () => this.now,
    });
  }

  get now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  /** Lets time pass. */
  waitUntil(time: Date): void {
    this.#ahead = time.getTime() - Date.now();
  }

  /** @returns the names of the targets that changed since they were last pulled. */
  async refresh(): Promise<readonly string[]> {
    this.checks = [];
    const { changed } = await this.#copy.pullMetadata({ onCheck: (check) => this.#note(check) });
    return changed;
  }

  /** Refreshes, and pulls a target. @throws DTufError where anything on the way is not what was signed. */
  async pull(name: string = this.#world.text): Promise<Bytes> {
    this.found = undefined;
    await this.refresh();
    const target = await this.#copy.pullTarget(name, { onCheck: (check) => this.#note(check) });
    const bytes = await target.bytes();
    this.found = target;
    return bytes;
  }

  /** When the first of what it trusts expires, by role. */
  expirations() {
    return this.#copy.getExpirations();
  }

  /** A search goes through the same checks again, of what the refresh has kept. */
  #note(check: Check): void {
    const isKnown = this.checks.some(
      ({ file, clause, what, role, ok }) =>
        file === check.file &&
        clause === check.clause &&
        what === check.what &&
        role === check.role &&
        ok === check.ok,
    );
    if (!isKnown) this.checks.push(check);
  }
}
