/** The whole of an error, as a log would show it at worst. */
export function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const fields = JSON.stringify(error, Object.getOwnPropertyNames(error));
  return `${error.stack} ${fields} ${error.cause === undefined ? '' : everythingIn(error.cause)}`;
}
