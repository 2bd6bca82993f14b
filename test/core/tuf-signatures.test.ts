// Which signatures count (TUF 1.0.34, 4.2.1).
import { describe, expect, it } from 'vitest';
import { parseRoot } from '../../src/tuf/root.ts';
import { countSignatures } from '../../src/tuf/signatures.ts';
import { parseTimestamp } from '../../src/tuf/timestamp.ts';
import {
  keyNamed,
  type Members,
  type Repository,
  repository,
  type Signature,
  verified,
} from '../tuf/repository.ts';

/** How many of the timestamp's keys signed it, counted to the end. */
async function count(made: Repository): Promise<number> {
  const files = await made.build();
  const { keys, roles } = parseRoot(files.root).signed;
  return countSignatures(parseTimestamp(files.timestamp), { ...roles.timestamp, keys, threshold: 1000 });
}

const three = repository().with('timestamp', { keys: ['a', 'b', 'c'], threshold: 2 });

/** Changes the members of the key called `name` in root. */
function withKey(made: Repository, name: string, change: (key: Members) => Members): Repository {
  return made.with('root', {
    signed: (signed) => {
      const keys = { ...(signed['keys'] as Members) };
      for (const [keyid, key] of Object.entries(keys)) {
        if (keyid === keyids[name]) keys[keyid] = change(key as Members);
      }
      return { ...signed, keys };
    },
  });
}

const keyids: Record<string, string> = {};
for (const name of ['a', 'b', 'c', 'stranger']) keyids[name] = (await keyNamed(name)).keyid;

describe('signatures that count', () => {
  it('are those of the keys of the role, each once', async () => {
    expect(await count(three)).toBe(3);
    expect(await count(three.with('timestamp', { signedBy: ['b'] }))).toBe(1);
  });

  it('are not looked for beyond the threshold', async () => {
    const files = await three.build();
    const { keys, roles } = parseRoot(files.root).signed;
    expect(await countSignatures(parseTimestamp(files.timestamp), { ...roles.timestamp, keys })).toBe(2);
  });

  it.each([
    ['none at all', []],
    ['one of an unknown keyid', ['stranger']],
    ['one by a key of another role', ['root']],
  ])('are not: %s (ATTACKS 14)', async (_, signedBy) => {
    expect(await count(three.with('timestamp', { signedBy }))).toBe(0);
  });

  it('are enough beside unknown and wrong ones (ATTACKS 14)', async () => {
    const wrong: Signature = { keyid: keyids['c'] ?? '', sig: '00'.repeat(64) };
    const made = three.with('timestamp', {
      signedBy: ['stranger', 'a', 'b'],
      signatures: (signatures) => [wrong, ...signatures],
    });
    expect(await count(made)).toBe(2);
  });

  it('one that is wrong does not count in place of a good one (ATTACKS 14)', async () => {
    const made = three.with('timestamp', {
      signedBy: ['a'],
      signatures: (signatures) => [
        ...signatures,
        { keyid: keyids['b'] ?? '', sig: signatures[0]?.sig ?? '' },
      ],
    });
    expect(await count(made)).toBe(1);
  });

  it('one over other bytes does not count', async () => {
    const made = three.with('timestamp', {
      file: (json) => json.replace('"version":1,"expires"', '"version":2,"expires"'),
    });
    expect(await count(made)).toBe(0);
  });
});

