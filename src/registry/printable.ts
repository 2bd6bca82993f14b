/**
 * Text of strangers, made fit for one line of a terminal or log: control characters, line separators, marks that
 * turn the direction of writing and lone surrogates are written as escapes, so that no line can be forged.
 *
 * @param longest in UTF-16 units; the rest is cut off.
 */
export function printable(text: string, longest = 300): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
