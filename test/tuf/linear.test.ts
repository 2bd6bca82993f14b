// What comes from outside costs steps in proportion to its size. Steps are counted, not timed: in a copy of the library
// each function and each turn of a loop counts one. What the runtime does in one call (JSON.parse, a regular expression,
// split, sort) is not seen, but for the functions that it calls.
import { afterAll, expect, it } from 'vitest';
import { toHex, utf8 } from '../../src/encoding.ts';
import type { Json } from '../../src/json.ts';
import { countedLibrary } from './counted-library.ts';
import { keyNamed, type Members, repository, text, VALID } from './repository.ts';

const library = await countedLibrary();
afterAll(() => library.close());
const { canonicalJson } = await library.load<typeof import('../../src/tuf/canonical.ts')>('tuf/canonical.ts');
const { covering, hashPath } =
  await library.load<typeof import('../../src/tuf/covering.ts')>('tuf/covering.ts');
const { parseJson } = await library.load<typeof import('../../src/json.ts')>('json.ts');
const { matchesPath } =
  await library.load<typeof import('../../src/tuf/path-pattern.ts')>('tuf/path-pattern.ts');
const { readPem } = await library.load<typeof import('../../src/tuf/pem.ts')>('tuf/pem.ts');
const { parseRoot } = await library.load<typeof import('../../src/tuf/root.ts')>('tuf/root.ts');
const { countSignatures } =
  await library.load<typeof import('../../src/tuf/signatures.ts')>('tuf/signatures.ts');
const { parseSnapshot } = await library.load<typeof import('../../src/tuf/snapshot.ts')>('tuf/snapshot.ts');
const { parseTargets } =
  await library.load<typeof import('../../src/tuf/parse-targets.ts')>('tuf/parse-targets.ts');

/** Eight times the input: 64 times the steps were they quadratic. Sorting costs some more than linear. */
const TIMES = 8;
const BOUND = 14;

type Work = (size: number) => () => unknown;

async function stepsOf(work: () => unknown): Promise<number> {
  const before = library.steps();
  try {
    await work();
  } catch {
    // Refusing counts as well.
  }
  return library.steps() - before;
}

async function expectLinear(make: Work, size: number): Promise<void> {
  const small = await stepsOf(make(size));
  const large = await stepsOf(make(size * TIMES));
  expect(small).toBeGreaterThan(0);
  expect(large).toBeLessThan(BOUND * small + 1_000);
}

const list = <T>(size: number, make: (i: number) => T): T[] =>
  Array.from({ length: size }, (_, i) => make(i));
const membersOf = (size: number, name: (i: number) => string, value: Json): Members =>
  Object.fromEntries(list(size, (i) => [name(i), value]));

const reading =
  (make: (size: number) => string): Work =>
  (size) => {
    const bytes = utf8(make(size));
    return () => parseJson(bytes, 'x');
  };

it.each<[string, Work, number]>([
  ['strings', reading((size) => JSON.stringify(list(size, (i) => `text ${i}`))), 10_000],
  ['one long string', reading((size) => JSON.stringify('x'.repeat(size))), 200_000],
  ['escapes', reading((size) => `"${'\\u00e9\\ud83d\\ude00\\n'.repeat(size)}"`), 10_000],
  ['escapes that are cut off', reading((size) => `"${'\\u'.repeat(size)}`), 50_000],
  ['quotes', reading((size) => '"'.repeat(size)), 100_000],
  ['numbers', reading((size) => `[${list(size, (i) => i).join()}]`), 10_000],
  ['one long number', reading((size) => '9'.repeat(size)), 200_000],
  ['one name again and again', reading((size) => `{${list(size, () => '"a":1').join()}}`), 10_000],
  ['names', reading((size) => JSON.stringify(membersOf(size, (i) => `name ${i}`, 1))), 5_000],
  ['brackets', reading((size) => '[]'.repeat(size)), 100_000],
])('JSON of %s is read, or refused, in linear time (ATTACKS 8)', async (_, work, size) => {
  await expectLinear(work, size);
});

it.each<[string, (size: number) => Json, number]>([
  [
    'names with a long common beginning',
    (size) => membersOf(size, (i) => `${'x'.repeat(200)}${i}`, 1),
    1_000,
  ],
  ['quotes', (size) => '"\\'.repeat(size), 50_000],
  ['lists', (size) => list(size, (i) => [i, [i]]), 5_000],
])('canonical JSON of %s is written in linear time', async (_, make, size) => {
  await expectLinear((size) => {
    const value = make(size);
    return () => canonicalJson(value);
  }, size);
});

