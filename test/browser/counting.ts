// Two that count in one file of a store, as two tabs that refresh at once.
import type { Store } from '../../src/ports.ts';

const COUNT = 'repository/count';

/** Adds one, `times` over, each time in a commit that compares; begins anew where another was quicker. */
export async function countIn(store: Store, times: number): Promise<void> {
  for (let done = 0; done < times; ) {
    const stored = (await store.read([COUNT])).get(COUNT);
    const next = new Uint8Array([(stored?.bytes[0] ?? 0) + 1]);
    const committed = await store.commit(new Map([[COUNT, stored?.version]]), new Map([[COUNT, next]]));
    if (committed) done++;
  }
}

export async function countOf(store: Store): Promise<number | undefined> {
  return (await store.read([COUNT])).get(COUNT)?.bytes[0];
}
