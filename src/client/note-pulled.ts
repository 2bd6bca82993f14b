import { utf8 } from '../encoding.ts';
import type { Store } from '../ports.ts';
import type { TargetFile } from '../tuf/targets.ts';
import { readNotes } from './notes.ts';
import { fingerprint, PULLED, PYTHONS, toMap } from './pulled.ts';

/** Notes that a target was downloaded and verified. */
export async function notePulled(store: Store, name: string, file: TargetFile): Promise<void> {
  await update(store, (pulled) => pulled.set(name, fingerprint(file)));
}

/** Forgets targets that are no longer published. */
export async function forgetPulled(store: Store, names: readonly string[]): Promise<void> {
  await update(store, (pulled) => {
    for (const name of names) pulled.delete(name);
  });
  const gone = new Set(names.map((name) => PYTHONS + name));
  const stale = (await store.list(PYTHONS)).filter((path) => gone.has(path));
  if (stale.length > 0) await store.commit(new Map(), new Map(), stale);
}

async function update(store: Store, change: (pulled: Map<string, string>) => void): Promise<void> {
  for (;;) {
    const stored = (await store.read([PULLED])).get(PULLED);
    const pulled = toMap(readNotes(stored?.bytes, PULLED));
    change(pulled);
    const bytes = utf8(JSON.stringify(Object.fromEntries(pulled)));
    // Another process noted something at the same moment: once more. Each round one of them is through.
    if (await store.commit(new Map([[PULLED, stored?.version]]), new Map([[PULLED, bytes]]))) return;
  }
}
