// The chain of trust from the root to a file, as the client's own checks tell it.
import type { Check, DTufError, VerifiedTarget } from './dtuf.ts';

export const LINKS = ['root', 'timestamp', 'snapshot', 'targets', 'file'] as const;
export type LinkName = (typeof LINKS)[number];

/** `unreached`: it was never looked at, because a link before it broke. */
export type LinkState = 'verified' | 'broken' | 'unreached';

/** What a link was found out to be, by one version of its file. */
export interface CheckedFile {
  /** As in `3.snapshot.json`; of the last link the name of the target. */
  readonly name: string;
  readonly passed: readonly Pick<Check, 'clause' | 'what'>[];
  readonly failed: Failed | undefined;
}

export interface Failed {
  readonly clause: string | undefined;
  readonly what: string;
}

export interface Link {
  readonly name: LinkName;
  readonly state: LinkState;
  readonly files: readonly CheckedFile[];
}

/** What a pull came to. */
export interface Pulled {
  readonly checks: readonly Check[];
  readonly refusal: DTufError | undefined;
  readonly found: Pick<VerifiedTarget, 'name' | 'length' | 'hashes'> | undefined;
}

export function chainOf({ checks, refusal, found }: Pulled): readonly Link[] {
  const files = byFile(checks);
  let broken = false;
  return LINKS.map((name) => {
    const ofLink =
      name === 'file'
        ? fileLink(refusal, found)
        : [...files].flatMap(([file, of]) => roleLink(name, file, of, refusal));
    const state = broken || ofLink.length === 0 ? 'unreached' : stateOf(ofLink);
    if (state === 'broken') broken = true;
    return { name, state, files: state === 'unreached' ? [] : ofLink };
  });
}

function byFile(checks: readonly Check[]): ReadonlyMap<string, readonly Check[]> {
  const files = new Map<string, Check[]>();
  for (const check of checks) files.set(check.file, [...(files.get(check.file) ?? []), check]);
  return files;
}

function stateOf(files: readonly CheckedFile[]): LinkState {
  return files.some(({ failed }) => failed !== undefined) ? 'broken' : 'verified';
}

function roleLink(
  role: LinkName,
  file: string,
  checks: readonly Check[],
  refusal: DTufError | undefined,
): CheckedFile[] {
  if (!file.endsWith(`.${role}.json`)) return [];
  // A copy that was kept and is refused is fetched anew: only what ended the pull has broken the chain.
  const failed = checks.find(({ ok, clause }) => !ok && clause === refusal?.clause);
  return [{ name: file, passed: checks.filter(({ ok }) => ok), failed }];
}

function fileLink(refusal: DTufError | undefined, found: Pulled['found']): CheckedFile[] {
  if (refusal?.target !== undefined) {
    const { target, clause } = refusal;
    return [{ name: target, passed: [], failed: { clause, what: 'it is what targets signed' } }];
  }
  if (found === undefined) return [];
  return [{ name: found.name, passed: [], failed: undefined }];
}
