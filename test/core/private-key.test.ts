import { beforeAll, describe, expect, test } from 'vitest';
import { toHex, utf8 } from '../../src/encoding.ts';
import type { Bytes } from '../../src/ports.ts';
import { readPem, writePem } from '../../src/tuf/pem.ts';
import { encryptPrivateKey, openPrivateKey } from '../../src/tuf/private-key.ts';

// One ed25519 key in the forms that "openssl pkcs8 -topk8 -v2 CIPHER -v2prf HASH -iter 1000" writes; password "secret".
const PLAIN = 'MC4CAQAwBQYDK2VwBCIEIFlI5bOYjCZjVzpVBAbAVyQTKOPlsqSnxUQFDyy3JH0T';
const PUBLIC = 'MCowBQYDK2VwAyEA+X/qVkrKKi6ApXiKxUcTg9CfXo3bZ74uQ3kZJpyVZFY=';
const ENCRYPTED = {
  'AES-128, SHA-1 by default': `MIGNMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAiyTReU/6BZfgICA+gw
HQYJYIZIAWUDBAECBBBb+9PjyQnpOPUBRukHBrnABEAb8HVKzQs2w7ZuSQ71yI9r
nqu+4xd2TUt94AE59p+B6+M3bXUrQd4s9BTiLs04OTSOHKXj370YC6bjCl+3KzLL`,
  'AES-256, SHA-256': `MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhvJh6s/JIpbgICA+gw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEAewg/0c0nmSWMB40uc8tQIEQHA1
R2JZYSJFxxFTdX2gSxdPIx+P46+G27UFmvzFXax2CBO1tHXlyfgxIKzBl9QMqFaZ
TBQ7cDCQ0Bu2aHP2p3o=`,
  'AES-256, SHA-384': `MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiukuaxJSuZsgICA+gw
DAYIKoZIhvcNAgoFADAdBglghkgBZQMEASoEEOitU/fyz3C0/+UTzN7y49YEQMOh
SHooHNa4JMoGZrBEVcuMOyKnxqLZkRhu8VhIzDEyxk/+XY+lOM9Iv+oLPAVA/Bri
tQOsOzu7vM45eFRGIts=`,
  'AES-256, SHA-512': `MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAg+iPK79O6hpwICA+gw
DAYIKoZIhvcNAgsFADAdBglghkgBZQMEASoEENW+HkBuFANnJddlgM7rJsYEQPye
9qUCj/yAF3tyQdZgEiXJVGd1rCZRaP2sI15hloTDztsDAm1lYqOqap0sTb2c7N3A
JjydCvRnHctnAaDgv1c=`,
} as const;
const SCRYPT = `MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAjO0J+QVI31fQICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBC4fejM60v1iUrlGIhFQ4KoBEABXr86WBRZrq8n
/N8nqEOPvAO+rlWUtfeoBjjnNq9algcOxcNfr61n/nM5g4wtf17dL4fErN9ye1CI
5HrQ+i5n`;
const TRIPLE_DES = `MIGKME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAgyqlGLcp+DgAICA+gw
DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQIe41mxuBJzUIEOA5pI45khAbibMcN
LMf1smB6aoDWyF+slpnMgovQrt4/9wLacB9tFzRU1aRQPdbNGLYC5nu47+4e`;

const pem = (label: string, body: string) => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;
const encrypted = (body: string) => pem('ENCRYPTED PRIVATE KEY', body);
const key = readPem(pem('PRIVATE KEY', PLAIN)).der;

describe('PEM', () => {
  const text = pem('PUBLIC KEY', PUBLIC);
  const same = {
    'with CRLF': text.replaceAll('\n', '\r\n'),
    'without a last newline': text.trimEnd(),
    'with text before and after it': `Subject: me: -----\n\nBEGIN\n${text}\nthe end\n`,
    'with spaces at line ends': text.replaceAll('\n', '  \n'),
    'on short lines': pem('PUBLIC KEY', PUBLIC.replace(/.{10}/g, '$&\n')),
    'after a block of another label': `${pem('EC PARAMETERS', 'BggqhkjOPQMBBw==')}${text}`,
  };
  for (const [how, other] of Object.entries(same)) {
    test(`a block ${how} has the same bytes (ATTACKS 79)`, () => {
      expect(toHex(readPem(other, 'PUBLIC KEY').der)).toBe(toHex(readPem(text).der));
    });
  }

  test('what is written has lines of 64 characters and a last newline, and is read again', () => {
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
    const lines = writePem('PRIVATE KEY', bytes).split('\n');
    expect(lines.map((line) => line.length)).toEqual([27, 64, 64, 8, 25, 0]);
    expect(readPem(lines.join('\n'))).toMatchObject({ label: 'PRIVATE KEY', der: bytes });
  });

  test('headers of a traditional key are told apart from its body', () => {
    const headers = 'Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n';
    const read = readPem(pem('RSA PRIVATE KEY', headers + PLAIN));
    expect(read.headers.get('DEK-Info')).toBe('AES-256-CBC,00');
    expect(read.der).toEqual(key);
  });

  const bad = {
    'an empty text': '',
    'no block': 'hello',
    'no END line': `-----BEGIN PUBLIC KEY-----\n${PUBLIC}\n`,
    'the END line of another label': `-----BEGIN PUBLIC KEY-----\n${PUBLIC}\n-----END PRIVATE KEY-----\n`,
    'no base64': pem('PUBLIC KEY', '!!!!'),
    'an empty body': pem('PUBLIC KEY', ''),
    'cut base64': pem('PUBLIC KEY', PUBLIC.slice(0, -3)),
    '65 KiB': ' '.repeat(65 * 1024) + text,
    'another label than asked for': pem('PRIVATE KEY', PLAIN),
  };
  for (const [what, input] of Object.entries(bad)) {
    test(`a text with ${what} is refused`, () => {
      expect(() => readPem(input, 'PUBLIC KEY')).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    });
  }
});

