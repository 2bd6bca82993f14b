// Keys and thresholds that change from one root to the next (TUF 1.0.34, 5.3.4; 5.4.2, 5.5.3, 5.6.3, 6.1).
import { describe, expect, it } from 'vitest';
import type { Bytes } from '../../src/ports.ts';
import { type RoleOptions, repository } from '../tuf/repository.ts';
import { Reader, refreshed, Site } from './site.ts';

/** Who may sign, how many have to, and who did: `2 of a b c by a c`. */
function signing(text: string): RoleOptions {
  const [, threshold, keys = '', signedBy = ''] = /^(\d) of (.+) by (.+)$/.exec(text) ?? [];
  return { keys: keys.split(' '), threshold: Number(threshold), signedBy: signedBy.split(' ') };
}

/** A chain of roots on a site, and a reader who begins with the first. */
async function chain(roots: readonly string[]) {
  const site = new Site();
  const files: Bytes[] = [];
  for (const [i, text] of roots.entries()) {
    const { root } = await site.publish(repository().with('root', { version: i + 1, ...signing(text) }));
    files.push(root);
  }
  const [first] = files;
  if (first === undefined) throw new Error('a chain has a first root');
  return { files, reader: new Reader(site, first) };
}

// suite: test_root_rotation
describe('a chain of roots', () => {
  it.each<[claim: string, roots: string[]]>([
    ['in which the one key is replaced', ['1 of a by a', '1 of b by b a', '1 of b by b']],
    [
      'with signatures of keys that it does not name',
      ['1 of a by x a y', '1 of b by x b a y', '1 of b by x b y'],
    ],
    [
      'signed by others of the same keys each time',
      ['3 of a b c d e by a c e', '3 of a b c d e by a b e', '3 of a b c d e by b c d'],
    ],
    ['in which one of five keys is replaced', ['3 of a b c d e by a c e', '3 of a b d e f by a b e']],
    [
      'in which the key that goes signs once more',
      ['3 of a b c d e by a c e', '3 of a b d e f by a c e f', '3 of a b d e f by a e f'],
    ],
    ['in which all keys are replaced', ['2 of a b c by a c', '2 of d e f by a c d e', '2 of d e f by e f']],
    ['whose threshold rises', ['1 of a b c by a', '2 of a b c by a b']],
    ['whose threshold falls', ['2 of a b c by a b', '1 of a b c by a b', '1 of a b c by a']],
    ['whose threshold rises with the number of keys', ['1 of a by a', '2 of a b by a b']],
  ])('%s is followed to its end (5.3.4)', async (_, roots) => {
    const { files, reader } = await chain(roots);
    await reader.refresh();
    expect((await reader.kept())['root']).toEqual(files.at(-1));
  });

  it.each<[claim: string, before: string, refused: string]>([
    ['the key before did not sign', '1 of a by a', '1 of b by b x y'],
    ['its own new key did not sign', '1 of a by a', '1 of b by a x y'],
    ['too few of its own keys signed', '3 of a b c d e by a c e', '3 of a b d e f by a c e'],
    ['too few of the keys before signed', '3 of a b c d e by a c e', '3 of a b d e f by a e f'],
    ['its own higher threshold is not met', '1 of a b c by a', '2 of a b c by b'],
    ['the higher threshold before it is not met', '2 of a b c by a b', '1 of a b c by a'],
  ])('ends before a root where %s (5.3.4)', async (_, before, refused) => {
    // Twice the one before, so that there is one to be kept.
    const { files, reader } = await chain([before, before, refused]);
    const why = { code: 'METADATA_UNSIGNED', role: 'root', clause: '5.3.4' };
    await expect(reader.refresh()).rejects.toMatchObject(why);
    expect((await reader.kept())['root']).toEqual(files.at(-2));
  });
});

const ROLES = ['timestamp', 'snapshot', 'targets'] as const;
const CLAUSES = { timestamp: '5.4.2', snapshot: '5.5.3', targets: '5.6.3' };

// suite: test_non_root_rotations
describe.each(ROLES)('%s metadata whose keys a new root replaces', (role) => {
  async function rotatedTo(text: string) {
    const { site, reader } = await refreshed(repository());
    return {
      reader,
      files: await site.publish(repository().release(2).with(role, signing(text)).nextRoot()),
    };
  }

  it.each([
    ['a new one that signed', '1 of b by b'],
    ['one that signed, among others that it does not name', '1 of b by x b y'],
    ['five of which three signed', '3 of a b c d e by a c e'],
    ['five of which the first three signed, in another order', '3 of a b c d e by c a b'],
    ['five of which the middle three signed', '3 of a b c d e by b c d'],
    ['five of which the last three signed', '3 of a b c d e by c d e'],
    ['five of which all signed', '3 of a b c d e by a b c d e'],
  ])(`is accepted if they are %s (${CLAUSES[role]})`, async (_, text) => {
    const { reader, files } = await rotatedTo(text);
    await reader.refresh();
    expect((await reader.kept())[role]).toEqual(files[role]);
  });

  it.each([
    ['one that did not sign', '1 of b by a x y'],
    ['five of which two signed, and one that was replaced', '3 of a b d e f by a c e'],
    ['five of which two signed', '3 of a b d e f by a e'],
  ])(`is refused if they are %s (${CLAUSES[role]})`, async (_, text) => {
    const { reader } = await rotatedTo(text);
    const why = { code: 'METADATA_UNSIGNED', role, clause: CLAUSES[role] };
    await expect(reader.refresh()).rejects.toMatchObject(why);
    expect((await reader.versions())[role]).not.toBe(2);
  });
});
