import { hasCode } from '../errors.ts';
import { late } from '../late.ts';
import { importKey } from '../tuf/keys.ts';
import { parseRoot, type Root } from '../tuf/root.ts';
import type { ReadTrust } from './trust.ts';

/** Tells of trust that was given and is not of the present root keys. */
export async function noticeIfIgnored(
  trust: ReadTrust,
  root: Root,
  show: (text: string) => void,
): Promise<void> {
  if (await sharesRootKey(trust, root)) return;
  show(
    'the root that was given is not of the present root keys and was ignored: the state is trusted from its own root on (--reset-trust begins anew)',
  );
}

/** Whether what is trusted names one of the present root keys; what cannot be read names none. */
async function sharesRootKey(trust: ReadTrust, root: Root): Promise<boolean> {
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
  const { identityOfPem } = await late(import('../tuf/spki-keys.ts'));
  const identity = await identityOfPem(trust.pem);
  return identity === undefined ? [] : [identity];
}

async function rootIdentities({ keys, roles }: Root): Promise<string[]> {
  const listed = roles.root.keyids.flatMap((keyid) => keys.get(keyid) ?? []);
  const usable = await Promise.all(listed.map(importKey));
  const identities = await Promise.all(usable.map((key) => key?.identity()));
  return identities.flatMap((identity) => identity ?? []);
}