describe('private keys under a password', () => {
  let written: string;
  beforeAll(async () => {
    written = await encryptPrivateKey(key, 'pässwörd ✓');
  });

  test('a key that was encrypted opens with its password only (ATTACKS 68)', async () => {
    expect(written).toMatch(/^-----BEGIN ENCRYPTED PRIVATE KEY-----\n/);
    expect(await openPrivateKey(written, 'pässwörd ✓')).toEqual(key);
    await expect(openPrivateKey(written, 'pässwörd')).rejects.toMatchObject({ code: 'KEY_PASSWORD' });
    await expect(openPrivateKey(written, '')).rejects.toMatchObject({ code: 'KEY_PASSWORD' });
  });

  test('the same key is never encrypted twice to the same bytes, and 600,000 iterations are asked for', async () => {
    const other = await encryptPrivateKey(key, 'pässwörd ✓');
    expect(other).not.toBe(written);
    expect(toHex(readPem(written).der)).toContain(`0203${(600_000).toString(16).padStart(6, '0')}`);
  });

  test('an empty password is refused when writing', async () => {
    await expect(encryptPrivateKey(key, '')).rejects.toMatchObject({ code: 'KEY_PASSWORD' });
  });

  for (const [how, body] of Object.entries(ENCRYPTED)) {
    test(`a key that openssl wrote opens: ${how}`, async () => {
      expect(await openPrivateKey(encrypted(body), 'secret')).toEqual(key);
    });
  }

  test('a wrong password whose padding happens to fit is a wrong password too (ATTACKS 68)', async () => {
    // One of some 256 wrong passwords leaves a valid padding.
    const codes = new Set<unknown>();
    for (let i = 0; i < 800; i++) {
      codes.add(
        await openPrivateKey(encrypted(ENCRYPTED['AES-256, SHA-256']), `wrong ${i}`).then(
          () => 'opened',
          codeOf,
        ),
      );
    }
    expect([...codes]).toEqual(['KEY_PASSWORD']);
  });

  test('a key that is not encrypted is taken as it is', async () => {
    expect(await openPrivateKey(pem('PRIVATE KEY', PLAIN), 'whatever')).toEqual(key);
  });

  test('a public key where a private one belongs is refused, and the message says so (ATTACKS 68)', async () => {
    const refused = openPrivateKey(pem('PUBLIC KEY', PUBLIC), 'secret');
    await expect(refused).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message: expect.stringContaining('a public one'),
    });
  });

  const elsewhere = {
    scrypt: encrypted(SCRYPT),
    'triple DES': encrypted(TRIPLE_DES),
    'DEK-Info': pem('RSA PRIVATE KEY', `Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n${PLAIN}`),
    'an OpenSSH key': pem('OPENSSH PRIVATE KEY', PLAIN),
  };
  for (const [what, text] of Object.entries(elsewhere)) {
    test(`${what} is refused with the name of the runtime that opens it`, async () => {
      const refused = openPrivateKey(text, 'secret');
      await expect(refused).rejects.toMatchObject({
        code: 'KEY_INVALID',
        message: expect.stringContaining('dtuf/node'),
      });
    });
  }

  test('a key file that asks for 2^31 iterations is refused at once', async () => {
    const der = readPem(encrypted(ENCRYPTED['AES-256, SHA-256'])).der;
    // 0x03e8 = 1000 iterations in two bytes becomes a four-byte integer; every enclosing length grows by two.
    const hex = toHex(der).replace('020203e8', '02047fffffff');
    const grown = hex
      .replace(/^30819b3057/, '30819d3059')
      .replace('304a3029', '304c302b')
      .replace('301c0408', '301e0408');
    const text = writePem('ENCRYPTED PRIVATE KEY', bytesOf(grown));
    const refused = openPrivateKey(text, 'secret');
    await expect(refused).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message: expect.stringContaining('2147483647'),
    });
  });

  test('a damaged file is refused at every cut, never with another error (ATTACKS 1)', async () => {
    const der = readPem(encrypted(ENCRYPTED['AES-256, SHA-256'])).der;
    for (let length = 1; length < der.length; length++) {
      const cut = writePem('ENCRYPTED PRIVATE KEY', der.slice(0, length));
      expect(await openPrivateKey(cut, 'secret').then(() => 'opened', codeOf)).toBe('KEY_INVALID');
    }
    const longer = writePem('ENCRYPTED PRIVATE KEY', Uint8Array.of(...der, 0));
    await expect(openPrivateKey(longer, 'secret')).rejects.toMatchObject({ code: 'KEY_INVALID' });
    await expect(openPrivateKey(pem('PRIVATE KEY', btoa('nonsense')), '')).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
  });

  test('no error holds the password (ATTACKS 69)', async () => {
    const error = await openPrivateKey(written, 'hunter2').catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'KEY_PASSWORD' });
    expect(`${error} ${JSON.stringify(error)} ${error instanceof Error && error.cause}`).not.toContain(
      'hunter2',
    );
  });
});

function bytesOf(hex: string): Bytes {
  const bytes = utf8(hex.replace(/../g, ' '));
  return bytes.map((_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}
