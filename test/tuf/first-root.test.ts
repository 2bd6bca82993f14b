// From a root public key to the root that a client starts from.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { fromHex, utf8 } from '../../src/encoding.ts';
import { DTufError } from '../../src/errors.ts';
import type { Bytes } from '../../src/ports.ts';
import { findFirstRoot } from '../../src/tuf/first-root.ts';
import { ed25519Spki } from '../../src/tuf/key-forms.ts';
import { writePem } from '../../src/tuf/pem.ts';
import { EXPIRED, keyNamed, type Members, repository } from './repository.ts';

async function pemOf(name: string): Promise<string> {
  const { signer } = await keyNamed(name);
  return writePem('PUBLIC KEY', ed25519Spki(fromHex(signer.key.keyval.public) ?? new Uint8Array()));
}

async function* offered(...roots: Bytes[]): AsyncIterable<Bytes> {
  yield* roots;
}

const first = repository();
const root1 = await first.root();
const second = first.nextRoot({ keys: ['new'] });
const root2 = await second.root();
const root3 = await second.nextRoot({ keys: ['newest'] }).root();
const broken = { code: 'TRUST_BROKEN', role: 'root' };

describe('the first root', () => {
  it('is the newest that lists the key and is signed by it', async () => {
    expect(await findFirstRoot(await pemOf('root'), offered(root3, root2, root1))).toBe(root1);
    expect(await findFirstRoot(await pemOf('new'), offered(root3, root2, root1))).toBe(root2);
    expect(await findFirstRoot(await pemOf('newest'), offered(root3, root2, root1))).toBe(root3);
  });

  it('is none of a stranger’s', async () => {
    await expect(findFirstRoot(await pemOf('stranger'), offered(root3, root2, root1))).rejects.toMatchObject(
      broken,
    );
    await expect(findFirstRoot(await pemOf('root'), offered())).rejects.toMatchObject(broken);
  });

  it('lists the key as a root key: the key of another role is not enough', async () => {
    await expect(findFirstRoot(await pemOf('timestamp'), offered(root1))).rejects.toMatchObject(broken);
    const both = await first.with('root', { signedBy: ['root', 'timestamp'] }).root();
    await expect(findFirstRoot(await pemOf('timestamp'), offered(both))).rejects.toMatchObject(broken);
  });

  it('is signed by the key: that it is listed is not enough', async () => {
    const listed = await first.with('root', { keys: ['root', 'other'], signedBy: ['other'] }).root();
    await expect(findFirstRoot(await pemOf('root'), offered(listed))).rejects.toMatchObject(broken);
    expect(await findFirstRoot(await pemOf('other'), offered(listed))).toBe(listed);
  });

  it('meets its own threshold: the key alone is not enough', async () => {
    const two = first.with('root', { keys: ['root', 'other'], threshold: 2 });
    const half = await two.with('root', { signedBy: ['root'] }).root();
    await expect(findFirstRoot(await pemOf('root'), offered(half))).rejects.toMatchObject(broken);
    const whole = await two.root();
    expect(await findFirstRoot(await pemOf('root'), offered(half, whole))).toBe(whole);
  });

  it('is found by the public value, whatever keyid it has there', async () => {
    const { keyid, signer } = await keyNamed('root');
    const renamed = await first
      .with('root', {
        signed: (signed) => ({
          ...signed,
          keys: { ...(signed['keys'] as Members), other: { ...signer.key } as Members },
          roles: { ...(signed['roles'] as Members), root: { keyids: ['other'], threshold: 1 } },
        }),
        signatures: (signatures) => signatures.map(({ sig }) => ({ keyid: 'other', sig })),
      })
      .root();
    expect(keyid).not.toBe('other');
    expect(await findFirstRoot(await pemOf('root'), offered(renamed))).toBe(renamed);
  });

  it('may be older than one that cannot be read, and what was wrong is told if there is none', async () => {
    const garbage = utf8('{}');
    expect(await findFirstRoot(await pemOf('root'), offered(garbage, root1))).toBe(root1);
    await expect(findFirstRoot(await pemOf('root'), offered(garbage, utf8('[]')))).rejects.toMatchObject({
      ...broken,
      cause: expect.objectContaining({ code: 'METADATA_INVALID', role: 'root' }),
    });
  });

  it('may have expired: only the last of the chain has to be valid', async () => {
    const expired = await first.with('root', { expires: EXPIRED }).root();
    expect(await findFirstRoot(await pemOf('root'), offered(expired))).toBe(expired);
  });

  it('is not looked for on after the registry failed', async () => {
    async function* failing(): AsyncIterable<Bytes> {
      yield root3;
      throw new DTufError('DIGEST_MISMATCH', 'other bytes');
    }
    await expect(findFirstRoot(await pemOf('root'), failing())).rejects.toMatchObject({
      code: 'DIGEST_MISMATCH',
    });
  });

  it('is not looked for with what is no public key', async () => {
    const nothing = writePem('PUBLIC KEY', Uint8Array.of(1, 2, 3));
    for (const pem of [nothing, 'text', writePem('PRIVATE KEY', Uint8Array.of(1))]) {
      await expect(findFirstRoot(pem, offered(root1))).rejects.toMatchObject({ code: 'KEY_INVALID' });
    }
  });
});

it('a root that nobody has signed, and that names one key fifty thousand times, costs one look at it (ATTACKS 8)', async () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const value = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const key = { keytype: 'rsa', scheme: 'rsassa-pss-sha256', keyval: { public: value } };
  const hostile = await first
    .with('root', {
      signed: (signed) => ({
        ...signed,
        keys: { k: key },
        roles: {
          ...(signed['roles'] as Members),
          root: { keyids: Array.from({ length: 50_000 }, () => 'k'), threshold: 1 },
        },
      }),
    })
    .root();
  const importKey = vi.spyOn(crypto.subtle, 'importKey');
  try {
    await expect(findFirstRoot(await pemOf('root'), offered(hostile))).rejects.toMatchObject(broken);
    expect(importKey.mock.calls.length).toBeLessThan(20);
  } finally {
    importKey.mockRestore();
  }
});
