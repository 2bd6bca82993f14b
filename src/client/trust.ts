import { readAll } from '../content/read-all.ts';
import { utf8 } from '../encoding.ts';
import { DTufError, hasCode } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Bytes, Files } from '../ports.ts';
import { identityOfPem, importKey } from '../tuf/keys.ts';
import { parseRoot, type Root } from '../tuf/root.ts';

/** A trusted root.json, or a root public key in PEM; as bytes or text, or where to fetch it from. */
export type Trust = Uint8Array | string | URL;

/** Trust that was read. */
export type ReadTrust = { readonly root: Bytes } | { readonly pem: string };

/** @throws DTufError UNREACHABLE, NOT_SUPPORTED, LIMIT_EXCEEDED */
export async function readTrust(
  trust: Trust,
  { files, limits, fetch }: { files: Files | undefined; limits: Limits; fetch: typeof globalThis.fetch },
): Promise<ReadTrust> {
  const bytes = await trustBytes(trust, files, limits, fetch);
  const text = new TextDecoder().decode(bytes);
  return text.includes('-----BEGIN') ? { pem: text } : { root: bytes };
}

async function trustBytes(
  trust: Trust,
  files: Files | undefined,
  limits: Limits,
  fetch: typeof globalThis.fetch,
): Promise<Bytes> {
  // A text is the root or key itself: it is never taken for an address.
  if (typeof trust === 'string') return utf8(trust);
  if (trust instanceof Uint8Array) return new Uint8Array(trust);
  if (trust.protocol === 'file:' && files !== undefined) return files.readSmall(trust, limits.root);
  const answer = await fetch(trust, { redirect: 'follow' }).catch((cause: unknown) => {
    throw new DTufError('UNREACHABLE', `the trusted root could not be fetched from ${trust.href}`, { cause });
  });
  if (!answer.ok || answer.body === null) {
    throw new DTufError(
      'UNREACHABLE',
      `the trusted root could not be fetched from ${trust.href}: the answer was ${answer.status}`,
      { got: String(answer.status) },
    );
  }
  return readAll(answer.body, limits.root, 'the trusted root');
}

/** Whether what is trusted names one of the present root keys; what cannot be read names none. */
export async function sharesRootKey(trust: ReadTrust, root: Root): Promise<boolean> {
  try {
    const given = await identitiesOf(trust);
    const present = await rootIdentities(root);
    return given.some((identity) => present.includes(identity));
  } catch (error) {
    if (hasCode(error, 'METADATA_INVALID', 'KEY_INVALID')) return false;
    throw error;
  }
}

async function identitiesOf(trust: ReadTrust): Promise<string[]> {
  if ('root' in trust) return rootIdentities(parseRoot(trust.root).signed);
  const identity = await identityOfPem(trust.pem);
  return identity === undefined ? [] : [identity];
}

async function rootIdentities({ keys, roles }: Root): Promise<string[]> {
  const listed = roles.root.keyids.flatMap((keyid) => keys.get(keyid) ?? []);
  const usable = await Promise.all(listed.map(importKey));
  return usable.flatMap((key) => (key === undefined ? [] : [key.identity]));
}
