// The roots that a publisher signs: the first, with the first metadata, and the next at a change of keys.
import { DTufError } from '../errors.ts';
import type { RegistryLayout } from '../layout/layout.ts';
import type { PublicKey, Signer, Store } from '../ports.ts';
import { fileInfo } from '../tuf/file-info.ts';
import { keyidOf } from '../tuf/key-forms.ts';
import { identityOfKey } from '../tuf/keys.ts';
import { ROLES, type Role } from '../tuf/metadata.ts';
import type { Root } from '../tuf/root.ts';
import {
  type RoleSigner,
  rootToSign,
  signMetadata,
  snapshotToSign,
  targetsToSign,
  timestampToSign,
} from '../tuf/signing.ts';
import { layoutOf, readMasterState, stagedName } from './master-state.ts';
import { verifySigned } from './verify-signed.ts';

/** How long each role stays valid, in seconds. */
export type Lifetimes = Readonly<Record<Role, number>>;

const DAY = 24 * 60 * 60;

/** A year, three months, a week and a day, as python-tuf counts them. */
export const defaultLifetimes: Lifetimes = {
  root: 31_556_900,
  targets: 7_889_230,
  snapshot: 7 * DAY,
  timestamp: DAY,
};

/** @throws DTufError INVALID_ARGUMENT where that is no date that `expires` can hold (RFC 3339). */
export function expiresAfter(now: Date, seconds: number): Date {
  const expires = new Date(now.getTime() + seconds * 1000);
  if (expires.getUTCFullYear() >= 0 && expires.getUTCFullYear() <= 9999) return expires;
  throw new DTufError(
    'INVALID_ARGUMENT',
    `a lifetime of ${seconds} seconds does not end before the year 10000`,
    {
      expected: 'a lifetime in seconds that ends before the year 10000',
      got: String(seconds),
    },
  );
}

interface Signing {
  readonly now: Date;
  readonly lifetimes: Lifetimes;
}

/** @throws DTufError METADATA_EXISTS, KEY_INVALID, INVALID_ARGUMENT, STATE_CHANGED, STORAGE_FAILED */
export async function createFirstMetadata(
  store: Store,
  signers: Readonly<Record<Role, Signer>>,
  { now, lifetimes, layout }: Signing & { readonly layout: RegistryLayout },
): Promise<void> {
  const names = ROLES.map((role) => stagedName(`${role}.json`));
  if ((await store.read(names)).size > 0) {
    throw new DTufError(
      'METADATA_EXISTS',
      'this repository has metadata already: to sign it with new keys use reset-keys',
    );
  }
  const validity = (role: Role) => ({ version: 1, expires: expiresAfter(now, lifetimes[role]) });
  const keys = await keysOf(signers, layout);
  const by = (role: Role): RoleSigner[] =>
    [...keys[role].keys()].map((keyid) => ({ keyid, signer: signers[role] }));
  const mark = layout === 'native' ? { 'x-dtuf': { layout: 'native' } } : {};
  const root = await signMetadata(rootToSign(validity('root'), keys, mark), by('root'));
  const targets = await signMetadata(targetsToSign(validity('targets'), new Map()), by('targets'));
  const meta = new Map([
    ['targets.json', { ...(layout === 'native' ? await fileInfo(targets) : {}), version: 1 }],
  ]);
  const snapshot = await signMetadata(snapshotToSign(validity('snapshot'), meta), by('snapshot'));
  const timestamp = await signMetadata(
    await timestampToSign(validity('timestamp'), 1, snapshot),
    by('timestamp'),
  );
  await verifySigned(root, { timestamp, snapshot, targets });
  const writes = new Map(
    Object.entries({ root, targets, snapshot, timestamp }).map(([role, bytes]) => [
      stagedName(`${role}.json`),
      bytes,
    ]),
  );
  writes.set(stagedName('1.root.json'), root);
  if (layout === 'legacy') {
    // python-dtuf looks for these where it carries on our folder.
    writes.set(stagedName('1.targets.json'), targets);
    writes.set(stagedName('1.snapshot.json'), snapshot);
  }
  await commit(store, new Map(names.map((name) => [name, undefined])), writes);
}

/**
 * Signs the root that follows the present one.
 *
 * @param previous signers of root keys of before, as far as they are at hand.
 * @param locked names of files with root keys of before that did not open.
 * @returns whether clients can follow: the keys of the present root signed too.
 * @throws DTufError METADATA_MISSING, KEY_INVALID, KEY_PASSWORD where clients could follow but for a key that is locked,
 * NOT_SUPPORTED, INVALID_ARGUMENT, STATE_CHANGED, STORAGE_FAILED
 */
