import { cp } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { explanation } from '../../adapters/cli/explain.ts';
import type { Check } from '../../adapters/node/index.ts';
import { client, Machine, publisher } from './command.ts';

const check = (file: string, clause: string, changes: Partial<Check> = {}): Check => ({
  clause,
  file,
  role: file.split('.')[1] ?? '',
  what: 'it is so',
  expected: '1',
  got: '1',
  ok: true,
  ...changes,
});

describe('the tree of an explanation', () => {
  it('has the checks under their file, and says what was expected where something else came', () => {
    const lines = explanation([
      check('1.root.json', '5.2'),
      check('7.snapshot.json', '5.5.4'),
      check('7.snapshot.json', '5.5.5', { role: 'a', got: '2', expected: '3 or above', ok: false }),
    ]);
    expect(lines).toEqual([
      '├─ ✓ 1.root.json',
      '│  └─ ✓ 5.2  it is so: 1',
      '└─ ✗ 7.snapshot.json',
      '   ├─ ✓ 5.5.4  it is so: 1',
      '   └─ ✗ 5.5.5  a: it is so: 2 (expected 3 or above)',
    ]);
  });

  it('folds the many checks of a large snapshot, and not the one that failed', () => {
    const many = Array.from({ length: 1000 }, (_, i) => check('7.snapshot.json', '5.5.5', { role: `r${i}` }));
    const lines = explanation([...many, check('7.snapshot.json', '5.5.5', { role: 'last', ok: false })]);
    expect(lines).toHaveLength(4);
    expect(lines.slice(2)).toEqual([
      '   ├─ ✓ 5.5.5  and so for 999 more',
      '   └─ ✗ 5.5.5  last: it is so: 1',
    ]);
  });
});

describe('--explain', () => {
  let place: Machine;
  let master: Machine;
  let copy: Machine;
  beforeAll(async () => {
    place = await Machine.start({});
    const variables = { DTUF_HOST: `oci:${place.path('registry')}` };
    master = await publisher(variables, { 'a.txt': 'first\n' });
    copy = await client(master, variables);
  });
  afterAll(() => Promise.all([place.stop(), master.stop(), copy.stop()]));

  it('shows each check of a refresh on standard error, and leaves standard output as it is', async () => {
    const { code, stdout, stderr } = await copy.dtuf(['pull-metadata', 'fred/demo', '--explain']);
    expect([code, stdout]).toEqual([0, 'a.txt\n']);
    expect(stderr).toMatch(/^fred\/demo\n├─ ✓ 1\.root\.json\n│ {2}├─ ✓ 5\.2 {2}version 1 is signed by/);
    expect(stderr).toMatch(
      /└─ ✓ 5\.6\.5 {2}version 2 has not expired: valid until .*\(expected valid at .*\)\n$/,
    );
  });

  it('shows how a target was found', async () => {
    const { code, stdout, stderr } = await copy.dtuf(['pull-target', 'fred/demo', 'a.txt', '--explain']);
    expect([code, stdout]).toEqual([0, 'first\n']);
    expect(stderr).toMatch(/^a\.txt\n├─ ✓ 1\.root\.json\n/);
    expect(stderr).toContain('└─ ✓ 5.6.7  it is searched for the target: listed (expected a.txt)\n');
  });

  it('ends in the check that refused (ATTACKS 30)', async () => {
    await cp(place.path('registry'), place.path('older'), { recursive: true });
    await master.does(['push-metadata', 'fred/demo']);
    await copy.does(['pull-metadata', 'fred/demo']);
    const rolledBack = { DTUF_HOST: `oci:${place.path('older')}` };
    const { code, stderr } = await copy.dtuf(['pull-metadata', 'fred/demo', '--explain'], rolledBack);
    expect(code).toBe(1);
    expect(stderr).toContain(
      '   └─ ✗ 5.4.3.1  its version does not go back below 3: 2 (expected 3 or above)\n' +
        'dtuf: timestamp metadata is refused: ',
    );
  });
});
