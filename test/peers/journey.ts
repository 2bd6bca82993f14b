// The way of a target from a publisher to a client, over any registry.
import { expect, it } from 'vitest';
import { DTufCopy, type DTufMaster, memoryLock, memoryStore } from '../../src/index.ts';
import { bytesOf, namesOf, type Publisher, publisher } from '../core/people.ts';
import { expectSame, noise } from '../registry/content.ts';
import type { Started } from '../registry/suite.ts';

/** How a publisher and a client reach a registry: a client may need less. */
export interface Reached {
  readonly publisher: Pick<Started, 'place' | 'connection'>;
  readonly client: Pick<Started, 'place' | 'connection'>;
}

export async function publisherAt({ publisher: { place, connection } }: Reached): Promise<Publisher> {
  return publisher(place, { lock: memoryLock(), ...connection });
}

export function clientAt(
  { client: { place, connection } }: Reached,
  { repository, rootKey }: Pick<Publisher, 'repository' | 'rootKey'>,
): DTufCopy {
  return new DTufCopy({ host: place, repository, store: memoryStore(), trust: rootKey, ...connection });
}

/** Publishes a target of a few bytes and one of some megabytes. @returns the data of the large one. */
export async function publishTwo(master: DTufMaster): Promise<Uint8Array> {
  const large = noise(4_500_000, 21);
  await master.pushTarget('demo.txt', bytesOf('Hello World!\n'));
  await master.pushTarget('large.bin', large);
  await master.pushMetadata();
  return large;
}

export function journey(reached: () => Reached): void {
  it('the legacy layout is published and pulled', async () => {
    const { place, connection } = reached().publisher;
    const made = await publisher(place, { lock: memoryLock(), layout: 'legacy', ...connection });
    const large = await publishTwo(made.master);
    const copy = clientAt(reached(), made);
    await copy.pullMetadata();
    expectSame(await (await copy.pullTarget('large.bin')).bytes(), large);
  });

  it('targets are published, pulled and verified with the root key alone', async () => {
    const made = await publisherAt(reached());
    const large = await publishTwo(made.master);
    const copy = clientAt(reached(), made);
    expect((await copy.pullMetadata()).changed).toEqual(['demo.txt', 'large.bin']);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('Hello World!\n');
    expectSame(await (await copy.pullTarget('large.bin')).bytes(), large);
  });

  it('a change and a removal reach a client that has state', async () => {
    const made = await publisherAt(reached());
    const { master } = made;
    await publishTwo(master);
    const copy = clientAt(reached(), made);
    await copy.pullMetadata();
    await (await copy.pullTarget('large.bin')).bytes();
    await master.pushTarget('demo.txt', bytesOf('changed'));
    await master.delTarget('large.bin');
    await master.pushMetadata();
    const { changed, removed } = await copy.pullMetadata();
    expect([changed, removed]).toEqual([['demo.txt'], ['large.bin']]);
    expect(await namesOf(copy.listTargets())).toEqual(['demo.txt']);
    expect(await (await copy.pullTarget('demo.txt')).text()).toBe('changed');
  });

  it('a target of several parts and an empty one come back as they were', async () => {
    const made = await publisherAt(reached());
    await made.master.pushTarget('parts', [bytesOf('first,'), bytesOf('second')]);
    await made.master.pushTarget('empty', new Uint8Array());
    await made.master.pushMetadata();
    const copy = clientAt(reached(), made);
    await copy.pullMetadata();
    expect(await (await copy.pullTarget('parts')).text()).toBe('first,second');
    expect((await (await copy.pullTarget('empty')).bytes()).length).toBe(0);
  });

  it('a refresh where nothing changed finds nothing', async () => {
    const made = await publisherAt(reached());
    await publishTwo(made.master);
    const copy = clientAt(reached(), made);
    await copy.pullMetadata();
    await (await copy.pullTarget('demo.txt')).bytes();
    await (await copy.pullTarget('large.bin')).bytes();
    expect((await copy.pullMetadata()).changed).toEqual([]);
  });
}
