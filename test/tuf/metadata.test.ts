// The fields of metadata files (TUF 1.0.34, 4.2 to 4.6).
import { describe, expect, it } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import type { Json } from '../../src/json.ts';
import { ROLES, type Role } from '../../src/tuf/metadata.ts';
import { parseTargets } from '../../src/tuf/parse-targets.ts';
import { parseRoot } from '../../src/tuf/root.ts';
import { parseSnapshot } from '../../src/tuf/snapshot.ts';
import { parseTimestamp } from '../../src/tuf/timestamp.ts';
import { keyNamed, type Members, repository, text, verified } from './repository.ts';

const parsers = {
  root: parseRoot,
  timestamp: parseTimestamp,
  snapshot: parseSnapshot,
  targets: parseTargets,
};
const demo = { length: 5, hashes: { sha256: '0'.repeat(64) } };
const plain = repository().withTargets({ 'demo.txt': demo });
const files = await plain.build();

/** Reads the file of `role` after `change` was made to its JSON. */
function parseChanged<R extends Role>(role: R, change: (file: Members, signed: Members) => void) {
  const file = JSON.parse(text(files[role])) as Members;
  change(file, file['signed'] as Members);
  return parsers[role](utf8(JSON.stringify(file))) as ReturnType<(typeof parsers)[R]>;
}

/** Sets the member at `path`, as in `meta/targets.json/version`; undefined removes it. */
function set(object: Members, path: string, value: Json | undefined): void {
  const names = path.split('/');
  const last = names.pop() ?? '';
  let at = object;
  for (const name of names) at = at[name] as Members;
  if (value === undefined) delete at[last];
  else at[last] = value;
}

function expectRefused(role: Role, path: string, value: Json | undefined): void {
  expect(() => parseChanged(role, (_, signed) => set(signed, path, value))).toThrow(
    expect.objectContaining({
      code: 'METADATA_INVALID',
      role,
      // The field is named, with its path.
      message: expect.stringContaining(`signed.${path.replaceAll('/', '.')} `),
    }),
  );
}

const NO_VERSIONS = [0, -1, '1', null, [1], true, {}, undefined];
const NO_STRINGS = [1, null, true, [], {}, undefined];
const NO_OBJECTS = [1, null, true, [], 'text', undefined];

