// What the child process commits, and how a reader tells whether it sees one whole generation.
import type { Store, Stored } from '../../src/ports.ts';

export { fileStore } from '../../adapters/node/file-store.ts';

export const names = [
  'a',
  'repository/metadata/current/b.json',
  'keys/c',
  'keys/c.pub',
  'repository/targets/odd',
];
const odd = 'repository/targets/odd';

/** The files of one generation: all say its number, and one is there in odd generations only. */
export function filesOf(generation: number): {
  writes: Map<string, Uint8Array>;
  deletes: string[];
} {
  const kept = generation % 2 === 1 ? names : names.filter((name) => name !== odd);
  const content = (name: string) =>
    new TextEncoder().encode(`${generation} ${name} ${'x'.repeat((generation * 7919) % 20000)}`);
  return {
    writes: new Map(kept.map((name) => [name, content(name)])),
    deletes: names.filter((name) => !kept.includes(name)),
  };
}

/** The number that all files agree on; 0 where there is none. @throws where they do not agree */
export function generationOf(found: ReadonlyMap<string, Stored>): number {
  if (found.size === 0) return 0;
  const texts = [...found].map(([name, { bytes }]) => [name, new TextDecoder().decode(bytes)] as const);
  const generation = Number.parseInt(texts[0]?.[1] ?? '', 10);
  const { writes } = filesOf(generation);
  const whole = texts.every(([name, text]) => text === new TextDecoder().decode(writes.get(name)));
  if (whole && found.size === writes.size) return generation;
  throw new Error(
    `a mixture: ${texts.map(([name, text]) => `${name}=${text.slice(0, 12)} (${text.length})`).join(', ')}`,
  );
}

export async function readGeneration(store: Store): Promise<number> {
  return generationOf(await store.read(names));
}

export async function commitGeneration(store: Store, generation: number): Promise<boolean> {
  const { writes, deletes } = filesOf(generation);
  return store.commit(new Map(), writes, deletes);
}
