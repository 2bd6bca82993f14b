// One public key is one key, however its PEM was saved (ATTACKS 79).
import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/encoding.ts';
import { ed25519Spki, metadataPem } from '../../src/tuf/key-forms.ts';
import { identityOfKey, importKey } from '../../src/tuf/keys.ts';
import { readPem, writePem } from '../../src/tuf/pem.ts';
import { generateKeyPair, signerOf } from '../../src/tuf/signer.ts';
import { identityOfPem } from '../../src/tuf/spki-keys.ts';
import { keyNamed } from './repository.ts';

const { signer } = await keyNamed('someone');
const point = fromHex(signer.key.keyval.public) ?? new Uint8Array();
const ed25519 = writePem('PUBLIC KEY', ed25519Spki(point));
const { publicKey: ecdsaKey, publicPem: ecdsa } = await generateKeyPair('ecdsa');

/** The same PEM as editors, mail and other systems leave it. */
const forms: Record<string, (pem: string) => string> = {
  'with LF': (pem) => pem,
  'with CRLF': (pem) => pem.replaceAll('\n', '\r\n'),
  'with CR': (pem) => pem.replaceAll('\n', '\r'),
  'without a last newline': (pem) => pem.trimEnd(),
  'with CRLF and without a last newline': (pem) => pem.replaceAll('\n', '\r\n').trimEnd(),
  'with text before it': (pem) => `Subject: our key\n\nvalid from 2026\n${pem}`,
  'with text after it': (pem) => `${pem}\nkeep this safe\n`,
  'with blanks around its lines': (pem) => pem.replaceAll('\n', '  \n  '),
  'with a byte order mark': (pem) => `\ufeff${pem}`,
  'in one long line': (pem) => pem.replace(/([^-])\n(?!-)/g, '$1'),
  'before a second block': (pem) => `${pem}\n${writePem('CERTIFICATE', Uint8Array.of(1, 2, 3))}`,
  'after another block': (pem) => `${writePem('CERTIFICATE', Uint8Array.of(1, 2, 3))}${pem}`,
};

describe.each([
  ['ed25519', ed25519, signer.key],
  ['ecdsa', ecdsa, ecdsaKey],
] as const)('a public key (%s)', (_, pem, key) => {
  it.each(Object.keys(forms))('%s is the same key (ATTACKS 79)', async (form) => {
    const changed = forms[form]?.(pem) ?? '';
    expect(await identityOfPem(changed)).toBe(await identityOfKey(key));
    expect(await identityOfPem(changed)).toBeDefined();
    // What is signed into metadata is the same text again, and so is the keyid made of it.
    expect(metadataPem(readPem(changed, 'PUBLIC KEY').der)).toBe(pem.trim());
  });
});

it('a key in metadata counts in each of these forms, as one key (ATTACKS 79)', async () => {
  const { pkcs8 } = await generateKeyPair('ecdsa');
  const { key } = await signerOf(pkcs8);
  for (const form of Object.values(forms)) {
    const changed = { ...key, keyval: { public: form(key.keyval.public) } };
    expect(await (await importKey(changed))?.identity()).toBe(await identityOfKey(key));
  }
});

describe('what is no PEM is refused with a reason', () => {
  it.each([
    ['an empty text', '', /a text without one/],
    ['a text without a block', 'hello', /a text without one/],
    ['a line that only ends like one', '-----START PUBLIC KEY-----\nAAAA', /a text without one/],
    ['a line that only begins like one', '-----BEGIN PUBLIC KEY\nAAAA', /a text without one/],
    ['a block of another kind', writePem('PRIVATE KEY', Uint8Array.of(1)), /"PUBLIC KEY", got "PRIVATE KEY"/],
    ['a block that is cut off', ed25519.slice(0, 60), /no END line/],
    ['a block that ends as another', ed25519.replace('END PUBLIC', 'END PRIVATE'), /no END line/],
    ['other characters', ed25519.replace(/\n.*\n/, '\n!!!!\n'), /does not hold base64/],
    ['base64 that is cut off', ed25519.replace(/.\n-----END/, '\n-----END'), /does not hold base64/],
    [
      'nothing between the lines',
      '-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----',
      /does not hold base64/,
    ],
    ['64 KiB and more', `${' '.repeat(65_536)}${ed25519}`, /at most 65536/],
  ])('%s', async (_, text, message) => {
    const refused = expect.objectContaining({ code: 'KEY_INVALID', message: expect.stringMatching(message) });
    expect(() => readPem(text, 'PUBLIC KEY')).toThrow(refused);
    await expect(identityOfPem(text)).rejects.toMatchObject({ code: 'KEY_INVALID' });
  });

  it('a block that holds no key has no identity', async () => {
    const longer = Uint8Array.of(...ed25519Spki(point), 0);
    expect(await identityOfPem(writePem('PUBLIC KEY', longer))).toBeUndefined();
    expect(await identityOfPem(writePem('PUBLIC KEY', ed25519Spki(point).subarray(0, 43)))).toBeUndefined();
    expect(await identityOfPem(writePem('PUBLIC KEY', new Uint8Array(44)))).toBeUndefined();
    expect(await identityOfPem(writePem('PUBLIC KEY', Uint8Array.of(1, 2, 3)))).toBeUndefined();
  });
});
