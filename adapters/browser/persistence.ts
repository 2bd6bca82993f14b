/**
 * Asks the browser not to empty the storage of this site by itself. It decides, or asks its user. In a worker, which may not
 * ask, the answer is the one that a page was given.
 *
 * @returns false where it made no such promise.
 */
export async function keepStorage(): Promise<boolean> {
  const storage: StorageManager | undefined = globalThis.navigator?.storage;
  if (storage === undefined) return false;
  try {
    if (await storage.persisted()) return true;
    return typeof storage.persist === 'function' && (await storage.persist());
  } catch {
    // Frames without an origin keep nothing at all.
    return false;
  }
}
