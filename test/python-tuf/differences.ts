// Where python-tuf and we differ, and why: all that random repositories (random-state.ts, breaks.ts) stay clear of. Each row says
// what either makes of a repository in two sessions: the data of the target `a`, or what was refused.
import { createHash } from 'node:crypto';
import type { Json, JsonObject } from '../../src/json.ts';
import { ROLES, type Role } from '../../src/tuf/metadata.ts';
import type { Keys } from './keys.ts';
import type { DelegationPlan, Plan, RootPlan, Signers, State, TargetsPlan } from './plan.ts';

export interface Difference {
  readonly what: string;
  readonly why: string;
  /** Changes a plain repository; the second state is as the first. */
  readonly change: (states: readonly [State, State], keys: Keys) => void;
  /** Who writes it: the other would not. */
  readonly writtenBy?: 'python-tuf';
  readonly lookup?: string;
  readonly python: readonly [string, string];
  readonly ours: readonly [string, string];
}

const SAME_OLD = ['old', 'old'] as const;
const twice = (verdict: string) => [verdict, verdict] as const;

export const DIFFERENCES: readonly Difference[] = [
  {
    what: 'one public key under two keyids, for a threshold of two',
    why: 'keys are counted by their public value, never by keyid alone (ATTACKS 16)',
    change: (states) => targetsSigners(states, ['ed25519 1', 'twin'], 2),
    python: SAME_OLD,
    ours: twice('unsigned targets'),
  },
  {
    what: 'a key of an unknown type beside a good one',
    why: 'it does not count and does no harm: a publisher may be ahead of its clients (ATTACKS 23)',
    change: (states) => targetsSigners(states, ['ed25519 1', 'unknown'], 1, ['ed25519 1']),
    python: twice('invalid root'),
    ours: SAME_OLD,
  },
  {
    what: 'the same keyid twice among those of a role',
    why: 'it counts once (ATTACKS 17)',
    change: (states) => targetsSigners(states, ['ed25519 1', 'ed25519 1'], 1, ['ed25519 1']),
    python: twice('invalid root'),
    ours: SAME_OLD,
  },
  {
    what: 'a signature by RSA with PKCS#1 v1.5',
    why: 'RSA-PSS is the one RSA scheme of DESIGN 4 and of TUF 4.2.3 (ATTACKS 22)',
    change: (states) => targetsSigners(states, ['rsa pkcs1v15'], 1),
    python: SAME_OLD,
    ours: twice('unsigned targets'),
  },
  {
    what: 'a signature by an RSA key of 1024 bits',
    why: 'it is too weak (ATTACKS 22)',
    change: (states) => targetsSigners(states, ['rsa 1024'], 1),
    python: SAME_OLD,
    ours: twice('unsigned targets'),
  },
  {
    what: 'a signature by RSA-PSS with a salt that is not as long as the hash',
    why: 'Web Crypto verifies one length of salt at a time: that of the hash and the longest are tried, which TUF libraries write',
    change: (states) => targetsSigners(states, ['rsa long salt'], 1),
    python: SAME_OLD,
    ours: twice('unsigned targets'),
  },
  {
    what: 'a signature by ECDSA P-521',
    why: 'it is not among the key types of TUF 4.2.3, nor in every Web Crypto',
    change: (states) => targetsSigners(states, ['p521'], 1),
    python: SAME_OLD,
    ours: twice('unsigned targets'),
  },
  {
    what: 'an ECDSA key as a point in hex',
    why: "sigstore's first roots have it (ATTACKS 21)",
    change: (states) => targetsSigners(states, ['p256 in hex'], 1),
    python: twice('unsigned targets'),
    ours: SAME_OLD,
  },
  {
    what: 'a date of expiry with a fraction of a second',
    why: "sigstore's first roots have it (ATTACKS 12)",
    change: (states) => replace(states, 'timestamp', { expires: '2027-01-01T00:00:00.5Z' }),
    python: twice('invalid timestamp'),
    ours: SAME_OLD,
  },
  {
    what: 'a role `mirrors` in root',
    why: 'TUF 4.3 knows it as optional; nothing of it is used',
    change(states, keys) {
      for (const { roots } of states) {
        for (const root of roots) {
          const roles = rolesOf(root, keys);
          root.replaced = { roles: { ...roles, mirrors: roles['root'] ?? null } };
        }
      }
    },
    python: twice('invalid root'),
    ours: SAME_OLD,
  },
  {
    what: 'an unknown hash beside a good one',
    why: 'the known ones are verified, all of them; an unknown one proves nothing (ATTACKS 50)',
    change: (states) => replaceHashes(states, { sha256: sha('sha256', 'old'), 'x-unknown': 'ab' }),
    python: twice('other bytes a'),
    ours: SAME_OLD,
  },
  {
    what: 'a hash of a kind that only Python knows',
    why: 'sha256 or sha512 has to be there for a target to be handed out (ATTACKS 50)',
    change: (states) => replaceHashes(states, { sha384: sha('sha384', 'old') }),
    python: SAME_OLD,
    ours: twice('other bytes a'),
  },
  {
    what: 'a hash in upper case',
    why: 'hex digests are in lower case (TUF 4.5, HASHES): the file that has another is malformed as a whole',
    change: (states) => replaceHashes(states, { sha256: sha('sha256', 'old').toUpperCase() }),
    python: twice('other bytes a'),
    ours: twice('invalid targets'),
  },
  {
    what: '`custom` that is no object',
    why: 'TUF 4.5 has it an object',
    change(states) {
      const file = { length: 3, hashes: { sha256: sha('sha256', 'old') }, custom: 'text' };
      replace(states, 'targets', { targets: { a: file } });
    },
    python: SAME_OLD,
    ours: twice('invalid targets'),
  },
  {
    what: 'an integer of 2^53',
    why: 'numbers are plain integers within ±(2^53-1): no two readers see two documents (ATTACKS 5)',
    writtenBy: 'python-tuf',
    change: (states) => replace(states, 'timestamp', { 'x-number': 2 ** 53 }),
    python: SAME_OLD,
    ours: twice('invalid timestamp'),
  },
  {
    what: 'nesting of 40 lists',
    why: 'every loop over what comes from outside has a bound (ATTACKS 8)',
    writtenBy: 'python-tuf',
    change: (states) => replace(states, 'timestamp', { 'x-deep': nested(40) }),
    python: SAME_OLD,
    ours: twice('invalid timestamp'),
  },
  {
    what: 'a snapshot without targets.json',
    why: 'TUF 4.4 has it always listed: the file is refused, rather than its use',
    change: (states) => replace(states, 'snapshot', { meta: {} }),
    python: twice('not listed targets'),
    ours: twice('invalid snapshot'),
  },
  {
    what: 'a snapshot that was changed without a new version',
    why: 'the stored one is not what the timestamp names, and the one that is named is fetched (TUF 5.5.2)',
    change([, second]) {
      second.timestamp.version++;
      publishNew(second);
    },
    python: ['old', 'old'],
    ours: ['old', 'new'],
  },
  {
    what: 'a timestamp that goes back after its key was joined by another',
    why: 'where keys were replaced, what was trusted before is forgotten (TUF 5.3.11): the way back from a fast-forward',
    change([first, second]) {
      first.timestamp.version = 9;
      rotateTimestamp(second, ['ed25519 1', 'ed25519 2']);
    },
    python: ['old', 'version timestamp'],
    ours: ['old', 'old'],
  },
  {
    what: 'a snapshot that goes back after the keys of timestamp were replaced',
    why: 'both files are forgotten where the keys of either were replaced (TUF 5.3.11)',
    change([first, second]) {
      first.snapshot.version = 9;
      first.timestamp.snapshot.version = 9;
      first.snapshot.meta['targets'] = { version: 9, length: false, hashes: [] };
      first.targets.version = 9;
      rotateTimestamp(second, ['ed25519 2']);
    },
    python: ['old', 'version targets'],
    ours: ['old', 'old'],
  },
  {
    what: 'a target that is not in the first 33 roles that may sign for it',
    why: 'the bound is the same; that more roles were not asked is told, not taken for an answer (TUF 5.6.7.1)',
    lookup: 'nowhere',
    change(states) {
      for (const state of states) delegateToMany(state, 40);
    },
    python: twice('absent'),
    ours: twice('too many roles'),
  },
  {
    what: 'a target whose name climbs out of its folder',
    why: 'no request is made for such a name (ATTACKS 48)',
    lookup: '../a',
    change(states) {
      for (const { targets } of states) targets.targets['../a'] = { text: 'old', hashes: ['sha256'] };
    },
    python: SAME_OLD,
    ours: twice('NOT_SUPPORTED'),
  },
];