describe.each(ROLES)('%s', (role) => {
  it.each(NO_VERSIONS)('a version that is %j is refused (ATTACKS 5)', (version) => {
    expectRefused(role, 'version', version);
  });

  it.each(['1.5', '1.0', '1e3', '9007199254740992', '-0', '1e400'])(
    'a version written as %s is refused (ATTACKS 5)',
    (version) => {
      const file = text(files[role]).replace('"version":1,"expires"', `"version":${version},"expires"`);
      expect(file).toContain(`:${version},`);
      expect(() => parsers[role](utf8(file))).toThrow(
        expect.objectContaining({ code: 'METADATA_INVALID', role }),
      );
    },
  );

  it('a version of 2^53-1 is read (ATTACKS 5)', () => {
    const read = parseChanged(role, (_, signed) => set(signed, 'version', Number.MAX_SAFE_INTEGER));
    expect(read.signed.version).toBe(Number.MAX_SAFE_INTEGER);
  });

  it.each(['2.0.0', '0.9', '1', '1.x', '1.0.x', 'v1.0', '1.0.0.0', '1.0 ', '11.0', '', ...NO_STRINGS])(
    'the spec_version %j is refused (ATTACKS 9)',
    (version) => {
      expectRefused(role, 'spec_version', version);
    },
  );

  it('a refused spec_version is told together with ours (ATTACKS 9)', () => {
    const change = () => parseChanged(role, (_, signed) => set(signed, 'spec_version', '2.0.0'));
    expect(change).toThrow(/spec_version has to be .*1\.0\.34.* and is "2\.0\.0"/);
  });

  it.each(['1.0', '1.0.0', '1.0.34', '1.99.7'])('the spec_version %s is accepted (ATTACKS 9)', (version) => {
    expect(() => parseChanged(role, (_, signed) => set(signed, 'spec_version', version))).not.toThrow();
  });

  it('unknown fields are kept, and are under the signature (ATTACKS 10)', async () => {
    const extra = (signed: Members) => ({ ...signed, unknown: { deep: [1, { 'é"\\': null }] } });
    const kept = await plain.with(role, { signed: extra }).build();
    expect((await verified(kept))[role]?.signed.raw['unknown']).toEqual({ deep: [1, { 'é"\\': null }] });
    const dropped = await plain
      .with(role, { signed: extra, file: (json) => json.replace('deep', 'dull') })
      .build();
    await expect(verified(dropped)).rejects.toMatchObject({ code: 'METADATA_UNSIGNED', role });
  });

  it.each(ROLES.filter((other) => other !== role))('the type %s is refused (ATTACKS 11)', (other) => {
    expectRefused(role, '_type', other);
  });

  it.each([...NO_STRINGS, 'Root', 'TARGETS'])('the type %j is refused (ATTACKS 11)', (type) => {
    expectRefused(role, '_type', type);
  });

  it('the file of every other role is refused (ATTACKS 11)', () => {
    for (const other of ROLES.filter((one) => one !== role)) {
      expect(() => parsers[role](files[other])).toThrow(
        expect.objectContaining({ code: 'METADATA_INVALID', role }),
      );
    }
  });

  it.each(['2027-02-30T00:00:00Z', 'tomorrow', ...NO_STRINGS])(
    'expires as %j is refused (ATTACKS 12)',
    (expires) => {
      expectRefused(role, 'expires', expires);
    },
  );

  it('the same keyid twice in signatures is refused, even if both are good (ATTACKS 15)', () => {
    const twice = () =>
      parseChanged(role, (file) => {
        file['signatures'] = [...(file['signatures'] as Json[]), ...(file['signatures'] as Json[])];
      });
    expect(twice).toThrow(expect.objectContaining({ code: 'METADATA_INVALID', role }));
    expect(twice).toThrow(/metadata\.signatures\[1\]\.keyid/);
  });

  it.each([
    undefined,
    null,
    {},
    'text',
    [null],
    [{}],
    [{ keyid: 'a' }],
    [{ keyid: 1, sig: '' }],
    [{ keyid: 'a', sig: 1 }],
  ])('signatures as %j are refused', (signatures) => {
    expect(() => parseChanged(role, (file) => set(file, 'signatures', signatures))).toThrow(
      expect.objectContaining({ code: 'METADATA_INVALID', role }),
    );
  });
});

