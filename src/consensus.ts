// TAP 4: targets on which several repositories have to agree, so that no single one can be turned against its users.
import type { VerifiedTarget } from './client/verified-target.ts';
import type { DTufCopy, Refreshed } from './copy.ts';
import { DTufError, hasCode } from './errors.ts';
import type { ExplainedCall } from './options.ts';
import type { Target } from './target.ts';
import { knownHashes } from './tuf/file-info.ts';
import { matchesPath } from './tuf/path-pattern.ts';

/** An entry of TAP 4's map: who has to agree on which targets. */
export interface TrustMapping {
  /** Patterns as those of delegations: `*` does not cross a slash (TUF 1.0.34, 4.5, PATHPATTERN). */
  readonly paths: readonly string[];
  /** Names of repositories. */
  readonly repositories: readonly string[];
  /** How many of them have to sign the same length and hashes; at least 1. */
  readonly threshold: number;
  /** Whether later entries do not count for these paths; false if left out. */
  readonly terminating?: boolean;
}

export interface ConsensusOptions {
  /** The clients by name, each with its own store or part of one. */
  readonly repositories: Readonly<Record<string, DTufCopy>>;
  /** In order: the first entry whose paths match and whose repositories agree decides. */
  readonly mapping: readonly TrustMapping[];
}

/** What the repositories answered to a refresh, by name. */
export interface ConsensusRefreshed {
  readonly refreshed: ReadonlyMap<string, Refreshed>;
  /** Those that failed: the others may be enough to agree. */
  readonly failed: ReadonlyMap<string, unknown>;
}

/**
 * A client of several repositories that have to agree on a target (TAP 4).
 *
 * @example
 * const both = new DTufConsensus({
 *   repositories: { ours, mirror },
 *   mapping: [{ paths: ['app/*'], repositories: ['ours', 'mirror'], threshold: 2, terminating: true }],
 * });
 * await both.pullMetadata();
 * const text = await (await both.pullTarget('app/readme.txt')).text();
 */
export class DTufConsensus {
  readonly #repositories: ReadonlyMap<string, DTufCopy>;
  readonly #mapping: readonly TrustMapping[];

  /** @throws DTufError INVALID_ARGUMENT where an entry names a repository that is not there, or can never agree. */
  constructor({ repositories, mapping }: ConsensusOptions) {
    this.#repositories = new Map(Object.entries(repositories));
    this.#mapping = mapping;
    for (const entry of mapping) this.#checkEntry(entry);
  }

  #checkEntry({ repositories, threshold, paths }: TrustMapping): void {
    const unknown = repositories.find((name) => !this.#repositories.has(name));
    const distinct = new Set(repositories).size;
    if (unknown === undefined && Number.isInteger(threshold) && threshold >= 1 && threshold <= distinct)
      return;
    throw new DTufError(
      'INVALID_ARGUMENT',
      unknown === undefined
        ? `${threshold} of ${distinct} repositories can never agree on ${paths.join(', ')}: expected a threshold from 1 to ${distinct}`
        : `the mapping of ${paths.join(', ')} names the repository ${JSON.stringify(unknown)}, which is not given`,
    );
  }

  /** Refreshes all repositories, at the same time. One that fails only counts as one that does not agree. */
  async pullMetadata(call: ExplainedCall = {}): Promise<ConsensusRefreshed> {
    const names = [...this.#repositories.keys()];
    const copies = [...this.#repositories.values()];
    const settled = await Promise.allSettled(copies.map((copy) => copy.pullMetadata(call)));
    const refreshed = new Map<string, Refreshed>();
    const failed = new Map<string, unknown>();
    for (const [i, result] of settled.entries()) {
      const name = names[i] ?? '';
      if (result.status === 'fulfilled') refreshed.set(name, result.value);
      else failed.set(name, result.reason);
    }
    return { refreshed, failed };
  }

  /**
   * A target on which enough repositories agree; it is read from the first of them.
   *
   * @throws DTufError TARGET_NOT_FOUND where no entry is for it or no repository has it; NO_CONSENSUS where too few agree,
   * with what each of them said as an AggregateError in `cause`.
   */
  async pullTarget(name: string, call: ExplainedCall = {}): Promise<VerifiedTarget> {
    const failures: unknown[] = [];
    let found = 0;
    for (const entry of this.#mapping) {
      if (!entry.paths.some((pattern) => matchesPath(pattern, name))) continue;
      const answers = await this.#ask(entry, name, call);
      failures.push(...answers.failures);
      found += answers.targets.length;
      const agreed = agreement(answers.targets, entry.threshold);
      if (agreed !== undefined) return agreed;
      if (entry.terminating === true) break;
    }
    throw noConsensus(name, found, failures);
  }

  /** A repository is asked once, however often an entry names it. */
  async #ask({ repositories }: TrustMapping, name: string, call: ExplainedCall) {
    const copies = [...new Set(repositories)].flatMap((one) => this.#repositories.get(one) ?? []);
    const settled = await Promise.allSettled(copies.map((copy) => copy.pullTarget(name, call)));
    const targets = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const failures = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    return { targets, failures };
  }
}

/** The first target that `threshold` of them are, by length and every known hash. What else `custom` says may differ. */
function agreement(targets: readonly VerifiedTarget[], threshold: number): VerifiedTarget | undefined {
  const counts = new Map<string, number>();
  for (const target of targets) counts.set(identityOf(target), (counts.get(identityOf(target)) ?? 0) + 1);
  return targets.find((target) => (counts.get(identityOf(target)) ?? 0) >= threshold);
}

function identityOf({ length, hashes, custom }: Target): string {
  return JSON.stringify([length, knownHashes(hashes), mediaTypeOf(custom)]);
}

/** It says whether the bytes are the target, or list its parts: the same bytes are two targets then. */
function mediaTypeOf(custom: unknown): unknown {
  const { dtuf } = Object(custom) as { readonly dtuf?: unknown };
  return (Object(dtuf) as { readonly mediaType?: unknown }).mediaType ?? null;
}

function noConsensus(name: string, found: number, failures: readonly unknown[]): DTufError {
  const details = { target: name, ...(failures.length > 0 ? { cause: new AggregateError(failures) } : {}) };
  const absent = found === 0 && failures.every((error) => hasCode(error, 'TARGET_NOT_FOUND'));
  return absent
    ? new DTufError('TARGET_NOT_FOUND', `no repository has the target ${JSON.stringify(name)}`, details)
    : new DTufError(
        'NO_CONSENSUS',
        `too few repositories agree on the target ${JSON.stringify(name)}: ${found} answered, and ${failures.length} could not or do not have it`,
        details,
      );
}