const common = { spec_version: '1.0.34', version: 1, expires: VALID };
const file = (signed: Members, signatures: Json = []) => utf8(JSON.stringify({ signatures, signed }));
const hashes = { sha256: '0'.repeat(64) };
const key = { keytype: 'x', scheme: 'y', keyval: { public: 'z' } };

it.each<[string, Work, number]>([
  [
    'signatures of unknown keys',
    (size) => {
      const signatures = list(size, (i) => ({ keyid: `k${i}`, sig: '00' }));
      const bytes = file({ ...common, _type: 'targets', targets: {} }, signatures);
      return () => parseTargets(bytes);
    },
    3_000,
  ],
  [
    'targets',
    (size) => {
      const bytes = file({
        ...common,
        _type: 'targets',
        targets: membersOf(size, (i) => `t${i}`, { length: 1, hashes }),
      });
      return () => parseTargets(bytes);
    },
    2_000,
  ],
  [
    'files in the snapshot, and one long name of dots',
    (size) => {
      const meta = {
        'targets.json': { version: 1 },
        ...membersOf(size, (i) => `r${i}.json`, { version: 1 }),
      };
      const bytes = file({
        ...common,
        _type: 'snapshot',
        meta: { ...meta, ['.json'.repeat(size)]: { version: 1 } },
      });
      return () => parseSnapshot(bytes);
    },
    3_000,
  ],
  [
    'keys and delegated roles',
    (size) => {
      const roles = list(size, (i) => ({
        name: `r${i}`,
        keyids: [`k${i}`],
        threshold: 1,
        terminating: false,
        paths: [],
      }));
      const delegations = { keys: membersOf(size, (i) => `k${i}`, key), roles };
      const bytes = file({ ...common, _type: 'targets', targets: {}, delegations });
      return () => parseTargets(bytes);
    },
    2_000,
  ],
])('%s are read in linear time', async (_, work, size) => {
  await expectLinear(work, size);
});

it('the roles that may sign for a path are found in linear time', async () => {
  const path = await hashPath('some/path.txt');
  await expectLinear((size) => {
    const roles = list(size, (i) => ({
      ...{ name: `r${i}`, keyids: [], threshold: 1, terminating: false },
      paths: ['*/a*', `some/${i}*`, '*/*.tx?'],
    }));
    const signed = { ...common, _type: 'targets', targets: {}, delegations: { keys: {}, roles } };
    const { delegations } = parseTargets(file(signed)).signed;
    return () => delegations && covering(delegations, path);
  }, 1_000);
});

it('the keyids that a root lists again and again are counted in linear time', async () => {
  const files = await repository().build();
  const { keyid } = await keyNamed('root');
  await expectLinear((size) => {
    const document = JSON.parse(text(files.root)) as { signed: { roles: { root: Members } } };
    document.signed.roles.root['keyids'] = list(size, () => keyid);
    const root = parseRoot(utf8(JSON.stringify(document)));
    return () => countSignatures(root, { ...root.signed.roles.root, keys: root.signed.keys });
  }, 20_000);
});

it.each<[string, (size: number) => string]>([
  ['stars', (size) => '*'.repeat(size)],
  ['classes that are not closed', (size) => '[!'.repeat(size)],
  ['one class of many ranges', (size) => `[${'a-b'.repeat(size)}]`],
  ['stars and letters', (size) => '*a'.repeat(size)],
])('a pattern of %s takes linear time (ATTACKS 46)', async (_, make) => {
  await expectLinear((size) => {
    const pattern = make(size);
    return () => matchesPath(pattern, 'a'.repeat(100));
  }, 5_000);
});

it.each<[string, (size: number) => string]>([
  ['lines', (size) => '-----BEGIN X-----\n'.repeat(size)],
  ['dashes', (size) => '-'.repeat(18 * size)],
  ['base64', (size) => `-----BEGIN X-----\n${'AAAA'.repeat(size)}\n-----END X-----`],
  ['headers', (size) => `-----BEGIN X-----\n${'a:b\n'.repeat(size)}\n-----END X-----`],
])('a PEM text of %s takes linear time', async (_, make) => {
  await expectLinear((size) => {
    const pem = make(size);
    return () => readPem(pem, 'PUBLIC KEY');
  }, 400);
});

it('a signature or key as long as a file is no signature or key, at once', async () => {
  const { keyid } = await keyNamed('root');
  await expectLinear((size) => {
    const sig = toHex(new Uint8Array(size));
    const keys = new Map([[keyid, { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: sig } }]]);
    const metadata = parseTargets(file({ ...common, _type: 'targets', targets: {} }, [{ keyid, sig }]));
    return () => countSignatures(metadata, { keyids: [keyid], threshold: 1, keys });
  }, 100_000);
});
