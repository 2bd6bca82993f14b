/** One way to log in that a server offers (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  /** By names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** More than any server sends; what comes after is not looked at. */
const longestHeader = 16_384;

/** token (RFC 9110, 5.6.2) */
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
/** `= value`, the value being a token, a quoted string (5.6.4), or what lenient servers leave unquoted. */
const assignment = /\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))/y;
/** token68 (11.2), as Negotiate has it. */
const token68 = /[ \t]+[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;
const separators = /[\s,]*/y;

/**
 * Reads a WWW-Authenticate header: also several challenges in one, scheme and parameter names in any case, commas
 * and blanks within quotes.
 *
 * @returns what could be read; a malformed rest is left out, since another challenge before it may still do.
 */
export function parseChallenges(header: string | null): readonly Challenge[] {
  const text = (header ?? '').slice(0, longestHeader);
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match ?? undefined;
  };
  for (;;) {
    take(separators);
    const name = take(token)?.[0].toLowerCase();
    if (name === undefined) return challenges;
    const current = challenges.at(-1);
    const value = current && take(assignment);
    if (value) {
      const text = value[1]?.replace(/\\(.)/g, '$1') ?? value[2] ?? '';
      // The first of two values counts, so that nothing appended can replace what stands before it.
      if (!current.parameters.has(name)) current.parameters.set(name, text);
    } else {
      challenges.push({ scheme: name, parameters: new Map() });
      take(token68);
    }
  }
}
