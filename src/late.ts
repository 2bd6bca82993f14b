import { DTufError } from './errors.ts';

/**
 * Waits for a part that is loaded when it is needed first, as in `late(import(…))`.
 *
 * @throws DTufError UNREACHABLE where it cannot be loaded: a page may have lost its server by then. Firefox remembers that for as
 * long as the page is open, Chromium and WebKit ask again.
 */
export async function late<T>(part: Promise<T>): Promise<T> {
  try {
    return await part;
  } catch (cause) {
    throw new DTufError(
      'UNREACHABLE',
      'a part of dtuf could not be loaded from where the rest of it came from: try again, and reload the page if that does not help',
      { cause },
    );
  }
}
