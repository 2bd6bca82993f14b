// What it costs to look up many names at once. Names and patterns both come from roles that only some of the targets are
// entrusted to, and each name may be compared with each pattern.
import type { Metadata } from '../tuf/metadata.ts';
import type { Targets } from '../tuf/targets.ts';

/** How many characters are compared at most where each of `names` is looked up in `roles` ({@link Limits.comparisons}). */
export function lookupCost(names: readonly string[], roles: readonly Metadata<Targets>[]): number {
  const patterns = roles.flatMap(({ signed }) => patternsOf(signed));
  const steps = patterns.reduce((sum, pattern) => sum + stepsOf(pattern), 0);
  return names.length * sizeOf(patterns) + steps * sizeOf(names);
}

function sizeOf(texts: readonly string[]): number {
  return texts.reduce((size, text) => size + text.length, 0);
}

/** How often a character of a name is looked at: what stands behind a star is tried from each of them on. */
function stepsOf(pattern: string): number {
  const tried = pattern.split('/').flatMap((part) => part.split('*').slice(1));
  return tried.reduce((longest, { length }) => Math.max(longest, length + 1), 1);
}

function patternsOf({ delegations }: Targets): readonly string[] {
  return [...(delegations?.roles.values() ?? [])].flatMap(({ covers }) =>
    'paths' in covers ? covers.paths : covers.pathHashPrefixes,
  );
}
