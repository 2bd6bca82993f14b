// Where engines differ about keys, a signer is made all the same.
import { afterEach, expect, it, vi } from 'vitest';
import { utf8 } from '../../src/encoding.ts';
import { importKey } from '../../src/tuf/keys.ts';
import { generateKeyPair, signerOf } from '../../src/tuf/signer.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

it.each(['ed25519', 'ecdsa', 'rsa'] as const)(
  'a private key of %s is asked for as nothing of another family',
  async (type) => {
    const { pkcs8, publicKey } = await generateKeyPair(type);
    const asked = vi.spyOn(crypto.subtle, 'importKey');
    const { key } = await signerOf(pkcs8);
    expect(key).toEqual(publicKey);
    const names = asked.mock.calls
      .filter(([format]) => format === 'pkcs8')
      .map(([, , algorithm]) => String(Object(algorithm).name));
    // Firefox takes a key of P-256 for one of Ed25519.
    expect(names.includes('Ed25519')).toBe(type === 'ed25519');
  },
);

it('a key of Ed25519 is made where Web Crypto fails to make it, as that of WebKitGTK does at one of about 130', async () => {
  vi.spyOn(crypto.subtle, 'generateKey').mockRejectedValue(new DOMException('it failed', 'OperationError'));
  const { pkcs8, publicKey } = await generateKeyPair('ed25519');
  const signer = await signerOf(pkcs8);
  expect(signer.key).toEqual(publicKey);
  const data = utf8('a message');
  const usable = await importKey(publicKey);
  expect(await usable?.verify(data, Uint8Array.from(await signer.sign(data)))).toBe(true);
  await expect(generateKeyPair('rsa')).rejects.toThrow('it failed');
});

it('a key of Ed25519 signs where Web Crypto fails to take it, as that of WebKitGTK does too', async () => {
  const { pkcs8, publicKey } = await generateKeyPair('ed25519');
  const take = crypto.subtle.importKey.bind(crypto.subtle) as (...key: unknown[]) => Promise<CryptoKey>;
  vi.spyOn(crypto.subtle, 'importKey').mockImplementation(async (format, ...key) => {
    if (format === 'pkcs8') throw new DOMException('it failed', 'DataError');
    return take(format, ...key);
  });
  const signer = await signerOf(pkcs8);
  expect(signer.key).toEqual(publicKey);
  const data = utf8('a message');
  const usable = await importKey(publicKey);
  expect(await usable?.verify(data, Uint8Array.from(await signer.sign(data)))).toBe(true);
  await expect(signerOf(pkcs8.subarray(1))).rejects.toMatchObject({ code: 'KEY_INVALID' });
});