/** One key a role, one target, and nothing new in the second session. */
export function planOf({ change, lookup = 'a', what }: Difference, keys: Keys): Plan {
  const file = { version: 1, expires: '2027-01-01T00:00:00Z', signedBy: ['ed25519 1'] };
  const signers = () => ({ keys: ['ed25519 1'], threshold: 1 });
  const roles = Object.fromEntries(ROLES.map((role) => [role, signers()])) as Record<Role, Signers>;
  const meta = () => ({ version: 1, length: false, hashes: ['sha256' as const] });
  const first: State = {
    now: '2026-01-01T00:00:00Z',
    roots: [{ ...file, consistent: true, roles }],
    timestamp: { ...file, snapshot: meta() },
    snapshot: { ...file, meta: { targets: meta() } },
    targets: { ...file, targets: { a: { text: 'old', hashes: ['sha256'] } } },
    delegated: {},
    data: {},
    faults: {},
  };
  const second = structuredClone(first);
  change([first, second], keys);
  return { broken: what, states: [first, second], lookups: [lookup] };
}

// --- changes

function targetsSigners(states: readonly State[], keys: string[], threshold: number, signedBy = keys) {
  for (const state of states) {
    for (const root of state.roots) root.roles.targets = { keys, threshold };
    state.targets.signedBy = signedBy;
  }
}

