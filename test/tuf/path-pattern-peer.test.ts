// Path patterns against a second implementation: a regular expression for each part, as Python's fnmatch makes it.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesPath } from '../../src/tuf/path-pattern.ts';

function reference(pattern: string, path: string): boolean {
  const [patterns, parts] = [pattern.split('/'), path.split('/')];
  return patterns.length === parts.length && patterns.every((one, i) => translate(one).test(parts[i] ?? ''));
}

function translate(pattern: string): RegExp {
  const source = pattern.replace(/\*|\?|\[(!?)(\]?[^\]]*)\]|./gsu, (found, not: string, members: string) => {
    if (found === '*') return '.*';
    if (found === '?') return '.';
    if (members === undefined || members === '') return escaped(found);
    return classOf(not, members);
  });
  return new RegExp(`^(?:${source})$`, 'su');
}

/** A class without its empty ranges; one without members matches nothing, or everything where it is negated. */
function classOf(not: string, members: string): string {
  let inner = '';
  const characters = [...members];
  for (let i = 0; i < characters.length; i++) {
    const [from = '', dash, to] = characters.slice(i, i + 3);
    if (dash === '-' && to !== undefined) {
      if ((from.codePointAt(0) ?? 0) <= (to.codePointAt(0) ?? 0)) inner += `${escaped(from)}-${escaped(to)}`;
      i += 2;
    } else {
      inner += escaped(from);
    }
  }
  if (inner === '') return not === '' ? '(?!)' : '.';
  return `[${not === '' ? '' : '^'}${inner}]`;
}

const escaped = (character: string) =>
  character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&').replace('-', '\\x2d');

const letters = 'aabbc-!^]\\.é😀';
const parts = (of: string, maxLength: number) =>
  fc.array(fc.string({ unit: fc.constantFrom(...of), maxLength }), { minLength: 1, maxLength: 3 });
/** Pattern and path of as many parts, most of the time. */
const pairs = fc.tuple(parts(`${letters}***???[[[]]--`, 8), parts(letters, 6));

it('a pattern matches what a second implementation says (ATTACKS 46)', () => {
  let matched = 0;
  fc.assert(
    fc.property(pairs, ([pattern, path]) => {
      const [a, b] = [pattern.join('/'), path.slice(0, pattern.length).join('/')];
      const want = reference(a, b);
      if (want) matched++;
      expect(matchesPath(a, b), `${a} on ${b}`).toBe(want);
    }),
    { numRuns: 5_000, seed: 31 },
  );
  expect(matched).toBeGreaterThan(50);
});

it('a path without special characters matches itself, and no other (ATTACKS 46)', () => {
  const plain = fc.string({ unit: fc.constantFrom(...'abc/.é😀_-'), maxLength: 8 });
  fc.assert(
    fc.property(plain, plain, (a, b) => {
      expect(matchesPath(a, a)).toBe(true);
      expect(matchesPath(a, b)).toBe(a === b);
    }),
    { numRuns: 1_000, seed: 32 },
  );
});
