// TAP 4: several repositories that have to agree on a target.
import { describe, expect, it } from 'vitest';
import { DTufConsensus, type DTufCopy, type TrustMapping } from '../../src/index.ts';
import { type Repository, repository } from '../tuf/repository.ts';
import { client, Place, refreshed } from './place.ts';

const file = (text: string) => ({ app: text });

/** A client that has refreshed: its repository has the target `app` with this text. */
async function withApp(text: string, change: (of: Repository) => Repository = (of) => of): Promise<DTufCopy> {
  const { copy } = await refreshed(await change(repository().withTargets(file(text))).build());
  return copy;
}

/** A client whose repository was never had. */
async function without(): Promise<DTufCopy> {
  return client(new Place(), { trust: await repository().root() });
}

const all: TrustMapping = { paths: ['*'], repositories: ['one', 'two', 'three'], threshold: 2 };

describe('a target', () => {
  it('is handed out where enough repositories agree, and only then', async () => {
    const repositories = {
      one: await withApp('other'),
      two: await withApp('Hello'),
      three: await withApp('Hello'),
    };
    const two = new DTufConsensus({ repositories, mapping: [all] });
    expect(await (await two.pullTarget('app')).text()).toBe('Hello');
    const three = new DTufConsensus({ repositories, mapping: [{ ...all, threshold: 3 }] });
    await expect(three.pullTarget('app')).rejects.toMatchObject({ code: 'NO_CONSENSUS', target: 'app' });
  });

  it('is no other for what one repository says of it beside length and hashes', async () => {
    const one = await withApp('Hello');
    const { length, hashes } = await one.pullTarget('app');
    const entry = { length, hashes: { ...hashes }, custom: { beside: 1 } };
    const two = await withApp('', (of) => of.withTargets({ app: entry }));
    const both = new DTufConsensus({
      repositories: { one, two },
      mapping: [{ ...all, repositories: ['one', 'two'] }],
    });
    expect((await both.pullTarget('app')).custom).toBeUndefined();
  });

  it('is another where one known hash of two differs', async () => {
    const one = await withApp('Hello');
    const { length, hashes } = await one.pullTarget('app');
    const entry = { length, hashes: { ...hashes, sha512: '0'.repeat(128) } };
    const two = await withApp('', (of) => of.withTargets({ app: entry }));
    const both = new DTufConsensus({
      repositories: { one, two },
      mapping: [{ ...all, repositories: ['one', 'two'] }],
    });
    await expect(both.pullTarget('app')).rejects.toMatchObject({ code: 'NO_CONSENSUS' });
  });

  it('is another where one repository would read the same bytes as a list of parts', async () => {
    const one = await withApp('Hello');
    const { length, hashes } = await one.pullTarget('app');
    const custom = { dtuf: { mediaType: 'application/vnd.oci.image.manifest.v1+json' } };
    const two = await withApp('', (of) => of.withTargets({ app: { length, hashes: { ...hashes }, custom } }));
    const both = new DTufConsensus({
      repositories: { one, two },
      mapping: [{ ...all, repositories: ['one', 'two'] }],
    });
    await expect(both.pullTarget('app')).rejects.toMatchObject({ code: 'NO_CONSENSUS' });
  });

  it('is another where the lengths differ', async () => {
    const one = await withApp('Hello');
    const { hashes } = await one.pullTarget('app');
    const two = await withApp('', (of) => of.withTargets({ app: { length: 6, hashes: { ...hashes } } }));
    const both = new DTufConsensus({
      repositories: { one, two },
      mapping: [{ ...all, repositories: ['one', 'two'] }],
    });
    await expect(both.pullTarget('app')).rejects.toMatchObject({ code: 'NO_CONSENSUS' });
  });

  it('needs not the repositories that cannot be had, if the others are enough', async () => {
    const repositories = { one: await without(), two: await withApp('Hello'), three: await withApp('Hello') };
    const some = new DTufConsensus({ repositories, mapping: [all] });
    expect(await (await some.pullTarget('app')).text()).toBe('Hello');
    const fewer = new DTufConsensus({
      repositories: { ...repositories, three: await without() },
      mapping: [all],
    });
    const refused = fewer.pullTarget('app');
    await expect(refused).rejects.toMatchObject({ code: 'NO_CONSENSUS' });
    const errors = await refused.catch((error: { cause: AggregateError }) => error.cause.errors);
    expect(errors).toMatchObject([{ code: 'METADATA_MISSING' }, { code: 'METADATA_MISSING' }]);
  });

  it('counts a repository once, however often an entry names it', async () => {
    const mapping = [{ paths: ['*'], repositories: ['one', 'one'], threshold: 1 }];
    const repositories = { one: await withApp('Hello') };
    expect(await (await new DTufConsensus({ repositories, mapping }).pullTarget('app')).text()).toBe('Hello');
    const alone = new DTufConsensus({
      repositories: { ...repositories, two: await without() },
      mapping: [{ ...all, repositories: ['one', 'one', 'two'] }],
    });
    await expect(alone.pullTarget('app')).rejects.toMatchObject({ code: 'NO_CONSENSUS' });
    const twice = () =>
      new DTufConsensus({ repositories, mapping: [{ ...all, repositories: ['one', 'one'] }] });
    expect(twice).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('that no repository has is not found', async () => {
    const repositories = { one: await withApp('a'), two: await withApp('b'), three: await withApp('c') };
    const missing = new DTufConsensus({ repositories, mapping: [all] }).pullTarget('other');
    await expect(missing).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
  });
});

describe('the mapping', () => {
  const entries = async (first: Partial<TrustMapping>) =>
    new DTufConsensus({
      repositories: { one: await withApp('one'), two: await withApp('two'), three: await withApp('Hello') },
      mapping: [
        { paths: ['app'], repositories: ['one', 'two'], threshold: 2, ...first },
        { paths: ['*'], repositories: ['three'], threshold: 1 },
      ],
    });

  it('goes on with the next entry where the repositories of one do not agree', async () => {
    expect(await (await (await entries({})).pullTarget('app')).text()).toBe('Hello');
  });

  it('ends with an entry that is terminating', async () => {
    const refused = (await entries({ terminating: true })).pullTarget('app');
    await expect(refused).rejects.toMatchObject({ code: 'NO_CONSENSUS' });
  });

  it('passes over an entry whose paths are others, terminating or not', async () => {
    const other = await entries({ paths: ['other', 'a/*'], terminating: true });
    expect(await (await other.pullTarget('app')).text()).toBe('Hello');
  });

  it('that has no entry for a target finds nothing', async () => {
    const none = new DTufConsensus({ repositories: { one: await withApp('a') }, mapping: [] });
    await expect(none.pullTarget('app')).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
  });

  it.each([
    ['a repository that is not given', { repositories: ['one', 'four'] }],
    ['the name of a member that every object has', { repositories: ['constructor'], threshold: 1 }],
    ['a threshold of 0', { threshold: 0 }],
    ['a threshold of 1.5', { threshold: 1.5 }],
    ['a threshold above the number of repositories', { threshold: 3 }],
  ])('with %s is refused at once', async (_, first) => {
    await expect(entries(first)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});

it('a refresh tells of each repository what came of it', async () => {
  const one = await withApp('Hello');
  const both = new DTufConsensus({ repositories: { one, two: await without() }, mapping: [] });
  const { refreshed: done, failed } = await both.pullMetadata();
  expect(done.get('one')).toMatchObject({ rootVersion: 1 });
  expect([...failed]).toMatchObject([['two', { code: expect.any(String) }]]);
});