describe('a key counts once', () => {
  /** Root lists the key called `a` under further keyids, and `a` signs under all of them. */
  const aliased = (aliases: string[], change: (key: Members) => Members = (key) => key) =>
    repository()
      .with('timestamp', {
        keys: ['a'],
        threshold: 2,
        signatures: (signatures) => [
          ...signatures,
          ...aliases.map((keyid) => ({ keyid, sig: signatures[0]?.sig ?? '' })),
        ],
      })
      .with('root', {
        signed: (signed) => {
          const keys = signed['keys'] as Members;
          const roles = signed['roles'] as Members;
          const own = keys[keyids['a'] ?? ''] as Members;
          const more = Object.fromEntries(aliases.map((keyid) => [keyid, change(own)]));
          const timestamp = { keyids: [keyids['a'] ?? '', ...aliases], threshold: 2 };
          return { ...signed, keys: { ...keys, ...more }, roles: { ...roles, timestamp } };
        },
      });

  it('under two keyids (ATTACKS 16)', async () => {
    expect(await count(aliased(['another', 'third']))).toBe(1);
  });

  it('in upper and lower case (ATTACKS 16)', async () => {
    const upper = (key: Members) => ({
      ...key,
      keyval: { public: String((key['keyval'] as Members)['public']).toUpperCase() },
    });
    expect(await count(aliased(['upper'], upper))).toBe(1);
  });

  it('with further members (ATTACKS 16)', async () => {
    expect(await count(aliased(['more'], (key) => ({ ...key, keyid_hash_algorithms: ['sha256'] })))).toBe(1);
  });

  it('though its keyid stands twice in the role (ATTACKS 17)', async () => {
    const made = three.with('timestamp', { keys: ['a', 'a', 'a'], signedBy: ['a'] });
    expect(await count(made)).toBe(1);
  });

  it('under a keyid that is not its hash, which is a name like others (ATTACKS 18)', async () => {
    const made = repository()
      .with('timestamp', {
        keys: ['a'],
        signatures: ([signature]) => [{ keyid: 'any name', sig: signature?.sig ?? '' }],
      })
      .with('root', {
        signed: (signed) => ({
          ...signed,
          keys: {
            ...(signed['keys'] as Members),
            'any name': (signed['keys'] as Members)[keyids['a'] ?? ''] ?? null,
          },
          roles: { ...(signed['roles'] as Members), timestamp: { keyids: ['any name'], threshold: 1 } },
        }),
      });
    expect(await count(made)).toBe(1);
  });

  it('never for a keyid alone: another key under the hash of the first proves nothing (ATTACKS 18)', async () => {
    const stranger = (await keyNamed('stranger')).signer.key;
    const made = withKey(
      three.with('timestamp', { signedBy: ['a'] }),
      'a',
      () => ({ ...stranger }) as Members,
    );
    expect(await count(made)).toBe(0);
  });

  it('not at all where the role does not name it, though root lists it (ATTACKS 19)', async () => {
    const made = three.with('targets', { keys: ['a'] }).with('timestamp', { keys: ['b'], signedBy: ['a'] });
    expect(await count(made)).toBe(0);
  });

  it('not at all where the role names a keyid that root does not list (ATTACKS 19)', async () => {
    const made = three.with('root', {
      signed: (signed) => ({
        ...signed,
        keys: Object.fromEntries([
          [keyids['b'] ?? '', (signed['keys'] as Members)[keyids['b'] ?? ''] ?? null],
        ]),
      }),
    });
    expect(await count(made)).toBe(1);
  });
});

describe('keys of unknown kinds', () => {
  it.each([
    ['an unknown keytype', { keytype: 'sphincs' }],
    ['an unknown scheme', { scheme: 'ed25519ph' }],
    ['the scheme of another keytype', { scheme: 'rsassa-pss-sha256' }],
    ['a scheme called constructor', { keytype: 'ecdsa', scheme: 'constructor' }],
    ['another keytype', { keytype: 'rsa', scheme: 'rsassa-pss-sha256' }],
    ['a public value that is no hex', { keyval: { public: 'zz'.repeat(32) } }],
    ['a public value that is short', { keyval: { public: 'ab'.repeat(31) } }],
    ['an empty public value', { keyval: { public: '' } }],
  ])('are ignored beside good ones: %s (ATTACKS 23)', async (_, change) => {
    expect(await count(withKey(three, 'a', (key) => ({ ...key, ...change })))).toBe(2);
  });
});

describe('the hex of a signature', () => {
  const rewritten = (change: (sig: string) => string) =>
    count(
      repository().with('timestamp', {
        signatures: (signatures) => signatures.map(({ keyid, sig }) => ({ keyid, sig: change(sig) })),
      }),
    );

  it('is read in upper case (ATTACKS 24)', async () => {
    expect(await rewritten((sig) => sig.toUpperCase())).toBe(1);
  });

  it.each<[string, (sig: string) => string]>([
    ['of odd length', (sig) => sig.slice(1)],
    ['with a digit more', (sig) => `${sig}0`],
    ['with a byte more', (sig) => `${sig}00`],
    ['with a byte less', (sig) => sig.slice(2)],
    ['with a blank before', (sig) => ` ${sig}`],
    ['with blanks in it', (sig) => sig.replace(/..../g, '$& ')],
    ['with 0x before', (sig) => `0x${sig}`],
    ['with a newline at the end', (sig) => `${sig}\n`],
    ['in base64', (sig) => btoa(sig)],
  ])('does not count %s (ATTACKS 24)', async (_, change) => {
    expect(await rewritten(change)).toBe(0);
  });

  it('may be empty where somebody has yet to sign, and does not count (ATTACKS 25)', async () => {
    expect(await rewritten(() => '')).toBe(0);
    const made = three.with('timestamp', {
      signatures: ([a, b, c]) => [{ keyid: a?.keyid ?? '', sig: '' }, b ?? null, c ?? null],
    });
    expect(await count(made)).toBe(2);
  });
});

it('the error says how many signatures are needed and how many are good', async () => {
  const files = await three.with('timestamp', { signedBy: ['a', 'stranger'] }).build();
  await expect(verified(files)).rejects.toMatchObject({
    code: 'METADATA_UNSIGNED',
    role: 'timestamp',
    clause: '5.4.2',
    expected: '2 valid signatures',
    got: '1',
  });
});
