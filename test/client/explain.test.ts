// What `explain` and `onCheck` tell of a refresh and of a lookup.
import { describe, expect, it } from 'vitest';
import type { Check } from '../../src/index.ts';
import { repository } from '../tuf/repository.ts';
import { client, Place, refreshed } from './place.ts';

const brief = (checks: readonly Check[]) =>
  checks.map(({ file, clause, role, ok }) => [file, clause, role, ok]);
const own = (file: string, clauses: readonly string[]) => {
  const role = file.split('.')[1];
  return clauses.map((clause) => [file, clause, role, true]);
};

describe('a refresh', () => {
  it('explains each check, with its clause and the file that was checked', async () => {
    const first = repository().withTargets({ a: 'Hello' });
    const { place, copy } = await refreshed(await first.build());
    const next = first.nextRoot().release(2);
    const files = await next.build();
    await place.publish(files, [await first.root(), files.root]);
    const { explain } = await copy.pullMetadata();
    expect(brief(explain)).toEqual([
      ...own('1.root.json', ['5.2']),
      ...own('2.root.json', ['5.3.4', '5.3.4', '5.3.5', '5.3.10']),
      ...own('1.timestamp.json', ['5.4.2']),
      ...own('2.timestamp.json', ['5.4.2', '5.4.3.1']),
      ['2.timestamp.json', '5.4.3.2', 'snapshot', true],
      ...own('2.timestamp.json', ['5.4.4']),
      ...own('1.snapshot.json', ['5.5.3']),
      ...own('2.snapshot.json', ['5.5.2', '5.5.3', '5.5.4']),
      ['2.snapshot.json', '5.5.5', 'targets', true],
      ...own('2.snapshot.json', ['5.5.6']),
      ...own('2.targets.json', ['5.6.2', '5.6.3', '5.6.4', '5.6.5']),
    ]);
  });

  it('says of each check what was expected and what came', async () => {
    const { copy } = await refreshed(await repository().build());
    const { explain } = await copy.pullMetadata();
    expect(explain.find(({ clause }) => clause === '5.4.4')).toEqual({
      clause: '5.4.4',
      file: '1.timestamp.json',
      role: 'timestamp',
      what: 'version 1 has not expired',
      expected: 'valid at 2026-01-01T00:00:00.000Z',
      got: 'valid until 2027-01-01T00:00:00.000Z',
      ok: true,
    });
    expect(explain.filter(({ got }) => got === '')).toEqual([]);
  });

  it('has the checks of the stored files too, where they are those that are named', async () => {
    const { copy } = await refreshed(await repository().build());
    const { explain } = await copy.pullMetadata();
    expect(brief(explain).slice(-8)).toEqual([
      ...own('1.snapshot.json', ['5.5.2', '5.5.3', '5.5.4', '5.5.6']),
      ...own('1.targets.json', ['5.6.2', '5.6.3', '5.6.4', '5.6.5']),
    ]);
  });

  it('counts a stored file that was superseded as no failure', async () => {
    const first = repository().withTargets({ a: 'Hello' });
    const { place, copy } = await refreshed(await first.build());
    const files = await first.release(2).build();
    await place.publish(files, [files.root]);
    const { explain } = await copy.pullMetadata();
    expect(explain.filter(({ ok }) => !ok)).toEqual([]);
  });

  it('that is refused tells the checks up to the one that failed', async () => {
    const place = new Place();
    const files = await repository()
      .with('snapshot', { signedBy: ['targets'] })
      .build();
    await place.publish(files, [files.root]);
    const made: Check[] = [];
    const refresh = client(place, { trust: files.root }).pullMetadata({
      onCheck: (check) => made.push(check),
    });
    await expect(refresh).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', clause: '5.5.3' });
    expect(brief(made)).toEqual([
      ...own('1.root.json', ['5.2', '5.3.10']),
      ...own('1.timestamp.json', ['5.4.2', '5.4.4']),
      ...own('1.snapshot.json', ['5.5.2']),
      ['1.snapshot.json', '5.5.3', 'snapshot', false],
    ]);
  });
});

describe('a lookup', () => {
  const of = repository()
    .withRole('a', { targets: { other: 'x' } })
    .withRole('b', { targets: { 'b/file': 'Hello' } })
    .delegating('targets', 'a', { paths: ['b/*'] })
    .delegating('targets', 'b', { paths: ['b/*'], terminating: true });

  async function opened() {
    const files = await of.build();
    const { place, copy } = await refreshed(files);
    await place.publishRoles(await of.delegated());
    return copy;
  }

  const search = (checks: readonly Check[]) =>
    checks.filter(({ clause }) => clause.startsWith('5.6.7')).map(({ file, role, got }) => [file, role, got]);

  it('explains the search, role by role, among the checks of what it read', async () => {
    const { explain } = await (await opened()).pullTarget('b/file');
    expect(search(explain)).toEqual([
      ['1.targets.json', 'targets', 'not listed'],
      ['1.targets.json', 'a', 'delegated'],
      ['1.targets.json', 'b', 'delegated, and nobody is asked after it'],
      ['1.a.json', 'a', 'not listed'],
      ['1.b.json', 'b', 'listed'],
    ]);
    expect(brief(explain).slice(-6)).toEqual([
      ['1.a.json', '5.6.7', 'a', true],
      ...own('1.b.json', ['5.6.2', '5.6.3', '5.6.4', '5.6.5', '5.6.7']),
    ]);
  });

  it('that finds nothing tells where it looked', async () => {
    const made: Check[] = [];
    const lookup = (await opened()).pullTarget('b/none', { onCheck: (check) => made.push(check) });
    await expect(lookup).rejects.toMatchObject({ code: 'TARGET_NOT_FOUND' });
    expect(search(made).map(([file, role]) => `${file} ${role}`)).toEqual([
      '1.targets.json targets',
      '1.targets.json a',
      '1.targets.json b',
      '1.a.json a',
      '1.b.json b',
    ]);
  });
});
