// The one thing that is wrong with a random repository: in its first state, or in the second, which clients meet with
// what they have stored.
import { ROLES } from '../../src/tuf/metadata.ts';
import { files, lie, pairs, pickTarget, raise, signed, versionIn, versionsOf } from './breakable.ts';
import type { Fault, FilePlan, Plan, State } from './plan.ts';
import type { Random } from './random.ts';
import { addressOf } from './serve.ts';
import { allTargets, dateAfter, lastRoot } from './state.ts';

/** A state that is to be broken, and the one before, where there is one. */
interface Broken {
  readonly state: State;
  readonly before: State | undefined;
  readonly random: Random;
  readonly keys: readonly string[];
}

/** Breaks something, and says what; undefined where there is nothing of the kind. */
type Break = (broken: Broken) => string | undefined;

export function breakPlan(plan: Plan, random: Random, keys: readonly string[]): Plan {
  const session = random.from(0, 1);
  for (;;) {
    const [first, second] = structuredClone(plan.states);
    release(first, second);
    const [state, before] = session === 0 ? [first, undefined] : [second, first];
    const what = random.pick(BREAKS)({ state, before, random, keys });
    if (what === undefined) continue;
    return { ...plan, broken: `in session ${session + 1}, ${what}`, states: [first, second] };
  }
}

/**
 * Lets the second state have a timestamp and a snapshot of its own. A file that is changed without a new version is no
 * repository's way, and clients may go by what they have stored of that version.
 */
function release(first: State, second: State): void {
  const above = (before: FilePlan, plan: FilePlan) => Math.max(plan.version, before.version + 1);
  second.snapshot.version = above(first.snapshot, second.snapshot);
  second.timestamp.version = above(first.timestamp, second.timestamp);
  second.timestamp.snapshot.version = second.snapshot.version;
}