function replace(states: readonly State[], role: 'timestamp' | 'snapshot' | 'targets', members: JsonObject) {
  for (const state of states) state[role].replaced = members;
}

/** Hashes of the target; its address is the plain name, whatever they are. */
function replaceHashes(states: readonly State[], hashes: JsonObject) {
  for (const { roots } of states) for (const root of roots) root.consistent = false;
  replace(states, 'targets', { targets: { a: { length: 3, hashes } } });
}

function rolesOf(root: RootPlan, keys: Keys): { [role: string]: Json } {
  const entries = ROLES.map((role) => {
    const { keys: names, threshold } = root.roles[role];
    return [role, { keyids: names.map((name) => keys.signer(name).keyid), threshold }] as const;
  });
  return Object.fromEntries(entries);
}

function publishNew({ targets, snapshot }: State) {
  targets.version = 2;
  targets.targets['a'] = { text: 'new', hashes: ['sha256'] };
  const meta = snapshot.meta['targets'];
  if (meta) meta.version = 2;
}

function rotateTimestamp(state: State, keys: string[]) {
  const root = structuredClone(state.roots[0]);
  if (root === undefined) throw new Error('a state has a root');
  state.roots.push({ ...root, version: 2, roles: { ...root.roles, timestamp: { keys, threshold: 1 } } });
  state.timestamp.version = 2;
  state.timestamp.signedBy = keys;
  if (state.timestamp.snapshot.version !== 1) throw new Error('the second state is plain');
}

function delegateToMany(state: State, count: number) {
  const roles: DelegationPlan[] = Array.from({ length: count }, (_, i) => ({
    ...{ name: `role ${i}`, keys: ['ed25519 1'], threshold: 1, terminating: false, paths: ['*'] },
  }));
  state.targets.delegations = { roles };
  const empty: TargetsPlan = { ...state.targets, targets: {} };
  delete empty.delegations;
  for (const { name } of roles) {
    state.delegated[name] = empty;
    state.snapshot.meta[name] = { version: 1, length: false, hashes: [] };
  }
}

function nested(depth: number): Json {
  return depth === 0 ? [] : [nested(depth - 1)];
}

function sha(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('hex');
}
