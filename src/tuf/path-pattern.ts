// Path patterns of delegations (TUF 1.0.34, 4.5, PATHPATTERN): each part between slashes is matched for itself, as
// Python's fnmatch does it: `*`, `?`, `[a-z]` and `[!a-z]`, by code points and in this letter case.

const STAR = 'star';

/** One character of a pattern: any, or one of those that it takes. */
type Unit = (character: string) => boolean;

const any: Unit = () => true;

/**
 * Whether `path` is one that `pattern` delegates. The time is linear in the pattern and at most quadratic in a part of the
 * path, whatever the pattern is: both come from outside.
 *
 * @example
 * matchesPath('docs/*.txt', 'docs/a.txt');   // true
 * matchesPath('docs/*.txt', 'docs/a/b.txt'); // false: a star does not cross a slash
 */
export function matchesPath(pattern: string, path: string): boolean {
  const patterns = pattern.split('/');
  const parts = path.split('/');
  return patterns.length === parts.length && patterns.every((part, i) => matchesPart(part, parts[i] ?? ''));
}

/** Goes back only to the last star: what came before it has its earliest place already. Each try ends with the name. */
function matchesPart(pattern: string, part: string): boolean {
  const characters = [...part];
  const units = parsePart(pattern, characters.length);
  if (units === undefined) return false;
  let [at, star, resume] = [0, -1, 0];
  for (let i = 0; i < characters.length; ) {
    const unit = units[at];
    if (unit === STAR) {
      star = at++;
      resume = i;
    } else if (unit?.(characters[i] ?? '')) {
      at++;
      i++;
    } else if (star >= 0) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  while (units[at] === STAR) at++;
  return at === units.length;
}

/** @returns undefined where the part takes more than `longest` characters: it is not read further. */
function parsePart(pattern: string, longest: number): (Unit | typeof STAR)[] | undefined {
  const text = [...pattern];
  const units: (Unit | typeof STAR)[] = [];
  let taken = 0;
  // After one that is not closed, no later `[` is: each is not looked for again.
  let closable = true;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '*') {
      if (units.at(-1) !== STAR) units.push(STAR);
      continue;
    }
    if (++taken > longest) return undefined;
    if (character === '?') {
      units.push(any);
    } else {
      const end = character === '[' && closable ? endOfClass(text, i + 1) : -1;
      if (character === '[' && end < 0) closable = false;
      units.push(end < 0 ? (other) => other === character : parseClass(text.slice(i + 1, end)));
      if (end >= 0) i = end;
    }
  }
  return units;
}

/** Where the `]` of a class is that begins at `start`; one that comes first is a member. */
function endOfClass(text: readonly string[], start: number): number {
  const first = text[start] === '!' ? start + 1 : start;
  return text.indexOf(']', first + 1);
}

/** The members of `[…]`. A range whose ends are the wrong way round holds nothing. */
function parseClass(text: readonly string[]): Unit {
  const negated = text[0] === '!';
  const singles = new Set<string>();
  const ranges: [number, number][] = [];
  for (let i = negated ? 1 : 0; i < text.length; i++) {
    const [from = '', dash, to] = text.slice(i, i + 3);
    if (dash === '-' && to !== undefined) {
      ranges.push([codeOf(from), codeOf(to)]);
      i += 2;
    } else {
      singles.add(from);
    }
  }
  return (character) => {
    const code = codeOf(character);
    const held = singles.has(character) || ranges.some(([from, to]) => from <= code && code <= to);
    return held !== negated;
  };
}

function codeOf(character: string): number {
  return character.codePointAt(0) ?? -1;
}
