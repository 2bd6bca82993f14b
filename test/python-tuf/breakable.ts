// What there is to be broken in a state.
import type { FilePlan, MetaPlan, Signers, State, TargetPlan, TargetsPlan } from './plan.ts';
import type { Random } from './random.ts';
import { addressOf } from './serve.ts';
import { filesOf, lastRoot, signersOf } from './state.ts';

/** All files, by role: of roots the last one. */
export function files(state: State): [string, FilePlan][] {
  return [['root', lastRoot(state)], ...filesOf(state)];
}

/** All files that somebody has to sign, and who. */
export function signed(state: State, before?: State): [string, FilePlan, Signers[]][] {
  const root = lastRoot(state);
  const old = state.roots.at(-2)?.roles.root;
  const isNew = before === undefined || state.roots.length > before.roots.length;
  const roots: [string, FilePlan, Signers[]][] = isNew
    ? [['root', root, [root.roles.root, ...(old === undefined ? [] : [old])]]]
    : [];
  const others = [...filesOf(state)].map(([role, plan]): [string, FilePlan, Signers[]] => [
    role,
    plan,
    signersOf(state, role),
  ]);
  return [...roots, ...others].filter(([, , all]) => all.length > 0);
}

export function lie(who: string, meta: MetaPlan, random: Random): string | undefined {
  const lies = [
    ...(meta.length ? ['longer', 'shorter'] : []),
    ...(meta.hashes.length > 0 ? ['another hash'] : []),
  ];
  const what = random.pick([...lies, 'version']);
  if (what === 'version') meta.version += random.pick([-1, 1, 1]);
  else meta.lie = what as NonNullable<MetaPlan['lie']>;
  return meta.version < 1 ? undefined : `${who}: ${what === 'version' ? `version ${meta.version}` : what}`;
}

export function pickTarget(state: State, random: Random) {
  const all = [...filesOf(state)].flatMap(([role, plan]) =>
    Object.entries('targets' in plan ? (plan as TargetsPlan).targets : {}).map(([path, target]) => ({
      role,
      path,
      target: target as TargetPlan,
    })),
  );
  return all.length === 0 ? undefined : random.pick(all);
}

/** Roles, and the versions that their files are asked for by. */
export function versionsOf(state: State): [string, number | undefined][] {
  const { consistent } = lastRoot(state);
  const versions = Object.entries(state.snapshot.meta).map(([role, meta]) => [role, meta.version] as const);
  const all = [['snapshot', state.timestamp.snapshot.version] as const, ...versions];
  return [
    ['timestamp', undefined],
    ...all.map(([role, version]): [string, number | undefined] => [role, consistent ? version : undefined]),
  ];
}

/** Where files of both states are: in the second and in the first. */
export function pairs(before: State, state: State): [string, string][] {
  const old = new Map(versionsOf(before));
  return versionsOf(state)
    .filter(([role]) => old.has(role))
    .map(([role, version]) => [addressOf(role, version), addressOf(role, old.get(role))]);
}

export function versionIn(state: State | undefined, role: string): number {
  if (state === undefined || !Object.hasOwn(state.snapshot.meta, role)) return 0;
  return state.snapshot.meta[role]?.version ?? 0;
}

/** New versions of all that delegates. */
export function raise(state: State, before: State): void {
  for (const [role, plan] of Object.entries({ targets: state.targets, ...state.delegated })) {
    if (plan.delegations === undefined) continue;
    plan.version = Math.max(plan.version, versionIn(before, role) + 1);
    const meta = state.snapshot.meta[role];
    if (meta !== undefined) meta.version = plan.version;
  }
}
