// A registry with two releases in it, and what the story needs to know of them.
import type { Signer } from './dtuf.ts';

/** What answers requests to a registry: a handler in this page, or `fetch` to one that listens. */
export interface Registry {
  readonly fetch: typeof fetch;
}

export interface World {
  readonly registry: Registry;
  /** As <dtuf-download> takes it. */
  readonly host: string;
  readonly repository: string;
  /** The root public key in PEM: all that a reader is given. */
  readonly rootKey: string;
  /** Where the page has that key from, for <dtuf-download>. */
  readonly rootKeyAddress: string;
  /** A small text among the targets, which the second release changes. */
  readonly text: string;
  /** A larger target, which it does not. */
  readonly data: string;
  /** The versions of the timestamp, one for each release that was published so far, in order. */
  releases(): Promise<readonly [first: number, ...later: number[]]>;
  /** Publishes the second release, where that was not done yet. */
  publishUpdate(): Promise<void>;
  /** The one key that an attacker got hold of. */
  stolenTimestampKey(): Promise<Signer>;
}

/** The versions under which a registry keeps each release, read from its tags. */
export async function releasesOf({ fetch }: Registry, repository: string): Promise<[number, ...number[]]> {
  const response = await fetch(new URL(`/v2/${repository}/tags/list`, base()));
  const { tags = [] } = (await response.json()) as { tags?: string[] };
  const [first, ...later] = tags
    .flatMap((tag) => /^(\d+)\.timestamp\.json$/.exec(tag)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
  if (first === undefined) throw new Error(`nothing is published in ${repository}`);
  return [first, ...later];
}

/** Of a handler in the page the path alone counts. */
export function base(): string {
  return globalThis.location?.origin ?? 'http://localhost';
}
