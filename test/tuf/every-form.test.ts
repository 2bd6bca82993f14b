// Each wrong form of a field, in each place where the field stands: what the fields of the top-level roles are in
// metadata.test.ts, here are those of entries, delegations and delegated roles.
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import type { Json } from '../../src/json.ts';
import type { Role } from '../../src/tuf/metadata.ts';
import { parseTargets } from '../../src/tuf/parse-targets.ts';
import { parseRoot } from '../../src/tuf/root.ts';
import { parseSnapshot } from '../../src/tuf/snapshot.ts';
import { parseTimestamp } from '../../src/tuf/timestamp.ts';
import { type Members, repository, text, verified } from './repository.ts';

const demo = { length: 5, hashes: { sha256: '0'.repeat(64) } };
const plain = repository()
  .withTargets({ 'demo.txt': demo })
  .withRole('dev', { targets: { 'demo.txt': demo } })
  .delegating('targets', 'dev');
const files = await plain.build();
const dev = (await plain.delegated()).get('dev') ?? new Uint8Array();
const binned = (await plain.with('targets', { signed: inBins }).build()).targets;

/** The delegations of targets, as hash bins. */
function inBins(signed: Members): Members {
  const { keys, roles } = signed['delegations'] as { keys: Members; roles: Members[] };
  const { keyids = [] } = roles[0] ?? {};
  const succinct_roles = { keyids, threshold: 77, bit_length: 8, name_prefix: 'bin' };
  return { ...signed, delegations: { keys, succinct_roles } };
}

/** Each file, and how it is read. */
const documents = {
  root: { json: text(files.root), parse: parseRoot },
  timestamp: { json: text(files.timestamp), parse: parseTimestamp },
  snapshot: { json: text(files.snapshot), parse: parseSnapshot },
  targets: { json: text(files.targets), parse: parseTargets },
  'a delegated role': {
    json: text(dev),
    parse: (bytes: ReturnType<typeof utf8>) => parseTargets(bytes, 'dev'),
  },
  'targets with bins': { json: text(binned), parse: parseTargets },
};
type Document = keyof typeof documents;
const ALL = Object.keys(documents) as Document[];

/** Expects that the file is read, and no more once `found` in it is replaced. */
function expectRefused(document: Document, found: string | RegExp, replaced: string): void {
  const { json, parse } = documents[document];
  const changed = json.replace(found, replaced);
  expect(changed).not.toBe(json);
  expect(() => parse(utf8(json))).not.toThrow();
  expect(() => parse(utf8(changed)), changed).toThrow(expect.objectContaining({ code: 'METADATA_INVALID' }));
}

const NO_INTEGERS = ['-1', '1.5', '5.0', '1e2', '"5"', '9007199254740992', '-0', 'null', 'true', '[5]', '{}'];

describe.each(NO_INTEGERS)('the number %s', (number) => {
  it.each<Document>(['timestamp', 'snapshot', 'targets', 'a delegated role'])(
    'as a length in %s is refused (ATTACKS 6)',
    (document) => {
      expectRefused(document, /"length":\d+/, `"length":${number}`);
    },
  );

  it.each(['root', 'targets', 'targets with bins'] as const)(
    'as a threshold in %s is refused (ATTACKS 7)',
    (document) => {
      expectRefused(document, /"threshold":\d+/, `"threshold":${number}`);
    },
  );

  it.each(ALL)('as the version of %s is refused (ATTACKS 5)', (document) => {
    expectRefused(document, /"version":\d+,"expires"/, `"version":${number},"expires"`);
  });

  it.each(['timestamp', 'snapshot'] as const)(
    'as a version in meta of %s is refused (ATTACKS 5)',
    (document) => {
      expectRefused(document, /"version":1}/, `"version":${number}}`);
    },
  );
});

it('a threshold of 0 is refused in each place, and one above the number of keys is read (ATTACKS 7)', () => {
  for (const document of ['root', 'targets', 'targets with bins'] as const) {
    expectRefused(document, /"threshold":\d+/, '"threshold":0');
    const { json, parse } = documents[document];
    expect(() => parse(utf8(json.replace(/"threshold":\d+/, '"threshold":1000')))).not.toThrow();
  }
});

