// Names and messages that others made must not move the cursor, forge a line or turn the text
// around (ATTACKS 97): control and format characters are shown by their code point.

// Cc, Cf, line and paragraph separators, lone surrogates. The joiners U+200C and U+200D stay:
// scripts and emoji need them, and alone they do nothing.
const unsafe = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const byCodePoint = (character: string) => `\\u{${character.codePointAt(0)?.toString(16)}}`;

/** A message for a terminal or a log: always one line. */
export function printable(text: string): string {
  return text.replace(unsafe, byCodePoint);
}

/** Text of several lines, such as a stack: its line ends stay. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/**
 * A target's or repository's name in a list: one line a name, and no two names look the same,
 * because a backslash of the name is doubled.
 */
export function printableName(name: string): string {
  return printable(name.replaceAll('\\', '\\\\'));
}

/** JSON of one line that is the same value to a parser, and harmless on a terminal. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(unsafe, (character) =>
    Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
      .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
      .join(''),
  );
}
