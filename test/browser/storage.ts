// The storage of the page's origin, as tests need it.
import { vi } from 'vitest';
import { cdp } from 'vitest/browser';

const databases = new Set<string>();

/** The name of a database that no other test has; {@link cleanUp} deletes it. */
export function newDatabase(): string {
  const name = `test ${crypto.randomUUID()}`;
  databases.add(name);
  return name;
}

/** After each test of each file: where several files are one module, this one is not loaded again. */
export async function cleanUp(): Promise<void> {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  for (const name of databases) {
    // A test that has cleared the site's data breaks off what else is under way there.
    await deleteDatabase(name).catch(() => deleteDatabase(name));
  }
  databases.clear();
}

/** As another tab that clears the site's data. */
export function deleteDatabase(name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(name);
    request.onsuccess = () => resolve();
    request.onerror = () => reject(request.error);
  });
}

export function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name);
    request.onupgradeneeded = () => request.result.createObjectStore('files');
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Runs `work` while the browser gives this origin only `left` bytes more than it uses. */
export async function withQuota(left: number, work: () => Promise<void>): Promise<void> {
  const { usage = 0 } = await navigator.storage.estimate();
  const { origin } = location;
  await devTools('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + left });
  try {
    await work();
  } finally {
    await devTools('Storage.overrideQuotaForOrigin', { origin });
  }
}

/** Clears the site's data as a user does in the settings, with connections open. */
export async function clearSiteData(): Promise<void> {
  await devTools('Storage.clearDataForOrigin', { origin: location.origin, storageTypes: 'all' });
}

interface DevTools {
  send(method: string, parameters: object): Promise<unknown>;
}

async function devTools(method: string, parameters: object): Promise<void> {
  const session: unknown = cdp();
  await (session as DevTools).send(method, parameters);
}

/** Bytes that do not compress. */
export function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  // getRandomValues takes no more at once.
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

/** Where what is not verified yet waits, in the origin's private files. */
export async function spoolsFolder(): Promise<FileSystemDirectoryHandle> {
  return (await navigator.storage.getDirectory()).getDirectoryHandle('dtuf-spools', { create: true });
}

export async function spoolNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const name of (await spoolsFolder()).keys()) names.push(name);
  return names;
}

/** What a tab or worker leaves that is killed: its locks are free, what it had not closed is gone. */
export async function leaveBehind(name: string, segments: readonly string[], done = false): Promise<void> {
  const folder = await (await spoolsFolder()).getDirectoryHandle(name, { create: true });
  const files = [
    ...segments.map((content, i) => [`${i}`, content] as const),
    ...(done ? [['done', ''] as const] : []),
  ];
  for (const [file, content] of files) {
    const stream = await (await folder.getFileHandle(file, { create: true })).createWritable();
    await stream.write(content);
    await stream.close();
  }
}
