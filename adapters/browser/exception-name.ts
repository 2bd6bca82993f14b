/** The name of a DOMException, as in `QuotaExceededError`, or undefined where it is something else. */
export function exceptionName(error: unknown): string | undefined {
  // QuotaExceededError is becoming a class of its own (Web IDL): its name stays.
  return error instanceof Error ? error.name : undefined;
}
