import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openPrivateKey } from '../../adapters/node/private-key.ts';
import type { Bytes } from '../../src/ports.ts';
import { encryptPrivateKey, openPrivateKey as openInCore } from '../../src/tuf/private-key.ts';
import { temporaryFolder } from './temporary.ts';

const FIXTURE = resolve('test/fixtures/python-dtuf/work.tar.gz');
const PASSWORD = 'pässwörd with spaces';
const openssl = hasOpenssl();

const KEYS: Readonly<Record<string, () => KeyObject>> = {
  ed25519: () => generateKeyPairSync('ed25519').privateKey,
  'P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  'P-384': () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey,
  'RSA-3072': () => generateKeyPairSync('rsa', { modulusLength: 3072 }).privateKey,
};

describe('keys that were encrypted here', () => {
  for (const [type, make] of Object.entries(KEYS)) {
    test.runIf(openssl)(`openssl opens an ${type} key, and it is the same key`, async () => {
      const key = make();
      const pem = await encryptPrivateKey(derOf(key), PASSWORD);
      const opened = run(['pkey', '-passin', `pass:${PASSWORD}`], pem);
      expect(createPrivateKey(opened).equals(key)).toBe(true);
      expect(await openPrivateKey(pem, PASSWORD)).toEqual(derOf(key));
    });
  }
});

describe('keys that openssl encrypted', () => {
  const pkcs8 =
    (...how: string[]) =>
    (key: KeyObject) =>
      run(['pkcs8', '-topk8', '-passout', `pass:${PASSWORD}`, ...how], textOf(key));
  const traditional = (cipher: string) => (key: KeyObject) =>
    run(['pkey', '-traditional', `-${cipher}`, '-passout', `pass:${PASSWORD}`], textOf(key));
  const forms: readonly (readonly [string, (key: KeyObject) => string, string, boolean])[] = [
    ['PKCS#8, AES-256, PBKDF2 with SHA-256', pkcs8('-v2', 'aes-256-cbc'), 'ed25519', true],
    [
      'PKCS#8, AES-192, PBKDF2 with SHA-512',
      pkcs8('-v2', 'aes-192-cbc', '-v2prf', 'hmacWithSHA512'),
      'P-256',
      true,
    ],
    [
      'PKCS#8, AES-128, PBKDF2 with SHA-1',
      pkcs8('-v2', 'aes-128-cbc', '-v2prf', 'hmacWithSHA1'),
      'P-384',
      true,
    ],
    ['PKCS#8, scrypt', pkcs8('-scrypt'), 'ed25519', false],
    ['PKCS#8, triple DES', pkcs8('-v2', 'des3'), 'P-256', false],
    ['traditional, RSA, AES-256', traditional('aes256'), 'RSA-3072', false],
    ['traditional, EC, AES-128', traditional('aes128'), 'P-384', false],
  ];
  for (const [form, encrypt, type, core] of forms) {
    test.runIf(openssl)(`open: ${form}`, async () => {
      const key = KEYS[type]?.() ?? expect.fail(`no key of type ${type}`);
      const pem = encrypt(key);
      const der = await openPrivateKey(pem, PASSWORD);
      expect(createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' }).equals(key)).toBe(
        true,
      );
      if (core) expect(await openInCore(pem, PASSWORD)).toEqual(der);
      else await expect(openInCore(pem, PASSWORD)).rejects.toMatchObject({ code: 'KEY_INVALID' });
      // CRLF, no last newline, text around it (ATTACKS 79)
      expect(await openPrivateKey(`my key\r\n${pem.trimEnd().replaceAll('\n', '\r\n')}`, PASSWORD)).toEqual(
        der,
      );
      for (const wrong of ['', 'wrong', `${PASSWORD} `, 'x'.repeat(5000)]) {
        await expect(openPrivateKey(pem, wrong)).rejects.toMatchObject({ code: 'KEY_PASSWORD' });
      }
    });
  }

  test.runIf(openssl)(
    'a wrong password whose padding happens to fit is a wrong password too (ATTACKS 68)',
    async () => {
      const pem = traditional('aes128')(KEYS['P-256']?.() ?? expect.fail());
      const codes = new Set<unknown>();
      for (let i = 0; i < 2000; i++)
        codes.add(await openPrivateKey(pem, `wrong ${i}`).then(() => 'opened', codeOf));
      expect([...codes]).toEqual(['KEY_PASSWORD']);
    },
  );
});

describe('the keys that python-dtuf made', () => {
  for (const role of ['root', 'targets', 'snapshot', 'timestamp']) {
    test(`the ${role} key opens with its password, and is the other half of its public key`, async () => {
      const pem = fixture(`${role}_key`);
      expect(pem).toContain('DEK-Info: AES-256-CBC');
      const der = await openPrivateKey(pem, `${role}-pw`);
      const key = createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' });
      expect(createPublicKey(key).equals(createPublicKey(fixture(`${role}_key.pub`)))).toBe(true);
      await expect(openPrivateKey(pem, 'root-password')).rejects.toMatchObject({ code: 'KEY_PASSWORD' });
      // So that it can be carried on under a stronger derivation.
      expect(await openInCore(await encryptPrivateKey(der, 'new'), 'new')).toEqual(der);
    });
  }
});

describe('what is no private key', () => {
  test('a public key is refused, and the message says so (ATTACKS 68)', async () => {
    const refused = openPrivateKey(fixture('root_key.pub'), 'root-pw');
    await expect(refused).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message: expect.stringContaining('a public one'),
    });
  });

  const invalid = {
    'an empty file': '',
    'another text': 'hello',
    'a damaged key': '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
    'an OpenSSH key': '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n',
  };
  for (const [what, pem] of Object.entries(invalid)) {
    test(`${what} is refused`, async () => {
      await expect(openPrivateKey(pem, 'root-pw')).rejects.toMatchObject({ code: 'KEY_INVALID' });
    });
  }

  test('no error holds the password or the key (ATTACKS 69)', async () => {
    const pem = fixture('root_key');
    const error = await openPrivateKey(pem, 'hunter2').catch((caught: unknown) => caught);
    const told = `${error} ${JSON.stringify(error)} ${error instanceof Error && `${error.stack} ${error.cause}`}`;
    expect(told).not.toContain('hunter2');
    expect(told).not.toContain(pem.split('\n')[5]);
  });
});

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version']);
    return true;
  } catch (cause) {
    if (process.env['CI'] === 'true') throw new Error('openssl is not on PATH', { cause });
    console.warn('NOT RUN: the tests with keys of openssl, which is not on PATH.');
    return false;
  }
}

function run(parameters: string[], input: string): string {
  const file = join(temporaryFolder(), 'key');
  writeFileSync(file, input, { mode: 0o600 });
  return execFileSync('openssl', [...parameters, '-in', file], { encoding: 'utf8' });
}

function fixture(name: string): string {
  const folder = temporaryFolder();
  const path = `dtuf_repos/fred/demo/master/keys/${name}`;
  execFileSync('tar', ['xzf', FIXTURE, '-C', folder, path]);
  return readFileSync(join(folder, path), 'utf8');
}

function derOf(key: KeyObject): Bytes {
  return Uint8Array.from(key.export({ type: 'pkcs8', format: 'der' }));
}

function textOf(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : error;
}
