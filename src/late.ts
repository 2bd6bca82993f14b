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
      'a part of dtuf itself could not be loaded: try again, or reload the page',
      { cause },
    );
  }
}
