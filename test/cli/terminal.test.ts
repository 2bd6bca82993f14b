import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines, printableName } from '../../adapters/cli/terminal.ts';

const hostile = [
  ['a newline', 'a\nb'],
  ['a carriage return', 'a\rb'],
  ['an ANSI escape', '\u001b[2Kb'],
  ['an 8-bit control sequence', '\u009b2Kb'],
  ['a bidi override', 'a\u202egnp.exe'],
  ['a bidi isolate', 'a\u2066b'],
  ['a line separator', 'a\u2028b'],
  ['a zero width space', 'a\u200bb'],
  ['a byte order mark', '\ufeffa'],
  ['a tag character', 'a\u{e0041}b'],
  ['a lone surrogate', 'a\ud800b'],
  ['NUL', 'a\0b'],
  ['DEL', 'a\u007fb'],
] as const;

const harmful =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u;

describe('text of strangers', () => {
  it.each(hostile)('with %s is shown by code points (ATTACKS 97)', (_, text) => {
    for (const shown of [printable(text), printableName(text), printableJson(text)]) {
      expect(shown).not.toMatch(harmful);
      expect(shown).toContain('\\');
    }
  });

  it.each(hostile)('with %s is the same value in JSON (ATTACKS 97)', (_, text) => {
    expect(JSON.parse(printableJson({ text }))).toEqual({ text });
  });

  it('in other scripts and with emoji stays as it is', () => {
    const text = 'Grüße, 日本語, سلام, 👩‍👩‍👧, a/b-c_d.txt';
    expect(printable(text)).toBe(text);
    expect(printableName(text)).toBe(text);
    expect(JSON.parse(printableJson(text))).toBe(text);
  });

  it('never makes two names look the same in a list (ATTACKS 97)', () => {
    expect(printableName('a\nb')).toBe('a\\u{a}b');
    expect(printableName('a\\u{a}b')).toBe('a\\\\u{a}b');
  });

  it('keeps its line ends where lines are meant', () => {
    expect(printableLines('a\n\u001bb')).toBe('a\n\\u{1b}b');
  });
});
