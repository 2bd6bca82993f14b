// From a root public key, as python-dtuf hands it out, to the root that a client starts from.
import { DTufError, hasCode } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import { importKey } from './keys.ts';
import { parseRoot } from './root.ts';
import { countSignatures } from './signatures.ts';
import { identityOfPem } from './spki-keys.ts';

/**
 * The newest of `candidates` that lists the key in its root role, is signed by it and meets its own threshold. What is
 * newer follows by the chain of roots (TUF 1.0.34, 5.3), like after a root that was shipped.
 *
 * @param pem the trusted root public key.
 * @param candidates published roots, the newest first.
 * @throws DTufError TRUST_BROKEN where none is, KEY_INVALID where `pem` is no public key.
 */
export async function findFirstRoot(pem: string, candidates: AsyncIterable<Bytes>): Promise<Bytes> {
  const trusted = await identityOfPem(pem);
  if (trusted === undefined) {
    throw new DTufError(
      'KEY_INVALID',
      'the root public key is of a kind that is not known: RSA, ECDSA P-256 or P-384, or Ed25519 is expected',
    );
  }
  let refusal: unknown;
  for await (const bytes of candidates) {
    try {
      if (await vouchesFor(trusted, bytes)) return bytes;
    } catch (error) {
      // An older root may still be good; what was wrong with the newest is told if none is.
      if (!hasCode(error, 'METADATA_INVALID')) throw error;
      refusal ??= error;
    }
  }
  throw new DTufError(
    'TRUST_BROKEN',
    'no root that the repository offers is signed by the root public key that was given: ask the publisher for the right one',
    {
      role: 'root',
      cause: refusal,
    },
  );
}

async function vouchesFor(trusted: string, bytes: Bytes): Promise<boolean> {
  const root = parseRoot(bytes);
  const { keys, roles } = root.signed;
  const byTrusted: string[] = [];
  // Nobody has vouched for this file yet: a name that stands there a hundred thousand times is looked at once.
  for (const keyid of new Set(roles.root.keyids)) {
    const key = keys.get(keyid);
    const usable = key && (await importKey(key));
    if ((await usable?.identity()) === trusted) byTrusted.push(keyid);
  }
  const signed = await countSignatures(root, { keyids: byTrusted, threshold: 1, keys });
  return signed === 1 && (await countSignatures(root, { ...roles.root, keys })) >= roles.root.threshold;
}
