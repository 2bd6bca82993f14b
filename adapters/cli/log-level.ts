/** The severity of a message, as a number that grows with it (Python's). */
export type Level = number;

// Python's names, with its short and old ones.
const levels: ReadonlyMap<string, Level> = new Map([
  ['NOTSET', 0],
  ['DEBUG', 10],
  ['INFO', 20],
  ['WARN', 30],
  ['WARNING', 30],
  ['ERROR', 40],
  ['FATAL', 50],
  ['CRITICAL', 50],
]);

/** @returns undefined where it is no name of a level. */
export function parseLevel(name: string): Level | undefined {
  return levels.get(name);
}

export const DEBUG = 10;
export const INFO = 20;
export const WARNING = 30;
export const ERROR = 40;