describe.each(ALL)('%s', (document) => {
  it.each([
    '2027-01-01T00:00:00',
    '2027-01-01',
    '2027-01-01 00:00:00Z',
    '2025-02-30T00:00:00Z',
    '2027-01-01T24:00:00Z',
    '10000-01-01T00:00:00Z',
    '+010000-01-01T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-01-01T00:00:00+0100',
    'Fri, 01 Jan 2027 00:00:00 GMT',
    '1798761600',
    '',
  ])('that expires as %j is refused (ATTACKS 12)', (expires) => {
    expectRefused(document, /"expires":"[^"]*"/, `"expires":"${expires}"`);
  });

  it.each(['2027-01-01T00:00:00.123456Z', '2027-01-01T02:00:00+02:00', '2026-12-31T18:00:00.5-06:00'])(
    'that expires as %j is read (ATTACKS 12)',
    (expires) => {
      const { json, parse } = documents[document];
      const read = parse(utf8(json.replace(/"expires":"[^"]*"/, `"expires":"${expires}"`)));
      expect(Math.floor(read.signed.expires.getTime() / 1000)).toBe(
        Date.parse('2027-01-01T00:00:00Z') / 1000,
      );
    },
  );

  it.each(['"2.0.0"', '"0.9"', '"1"', '"1.x"', '1', '1.0', 'null'])(
    'with the spec_version %s is refused (ATTACKS 9)',
    (version) => {
      expectRefused(document, '"spec_version":"1.0.34"', `"spec_version":${version}`);
    },
  );

  it('with a signature twice is refused (ATTACKS 15)', () => {
    expectRefused(document, /"signatures":\[(\{[^}]*\})/, '"signatures":[$1,$1');
  });

  it('with the type of another role is refused (ATTACKS 11)', () => {
    for (const type of ['root', 'timestamp', 'snapshot', 'targets', 'dev', 'mirrors', '']) {
      if (documents[document].json.includes(`"_type":"${type}"`)) continue;
      expectRefused(document, /"_type":"[a-z]*"/, `"_type":"${type}"`);
    }
  });
});

/** An unknown member, with what a signer might write. */
const UNKNOWN = '"x-later":{"a":[1,null,{"":"é\\u2028"}],"b":-5}';

/** Where an object of each file begins. */
const places: readonly (readonly [Role, string, RegExp])[] = [
  ['root', 'signed', /"signed":\{/],
  ['root', 'keys of no known kind', /"keys":\{/],
  ['root', 'a key', /"keys":\{"[0-9a-f]{64}":\{/],
  ['root', 'keyval', /"keyval":\{/],
  ['root', 'roles', /"roles":\{/],
  ['root', 'a role', /"roles":\{"root":\{/],
  ['root', 'our mark', /"x-dtuf":\{/],
  ['timestamp', 'meta', /"meta":\{/],
  ['timestamp', 'an entry', /"snapshot.json":\{/],
  ['timestamp', 'hashes', /"hashes":\{/],
  ['snapshot', 'an entry', /"targets.json":\{/],
  ['targets', 'an entry', /"demo.txt":\{/],
  ['targets', 'delegations', /"delegations":\{/],
  ['targets', 'a delegated role', /"roles":\[\{/],
  ['targets', 'a key of delegations', /"keys":\{"[0-9a-f]{64}":\{/],
];

describe('an unknown field', () => {
  it.each(places)('of %s, in %s, is kept, and is under the signature (ATTACKS 10)', (role, place, begin) => {
    // Where members are entries of one kind, an unknown member is an entry.
    const member =
      place === 'keys of no known kind'
        ? '"x-later":{"keytype":"x","scheme":"y","keyval":{"public":"z"}}'
        : place === 'hashes'
          ? '"x-later":"z"'
          : UNKNOWN;
    const { json, parse } = documents[role];
    const changed = json.replace(begin, (found) => `${found}${member},`);
    expect(changed).not.toBe(json);
    const read = parse(utf8(changed));
    expect(read.signed.raw).toEqual((JSON.parse(changed) as Members)['signed']);
    expect(text(read.payload)).toContain('"x-later":');
    expect(text(read.payload)).not.toBe(text(parse(utf8(json)).payload));
  });

  it('beside signed, and in a signature, changes nothing that is signed (ATTACKS 10)', () => {
    for (const document of ALL) {
      const { json, parse } = documents[document];
      const changed = json
        .replace('{', `{${UNKNOWN},`)
        .replace('"signatures":[{', `"signatures":[{${UNKNOWN},`);
      const read = parse(utf8(changed));
      expect(text(read.payload)).toBe(text(parse(utf8(json)).payload));
      expect(read.signatures).toEqual((JSON.parse(json) as { signatures: Json }).signatures);
    }
  });
});

it.each([
  ['left out', undefined],
  ['empty', { keys: {}, roles: [] }],
])('targets whose delegations are %s are verified as a whole (ATTACKS 78)', async (_, delegations) => {
  const without = ({ delegations: __, ...signed }: Members): Members =>
    delegations === undefined ? signed : { ...signed, delegations };
  const made = repository().withTargets({ 'demo.txt': demo }).release(3).with('targets', { signed: without });
  const { targets } = await verified(await made.build());
  expect(targets?.signed.version).toBe(3);
  expect([...(targets?.signed.targets.keys() ?? [])]).toEqual(['demo.txt']);
  expect(targets?.signed.delegations === undefined).toBe(delegations === undefined);
  expect(targets?.signed.raw).toEqual((JSON.parse(text((await made.build()).targets)) as Members)['signed']);
});

it('an error says what is there in the place of what has to be', () => {
  const { json, parse } = documents.root;
  for (const [value, got] of [
    ['', 'nothing'],
    ['"version":null,', 'null'],
    ['"version":"1",', '"1"'],
  ] as const) {
    const changed = json.replace(/"version":1,/, value);
    expect(() => parse(utf8(changed))).toThrow(expect.objectContaining({ got, role: 'root' }));
  }
});
