import type { Trust } from '../../src/client/trust.ts';
import type { VerifiedTarget } from '../../src/client/verified-target.ts';
import type { Refreshed } from '../../src/copy.ts';
import { hasCode } from '../../src/errors.ts';
import type { Options } from '../../src/options.ts';
import { DTufCopy } from './copy.ts';

/** In milliseconds: how old a refresh may be that a click goes on from. */
const FRESH = 60_000;

/** A client that several elements share, and its last refresh. */
export class SharedCopy {
  readonly copy: DTufCopy;
  #last: { readonly at: number; readonly refreshed: Promise<Refreshed> } | undefined;

  constructor(copy: DTufCopy) {
    this.copy = copy;
  }

  /** Refreshes, unless one of those who share this did so a moment ago or is about to. */
  refresh(): Promise<Refreshed> {
    if (this.#last !== undefined && performance.now() - this.#last.at < FRESH) return this.#last.refreshed;
    const last = { at: performance.now(), refreshed: this.copy.pullMetadata() };
    this.#last = last;
    last.refreshed.catch(() => {
      if (this.#last === last) this.#last = undefined;
    });
    return last.refreshed;
  }

  /** The target as it stands after a refresh; after another one where what that had stored was cleared meanwhile. */
  async find(target: string, call: { signal?: AbortSignal }): Promise<VerifiedTarget> {
    await this.refresh();
    try {
      return await this.copy.pullTarget(target, call);
    } catch (error) {
      if (!hasCode(error, 'METADATA_MISSING')) throw error;
      this.#last = undefined;
      await this.refresh();
      return this.copy.pullTarget(target, call);
    }
  }
}

/** Where a repository is and what is trusted of it, as a page writes it. */
export interface Place extends Pick<Options, 'layout' | 'repository'> {
  readonly host: string;
  readonly trust?: Trust;
}

/** Of a page: by place and trust. */
const copies = new Map<string, SharedCopy>();

export function sharedCopy(place: Place): SharedCopy {
  const key = JSON.stringify([place.host, place.repository, place.layout, place.trust]);
  const shared = copies.get(key) ?? new SharedCopy(new DTufCopy(place));
  copies.set(key, shared);
  return shared;
}
