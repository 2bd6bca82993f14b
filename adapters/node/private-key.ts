import { createPrivateKey } from 'node:crypto';
import { DTufError } from '../../src/errors.ts';
import type { OpenPrivateKey } from '../../src/ports.ts';
import { readPem } from '../../src/tuf/pem.ts';

/**
 * Opens whatever private key OpenSSL opens: the traditional PEM that python-dtuf wrote (`DEK-Info`), PKCS#8 under
 * PBKDF2 or scrypt, and keys that are not encrypted.
 *
 * @returns the key as PKCS#8 DER.
 * @throws DTufError KEY_PASSWORD where the password is wrong, KEY_INVALID where it is another kind of file, NOT_SUPPORTED
 * where this runtime does not know how it is encrypted (as far as it says so)
 */
export const openPrivateKey: OpenPrivateKey = async (pem, password) => {
  const { label } = readPem(pem);
  try {
    const key = createPrivateKey({ key: pem, format: 'pem', passphrase: password });
    return Uint8Array.from(key.export({ type: 'pkcs8', format: 'der' }));
  } catch (cause) {
    // Both kinds say so in plain words, PKCS#8 in its label and the traditional one in Proc-Type.
    throw refusal(label, pem.includes('ENCRYPTED'), cause);
  }
};

function refusal(label: string, encrypted: boolean, cause: unknown): DTufError {
  if (label.includes('PUBLIC KEY') || label === 'CERTIFICATE') {
    const message = `Expected a private key, got a public one ("${label}"): give the key's other file.`;
    return new DTufError('KEY_INVALID', message, { cause });
  }
  if (label === 'OPENSSH PRIVATE KEY') {
    const message =
      'OpenSSH\'s own key format is not read: write the key anew with "ssh-keygen -p -m PKCS8".';
    return new DTufError('KEY_INVALID', message, { cause });
  }
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  // With a word after it: the plain code also stands for bytes that a wrong password made.
  if (encrypted && code.startsWith('ERR_OSSL_UNSUPPORTED_')) {
    const message =
      'This runtime does not know how the private key is encrypted (Bun knows no scrypt, for one): open it in Node, or encrypt it anew with "openssl pkcs8 -topk8".';
    return new DTufError('NOT_SUPPORTED', message, { cause });
  }
  // CBC has no authentication: a wrong password may also yield bytes that are no key.
  if (encrypted) {
    const message = 'The password does not open the private key: it is wrong, or the file is damaged.';
    return new DTufError('KEY_PASSWORD', message, { cause });
  }
  return new DTufError('KEY_INVALID', `The block "${label}" does not hold a private key that can be read.`, {
    cause,
  });
}