describe('root', () => {
  it.each([0, -1, '1', null, true, undefined])(
    'a threshold that is %j is refused (ATTACKS 7)',
    (threshold) => {
      for (const role of ROLES) expectRefused('root', `roles/${role}/threshold`, threshold);
    },
  );

  it('a threshold that is a fraction is refused (ATTACKS 7)', () => {
    const file = text(files.root).replace('"threshold":1', '"threshold":1.5');
    expect(() => parseRoot(utf8(file))).toThrow(
      expect.objectContaining({ code: 'METADATA_INVALID', role: 'root' }),
    );
  });

  it('a threshold above the number of keys is read (ATTACKS 7)', () => {
    const read = parseChanged('root', (_, signed) => set(signed, 'roles/snapshot/threshold', 5));
    expect(read.signed.roles.snapshot.threshold).toBe(5);
  });

  it.each(ROLES)('without the role %s it is refused', (role) => {
    for (const value of NO_OBJECTS) expectRefused('root', `roles/${role}`, value);
    for (const value of ['text', null, undefined, [1], ['text', 1], {}])
      expectRefused('root', `roles/${role}/keyids`, value);
  });

  it('keys without their members are refused', async () => {
    const { keyid } = await keyNamed('root');
    for (const value of [1, null, [], 'text']) expectRefused('root', `keys/${keyid}`, value);
    for (const name of ['keytype', 'scheme', 'keyval/public']) {
      for (const value of NO_STRINGS) expectRefused('root', `keys/${keyid}/${name}`, value);
    }
    for (const value of NO_OBJECTS) expectRefused('root', 'keys', value);
    for (const value of NO_OBJECTS) expectRefused('root', 'roles', value);
  });

  it('consistent_snapshot may be left out and is a boolean', () => {
    const read = (value: Json | undefined) =>
      parseChanged('root', (_, signed) => set(signed, 'consistent_snapshot', value)).signed
        .consistentSnapshot;
    expect([read(undefined), read(false), read(true)]).toEqual([false, false, true]);
    for (const value of [0, 'true', null]) expectRefused('root', 'consistent_snapshot', value);
  });

  it('the mark of our layout may be left out and is a text', () => {
    const layout = (value: Json | undefined) =>
      parseChanged('root', (_, signed) => set(signed, 'x-dtuf', value)).signed.layout;
    expect([layout(undefined), layout({ layout: 'later' })]).toEqual([undefined, 'later']);
    for (const value of [null, 'native', []]) expectRefused('root', 'x-dtuf', value);
    for (const value of [1, null, undefined]) expectRefused('root', 'x-dtuf/layout', value);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('a keyid %s is an ordinary name (ATTACKS 4)', (name) => {
    const json = text(files.root).replace(
      '"keys":{',
      `"keys":{"${name}":{"keytype":"x","scheme":"y","keyval":{"public":"z"},"extra":1},`,
    );
    const { keys } = parseRoot(utf8(json)).signed;
    expect(keys.size).toBe(5);
    expect(keys.get(name)).toEqual({ keytype: 'x', scheme: 'y', keyval: { public: 'z' }, extra: 1 });
  });
});

describe.each([
  ['timestamp', 'meta/snapshot.json'],
  ['snapshot', 'meta/targets.json'],
] as const)('what %s says of its file', (role, path) => {
  it('is required', () => {
    for (const value of NO_OBJECTS) expectRefused(role, path, value);
    for (const value of NO_OBJECTS) expectRefused(role, 'meta', value);
  });

  it.each(NO_VERSIONS)('the version %j is refused (ATTACKS 5)', (version) => {
    expectRefused(role, `${path}/version`, version);
  });

  it.each([0, -1, '5', null, true])('the length %j is refused (ATTACKS 6)', (length) => {
    expectRefused(role, `${path}/length`, length);
  });

  it('a length of 1 is read (ATTACKS 6)', () => {
    expect(() => parseChanged(role, (_, signed) => set(signed, `${path}/length`, 1))).not.toThrow();
  });

  it('length and hashes may be left out', () => {
    expect(() =>
      parseChanged(role, (_, signed) => {
        set(signed, `${path}/length`, undefined);
        set(signed, `${path}/hashes`, undefined);
      }),
    ).not.toThrow();
  });

  it.each([{}, { md5: '00' }, { sha256: '00' }, null, 'text'])(
    'the hashes %j are refused (ATTACKS 50)',
    (hashes) => {
      const read = () => parseChanged(role, (_, signed) => set(signed, `${path}/hashes`, hashes));
      expect(read).toThrow(expect.objectContaining({ code: 'METADATA_INVALID', role }));
    },
  );
});

describe('targets', () => {
  it.each([-1, '5', null, true, undefined])('the length %j of a target is refused (ATTACKS 6)', (length) => {
    expectRefused('targets', 'targets/demo.txt/length', length);
  });

  it.each(['1.5', '9007199254740992', '1e2', '5.0'])(
    'a length written as %s is refused (ATTACKS 6)',
    (length) => {
      const file = text(files.targets).replace('"length":5', `"length":${length}`);
      expect(() => parseTargets(utf8(file))).toThrow(
        expect.objectContaining({ code: 'METADATA_INVALID', role: 'targets' }),
      );
    },
  );

  it('a target of 0 bytes is read', () => {
    const read = parseChanged('targets', (_, signed) => set(signed, 'targets/demo.txt/length', 0));
    expect(read.signed.targets.get('demo.txt')?.length).toBe(0);
  });

  it.each([
    ['none', {}],
    ['a sha256 of 63 digits', { sha256: '0'.repeat(63) }],
    ['a sha256 in upper case', { sha256: 'A'.repeat(64) }],
    ['a sha256 of other letters', { sha256: 'g'.repeat(64) }],
    ['a sha512 of 64 digits', { sha512: '0'.repeat(64) }],
    ['a malformed sha512 beside a good sha256', { sha256: '0'.repeat(64), sha512: '' }],
    ['an unknown one that is no text beside a good one', { sha256: '0'.repeat(64), other: 1 }],
  ])('hashes are refused: %s (ATTACKS 50)', (_, hashes) => {
    const read = () => parseChanged('targets', (_, signed) => set(signed, 'targets/demo.txt/hashes', hashes));
    expect(read).toThrow(expect.objectContaining({ code: 'METADATA_INVALID', role: 'targets' }));
  });

  it.each<Record<string, string>>([
    { sha256: '0'.repeat(64) },
    { sha512: '0'.repeat(128) },
    { sha256: 'a'.repeat(64), sha512: 'f'.repeat(128) },
    { sha256: '0'.repeat(64), blake2b: 'XY' },
    { md5: '00', constructor: '0'.repeat(64) },
  ])('hashes are read: %j (ATTACKS 50)', (hashes) => {
    const read = parseChanged('targets', (_, signed) => set(signed, 'targets/demo.txt/hashes', hashes));
    expect(read.signed.targets.get('demo.txt')?.hashes).toEqual(hashes);
  });

  it.each(['__proto__', 'constructor', 'prototype'])(
    'a target %s is an ordinary name (ATTACKS 4)',
    (name) => {
      const json = text(files.targets).replace(
        '"targets":{',
        `"targets":{"${name}":${JSON.stringify(demo)},`,
      );
      const { targets } = parseTargets(utf8(json)).signed;
      expect([...targets.keys()]).toContain(name);
      expect(targets.get(name)).toEqual(demo);
      expect(targets.get('toString')).toBeUndefined();
    },
  );

  it('custom is an object and is kept as it is', () => {
    const custom = (value: Json) =>
      parseChanged('targets', (_, signed) =>
        set(signed, 'targets/demo.txt/custom', value),
      ).signed.targets.get('demo.txt');
    expect(custom({ dtuf: { a: [1] } })?.custom).toEqual({ dtuf: { a: [1] } });
    for (const value of [null, 1, 'text', []]) expectRefused('targets', 'targets/demo.txt/custom', value);
  });

  it('delegations may be left out, and are an object (ATTACKS 78)', () => {
    const read = (value: Json | undefined) =>
      parseChanged('targets', (_, signed) => set(signed, 'delegations', value));
    for (const value of [undefined, { keys: {}, roles: [] }]) expect(() => read(value)).not.toThrow();
    for (const value of [null, [], 'text', 1]) expectRefused('targets', 'delegations', value);
  });

  it('an error is of the role that was asked for, also of a delegated one', () => {
    expect(() => parseTargets(utf8('{}'), 'delegated')).toThrow(
      expect.objectContaining({ role: 'delegated' }),
    );
  });
});

it('duplicate members: a signature over another reading than the last is refused (ATTACKS 3)', async () => {
  const twice = (json: string) => json.replace('"version":1,', '"version":9,"version":1,');
  const lastIsSigned = await plain.with('timestamp', { file: twice }).build();
  expect((await verified(lastIsSigned)).timestamp?.signed.version).toBe(1);
  const firstIsSigned = await plain
    .with('timestamp', { file: (json) => json.replace('"version":1,', '"version":1,"version":9,') })
    .build();
  await expect(verified(firstIsSigned)).rejects.toMatchObject({
    code: 'METADATA_UNSIGNED',
    role: 'timestamp',
  });
});

it('names of a file that nobody has verified make no long or forged lines of an error (ATTACKS 97)', () => {
  const forged = `x\ndtuf: verified\u001b[2J${'y'.repeat(100_000)}`;
  const change = (_: Members, signed: Members) => set(signed, 'keys', { [forged]: 'no key' });
  let message = '';
  try {
    parseChanged('root', change);
  } catch (error) {
    message = error instanceof Error ? error.message : '';
  }
  expect(message).toMatch(/^root metadata: metadata\.signed\.keys\.x/);
  expect(message).not.toMatch(/\p{Cc}/u);
  expect(message.length).toBeLessThan(500);
});