const BREAKS: readonly Break[] = [
  // --- any file

  function expires({ state, random }) {
    const [role, plan] = random.pick(files(state));
    const early = random.pick([0, 0, 1000, 86_400_000]);
    plan.expires = dateAfter(Date.parse(state.now) - early);
    return `${role} expires ${early / 1000} s before the client looks`;
  },
  function expiresASecondLater({ state, random }) {
    const [role, plan] = random.pick(files(state));
    plan.expires = dateAfter(Date.parse(state.now) + 1000);
    return `${role} expires one second after the client looks`;
  },
  function lacksSignatures({ state, before, random }) {
    const [role, plan, all] = random.pick(signed(state, before));
    const signers = random.pick(all);
    const enough = new Set(random.some(signers.keys, signers.threshold - 1, signers.threshold - 1));
    plan.signedBy = plan.signedBy.filter((key) => enough.has(key) || !signers.keys.includes(key));
    return `${role} has at most ${enough.size} of ${signers.threshold} signatures`;
  },
  function signedByOthers({ state, before, random, keys }) {
    const [role, plan, all] = random.pick(signed(state, before));
    const signers = random.pick(all);
    plan.signedBy = keys.filter((key) => !signers.keys.includes(key));
    delete plan.spoiled;
    return `${role} is signed by all keys but those of its role`;
  },
  function damagedSignatures({ state, before, random }) {
    const [role, plan, all] = random.pick(signed(state, before));
    const signers = random.pick(all);
    plan.spoiled = plan.signedBy.filter((key) => signers.keys.includes(key));
    return `${role} has damaged signatures`;
  },
  function tooHighThreshold({ state, random }) {
    const { delegations } = state.targets;
    if (!delegations || !('roles' in delegations)) return undefined;
    const role = random.pick(delegations.roles);
    role.threshold = role.keys.length + 1;
    return `the threshold of ${role.name} is above the number of its keys`;
  },
  function replacedMembers({ state, random }) {
    const [role, plan] = random.pick(files(state));
    plan.replaced = random.pick([
      { spec_version: '2.0.0' },
      { spec_version: '1' },
      { _type: 'root' },
      { _type: 'timestamp' },
      { version: 0 },
      { version: -1 },
      { version: plan.version + 1 },
      { expires: '2030-02-30T00:00:00Z' },
      { expires: '2030-01-01' },
    ]);
    return `in ${role} stands ${JSON.stringify(plan.replaced)}`;
  },

  // --- what a parent says

  function liesOfSnapshot({ state, random }) {
    return lie('timestamp of snapshot', state.timestamp.snapshot, random);
  },
  function liesOfTargets({ state, random }) {
    const [role, meta] = random.pick(Object.entries(state.snapshot.meta));
    return lie(`snapshot of ${role}`, meta, random);
  },
  function leavesOut({ state, before, random }) {
    // Of top-level targets it is malformed: not for python-tuf, which reads the file and finds nothing in it.
    const delegated = Object.keys(state.snapshot.meta).filter((role) => role !== 'targets');
    if (delegated.length === 0) return undefined;
    const role = random.pick(delegated);
    delete state.snapshot.meta[role];
    return `snapshot does not list ${role}${before ? ' any more' : ''}`;
  },
  function liesOfData({ state, random }) {
    const found = pickTarget(state, random);
    if (found === undefined) return undefined;
    found.target.lie = random.pick(['longer', 'shorter', 'another hash']);
    return `${found.role} lies about ${found.path}: ${found.target.lie}`;
  },

  // --- the server

  function badFile({ state, random }) {
    const [role, version] = random.pick(versionsOf(state));
    const fault = random.pick<Fault>([404, 403, 500, 'cut in half', 'a space added', 'replaced by a list']);
    state.faults[addressOf(role, version)] = fault;
    return `${addressOf(role, version)} is ${JSON.stringify(fault)}`;
  },
  function badNextRoot({ state, random }) {
    const address = addressOf('root', state.roots.length + 1);
    const status = random.pick([403, 500, 404]);
    state.faults[address] = status;
    return `${address} answers ${status}`;
  },
  function badData({ state, random }) {
    const found = pickTarget(state, random);
    if (found === undefined) return undefined;
    const text = random.pick(['', `${found.target.text} `, found.target.text.replace(/^./, '-'), 'short']);
    const path = found.path;
    // Under whatever name it is served.
    for (const plan of allTargets(state)) {
      const target = Object.hasOwn(plan.targets, path) ? plan.targets[path] : undefined;
      if (target !== undefined) state.data[path] = text;
    }
    return `the data of ${path} is ${JSON.stringify(text)}`;
  },

  // --- against what was seen before

  function oldTimestamp({ state, before, random }) {
    if (before === undefined) return undefined;
    state.timestamp.version = before.timestamp.version - random.from(0, 1);
    if (state.timestamp.version < 1) return undefined;
    return `timestamp has version ${state.timestamp.version} after ${before.timestamp.version}`;
  },
  function oldSnapshot({ state, before, random }) {
    if (before === undefined || before.snapshot.version < 2) return undefined;
    state.snapshot.version = random.from(1, before.snapshot.version - 1);
    state.timestamp.snapshot.version = state.snapshot.version;
    return `snapshot has version ${state.snapshot.version} after ${before.snapshot.version}`;
  },
  function oldTargets({ state, before, random }) {
    const roles = Object.entries(state.snapshot.meta).filter(([role]) => versionIn(before, role) > 1);
    if (roles.length === 0) return undefined;
    const [role, meta] = random.pick(roles);
    const plan = role === 'targets' ? state.targets : state.delegated[role];
    const version = random.from(1, versionIn(before, role) - 1);
    if (plan === undefined) return undefined;
    [plan.version, meta.version] = [version, version];
    return `${role} has version ${version} after ${versionIn(before, role)}`;
  },
  function replayed({ state, before, random }) {
    if (before === undefined) return undefined;
    const [address, old] = random.pick(pairs(before, state));
    state.faults[address] = { before: old };
    return `${address} is what ${old} was before`;
  },
  function droppedKey({ state, before, random, keys }) {
    if (before === undefined) return undefined;
    const roles = ROLES.filter((role) => role !== 'root');
    const role = random.pick(roles);
    const dropped = lastRoot(before).roles[role];
    const signers = lastRoot(state).roles[role];
    if (signers.keys.some((key) => dropped.keys.includes(key))) return undefined;
    const plan = state[role as 'timestamp' | 'snapshot' | 'targets'];
    plan.signedBy = dropped.keys.filter((key) => keys.includes(key));
    delete plan.spoiled;
    return `${role} is signed by the keys that root has dropped`;
  },
  function droppedDelegatedKey({ state, before, random, keys }) {
    const roles = allTargets(state).flatMap(({ delegations }) =>
      delegations && 'roles' in delegations ? delegations.roles : [],
    );
    if (before === undefined || roles.length === 0) return undefined;
    const role = random.pick(roles);
    // Nothing else is changed: what clients have stored of the role is its file still.
    role.keys = random.some(
      keys.filter((key) => !state.delegated[role.name]?.signedBy.includes(key)),
      1,
      2,
    );
    role.threshold = 1;
    raise(state, before);
    return `the keys of ${role.name} are replaced, and its file is not signed anew`;
  },
  function fastForward({ state, before, random }) {
    if (before === undefined) return undefined;
    const most = Number.MAX_SAFE_INTEGER;
    before.timestamp.version = most;
    if (random.chance(0.5)) {
      before.snapshot.version = most;
      before.timestamp.snapshot.version = most;
    }
    if (random.chance(0.3)) {
      before.targets.version = most;
      const meta = before.snapshot.meta['targets'];
      if (meta) meta.version = most;
    }
    return `versions were ${most} before, with timestamp ${state.timestamp.version} after`;
  },

  // --- roots

  function rootSignedByOneSide({ state, random }) {
    const at = random.from(1, state.roots.length - 1);
    const [old, root] = [state.roots[at - 1], state.roots[at]];
    if (old === undefined || root === undefined) return undefined;
    const side = random.pick(['old', 'new']);
    root.signedBy = (side === 'old' ? old : root).roles.root.keys;
    delete root.spoiled;
    return `root ${at + 1} is signed by its ${side} keys only`;
  },
  function rootOfAnotherVersion({ state, random }) {
    const at = random.from(0, state.roots.length - 1);
    const root = state.roots[at];
    if (root === undefined) return undefined;
    root.version += random.pick([-1, 1, 2]);
    return root.version < 1 ? undefined : `root ${at + 1} has version ${root.version}`;
  },
  function rootSkipped({ state }) {
    const [last, beforeLast] = [state.roots.length, state.roots.length - 1];
    if (last < 3) return undefined;
    state.faults[addressOf('root', beforeLast)] = { instead: addressOf('root', last) };
    return `root ${last} stands for root ${beforeLast}`;
  },
  function rootAgain({ state }) {
    const last = state.roots.length;
    const root = state.roots.at(-1);
    if (root === undefined) return undefined;
    state.roots.push(structuredClone(root));
    return `root ${last} comes once more as root ${last + 1}`;
  },
  function expiredRootOnTheWay({ state, random }) {
    const on = state.roots.slice(0, -1);
    if (on.length === 0) return undefined;
    random.pick(on).expires = '2020-01-01T00:00:00Z';
    return 'a root on the way has expired';
  },
];