export async function createNextRoot(
  store: Store,
  signers: Readonly<Record<Role, Signer>>,
  previous: readonly Signer[],
  { now, lifetimes, locked }: Signing & { readonly locked: readonly string[] },
): Promise<{ followed: boolean }> {
  const state = await readMasterState(store);
  const present = state.root.signed;
  checkThresholds(present);
  const keys = await keysOf(signers, layoutOf(state.root), present);
  const version = present.version + 1;
  const validity = { version, expires: expiresAfter(now, lifetimes.root) };
  // The new key signs first: python-dtuf takes the first signature for the one of the key that it was given.
  const own = await holdersOf(keys.root, [signers.root]);
  const old = (await namedSigners(present, 'root', [signers.root, ...previous])).filter(
    ({ keyid }) => !keys.root.has(keyid),
  );
  const root = await signMetadata(rootToSign(validity, keys, present.raw), [...own, ...old]);
  await verifySigned(root);
  const followers = new Set(
    [...own, ...old].map(({ keyid }) => keyid).filter((keyid) => present.roles.root.keyids.includes(keyid)),
  );
  const followed = followers.size >= present.roles.root.threshold;
  // A new root cannot be taken back: who has mistyped a password would lock out all clients.
  if (!followed && locked.length > 0) throw lockedOut(locked);
  const writes = new Map([
    [stagedName('root.json'), root],
    [stagedName(`${version}.root.json`), root],
  ]);
  await commit(store, state.versions, writes);
  return { followed };
}

function lockedOut(locked: readonly string[]): DTufError {
  return new DTufError(
    'KEY_PASSWORD',
    `${locked.join(', ')} may hold the root key of before and cannot be opened with the password of the root key: without its signature all clients would need the new key. Give it the same password, as with openssl pkcs8 -topk8 -v2 aes-256-cbc, or move it away where it is not needed`,
    { role: 'root' },
  );
}

/** We sign with one key a role: a root that asks for more, made by other tools, is not to be weakened by the way. */
function checkThresholds(present: Root): void {
  const role = ROLES.find((name) => present.roles[name].threshold > 1);
  if (role === undefined) return;
  const { threshold } = present.roles[role];
  throw new DTufError(
    'NOT_SUPPORTED',
    `the root metadata asks for ${threshold} signatures of ${role}, and one that is signed here would ask for one: sign the next root with the tool that made this one`,
    { role, expected: String(threshold), got: '1' },
  );
}

async function commit(
  store: Store,
  expected: ReadonlyMap<string, string | undefined>,
  writes: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  if (await store.commit(expected, writes)) return;
  throw new DTufError(
    'STATE_CHANGED',
    'the metadata was changed by another process at the same moment: try again',
  );
}

type KeysByRole = Readonly<Record<Role, ReadonlyMap<string, PublicKey>>>;

/** The keys of `signers` as root lists them; those that `present` lists keep their keyid. */
async function keysOf(
  signers: Readonly<Record<Role, Signer>>,
  layout: RegistryLayout,
  present?: Root,
): Promise<KeysByRole> {
  const one = async (role: Role) => new Map([await keyEntry(signers[role].key, layout, present)]);
  return {
    root: await one('root'),
    targets: await one('targets'),
    snapshot: await one('snapshot'),
    timestamp: await one('timestamp'),
  };
}

async function keyEntry(
  key: PublicKey,
  layout: RegistryLayout,
  present: Root | undefined,
): Promise<readonly [string, PublicKey]> {
  const identity = await identityOfKey(key);
  for (const [keyid, listed] of present?.keys ?? []) {
    if ((await identityOfKey(listed)) === identity) return [keyid, listed];
  }
  const listed = layout === 'legacy' ? { keyid_hash_algorithms: ['sha256'], ...key } : key;
  return [await keyidOf(listed), listed];
}

/** The signers whose keys `root` names for `role`, under the keyids that it gives them. */
export async function namedSigners(
  root: Root,
  role: Role,
  signers: readonly Signer[],
): Promise<RoleSigner[]> {
  const listed = new Map(
    root.roles[role].keyids.flatMap((keyid) => {
      const key = root.keys.get(keyid);
      return key === undefined ? [] : [[keyid, key] as const];
    }),
  );
  return holdersOf(listed, signers);
}

/** For each listed key, the signer that holds it. */
async function holdersOf(
  listed: ReadonlyMap<string, PublicKey>,
  signers: readonly Signer[],
): Promise<RoleSigner[]> {
  const named: RoleSigner[] = [];
  for (const [keyid, key] of listed) {
    const identity = await identityOfKey(key);
    for (const signer of signers) {
      if (identity !== undefined && identity === (await identityOfKey(signer.key))) {
        named.push({ keyid, signer });
        break;
      }
    }
  }
  return named;
}
