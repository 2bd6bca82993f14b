// What a web server answers, by address: a written state under the names that the specification gives (6.2, 5.7.3).
import { utf8 } from '../../src/encoding.ts';
import type { Fault, MetaPlan, State, TargetPlan, TargetsPlan, Written } from './plan.ts';
import { hashOf } from './write.ts';

/** Bytes, or a status in their place; what is not there answers 404. */
export type Served = Map<string, Uint8Array | number>;

/** Publishes a state over the one before: what was published stays. */
export async function serve(state: State, written: Written, before: Served = new Map()): Promise<Served> {
  const served: Served = new Map([...before].filter(([, answer]) => typeof answer !== 'number'));
  const consistent = state.roots.at(-1)?.consistent === true;
  for (const [i, root] of written.roots.entries()) served.set(addressOf('root', i + 1), root);
  served.set('metadata/timestamp.json', written.timestamp);
  const put = (role: string, bytes: Uint8Array, meta: MetaPlan | undefined, version: number) => {
    // Under the version by which it is asked for, where that is another than its own.
    for (const named of new Set([version, meta?.version ?? version]))
      served.set(addressOf(role, consistent ? named : undefined), bytes);
  };
  put('snapshot', written.snapshot, state.timestamp.snapshot, state.snapshot.version);
  const metaOf = (role: string) =>
    Object.hasOwn(state.snapshot.meta, role) ? state.snapshot.meta[role] : undefined;
  put('targets', written.targets, metaOf('targets'), state.targets.version);
  for (const [role, plan] of Object.entries(state.delegated)) {
    const bytes = written.delegated[role];
    if (bytes !== undefined) put(role, bytes, metaOf(role), plan.version);
  }
  for (const plan of [state.targets, ...Object.values(state.delegated)])
    await putTargets(plan, state, served);
  for (const [address, fault] of Object.entries(state.faults)) spoil(served, address, fault, before);
  return served;
}

/** Where a role's file is; without a version where snapshots are not consistent. */
export function addressOf(role: string, version?: number): string {
  return `metadata/${version === undefined ? '' : `${version}.`}${role}.json`;
}

async function putTargets(plan: TargetsPlan, state: State, served: Served): Promise<void> {
  const consistent = state.roots.at(-1)?.consistent === true;
  for (const [path, target] of Object.entries(plan.targets)) {
    for (const address of await targetAddresses(path, target, consistent)) {
      const data = Object.hasOwn(state.data, path) ? state.data[path] : target.text;
      served.set(address, utf8(data ?? target.text));
    }
  }
}

async function targetAddresses(path: string, plan: TargetPlan, consistent: boolean): Promise<string[]> {
  if (!consistent) return [`targets/${path}`];
  const at = path.lastIndexOf('/') + 1;
  const hashes = await Promise.all(plan.hashes.map((algorithm) => hashOf(algorithm, utf8(plan.text))));
  return hashes.map((hash) => `targets/${path.slice(0, at)}${hash}.${path.slice(at)}`);
}

function spoil(served: Served, address: string, fault: Fault, before: Served): void {
  const bytes = served.get(address);
  if (typeof fault === 'number') served.set(address, fault);
  else if (bytes instanceof Uint8Array) served.set(address, spoiled(bytes, fault, served, before));
  else throw new Error(`nothing is served under ${address}`);
}

function spoiled(
  bytes: Uint8Array,
  fault: Exclude<Fault, number>,
  served: Served,
  before: Served,
): Uint8Array | number {
  switch (fault) {
    case 'cut in half':
      return bytes.slice(0, bytes.length / 2);
    case 'a space added':
      return Uint8Array.from([...bytes, 0x20]);
    case 'replaced by a list':
      return utf8('[]');
    default:
      return ('before' in fault ? before.get(fault.before) : served.get(fault.instead)) ?? 404;
  }
}
