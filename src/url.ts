/** @param base what a relative address is relative to. @returns undefined where it is no address. */
export function parseUrl(text: string, base?: string | URL): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    // The caller says what was expected; the parser's own message adds nothing.
    return undefined;
  }
}
