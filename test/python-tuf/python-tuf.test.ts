// Random repositories: what python-tuf writes and what we write, judged by python-tuf's Updater and by our client.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIFFERENCES, planOf } from './differences.ts';
import { judge } from './judge.ts';
import { KEYS, type Keys, makeKeys, PYTHON_KEYS } from './keys.ts';
import { describeWithPythonTuf, PythonTuf } from './peer.ts';
import type { Plan, Session, Written } from './plan.ts';
import { caseOf, randomPlan } from './repository.ts';
import { withStrangeKeys } from './strange-keys.ts';
import { Writer } from './write.ts';

const SEED = process.env['DTUF_SEED'] ?? '1';
/** The number of one repository, where only that is wanted. */
const ONLY = process.env['DTUF_ONLY'];
const COUNT = 300;
/** While python-tuf is at one, we are at another. */
const AT_ONCE = 4;

/** Verdicts that have to come up, or the repositories prove little. */
const KINDS = [
  'data',
  'absent',
  'unsigned',
  'expired',
  'version',
  'other bytes',
  'not had',
  'not listed',
  'invalid',
];

interface Verdicts {
  readonly python: Session[];
  readonly ours: Session[];
}

describeWithPythonTuf('python-tuf 7 and we', () => {
  let peer: PythonTuf;
  let keys: Keys;
  beforeAll(async () => {
    peer = new PythonTuf();
    keys = withStrangeKeys(await makeKeys());
    await peer.take(keys);
  });
  afterAll(() => peer.stop());

  const weWrite = async ({ states }: Plan): Promise<Written[]> => {
    const writer = new Writer(keys);
    return [await writer.write(states[0]), await writer.write(states[1])];
  };
  const pythonWrites = (plan: Plan) => peer.write(plan);

  async function verdictsOn(plan: Plan, written: readonly Written[]): Promise<Verdicts> {
    const repository = await caseOf(plan, written);
    const [python, ours] = await Promise.all([peer.judge(repository), judge(repository)]);
    return { python: leftLying(plan, python, ours), ours };
  }

  /** Writes and judges random repositories, and says of which the verdicts differ. */
  async function compare(
    direction: string,
    names: readonly string[],
    write: (plan: Plan) => Promise<Written[]>,
  ): Promise<void> {
    const left = ONLY === undefined ? Array.from({ length: COUNT }, (_, i) => i) : [Number(ONLY)];
    const seen = new Set<string>();
    const differing: string[] = [];
    const work = async () => {
      for (let number = left.shift(); number !== undefined; number = left.shift()) {
        const plan = randomPlan(`${SEED} ${direction} ${number}`, names);
        const verdicts = await verdictsOn(plan, await write(plan));
        for (const kind of kindsIn(verdicts.python)) seen.add(kind);
        if (!isSame(verdicts)) differing.push(told(number, plan, verdicts));
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    expect(differing.join('\n\n'), `${differing.length} differ`).toBe('');
    if (ONLY === undefined) expect([...seen]).toEqual(expect.arrayContaining(KINDS));
  }

  it('give the same verdicts on 300 repositories that python-tuf writes', async () => {
    await compare('python-tuf writes', [...KEYS, ...Object.keys(PYTHON_KEYS)], pythonWrites);
  }, 300_000);

  it('give the same verdicts on 300 repositories that we write', async () => {
    await compare('dtuf writes', KEYS, weWrite);
  }, 300_000);

  describe('differ, on purpose, on', () => {
    const named = DIFFERENCES.map((one) => [`${one.what}: ${one.why}`, one] as const);
    it.each(named)('%s', async (_, difference) => {
      const plan = planOf(difference, keys);
      const written = await (difference.writtenBy === 'python-tuf' ? pythonWrites : weWrite)(plan);
      const { python, ours } = await verdictsOn(plan, written);
      const { python: theirs, ours: own } = difference;
      expect({ python: python.map(inShort), ours: ours.map(inShort) }).toEqual({ python: theirs, ours: own });
    });
  });
});

/**
 * What python-tuf says, without what it leaves lying though 5.3.11 has it deleted: a timestamp or snapshot of before the
 * keys of either were replaced. What that means for a rollback is in differences.ts.
 */
function leftLying({ states }: Plan, [first, second]: Session[], [, ours]: Session[]): Session[] {
  if (first === undefined || second === undefined) throw new Error('there are two sessions');
  const signers = ({ held }: Session, i: 0 | 1) => {
    const root = states[i].roots.find(({ version }) => version === held['root']);
    return JSON.stringify([root?.roles.timestamp, root?.roles.snapshot]);
  };
  if (signers(first, 0) === signers(second, 1)) return [first, second];
  const isLeft = (role: string, version: number) =>
    ['timestamp', 'snapshot'].includes(role) &&
    ours?.held[role] === undefined &&
    first.held[role] === version;
  const held = Object.entries(second.held).filter(([role, version]) => !isLeft(role, version));
  return [first, { ...second, held: Object.fromEntries(held) }];
}

function isSame({ python, ours }: Verdicts): boolean {
  return JSON.stringify(python.map(inOrder)) === JSON.stringify(ours.map(inOrder));
}

function inOrder({ refresh, held, targets }: Session): unknown {
  const entries = (record: Readonly<Record<string, string | number>>) =>
    Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
  return [refresh, entries(held), entries(targets)];
}

function kindsIn(sessions: readonly Session[]): string[] {
  const all = sessions.flatMap(({ refresh, targets }) => [refresh, ...Object.values(targets)]);
  return all.map((one) =>
    /^[0-9a-f]{64}$/.test(one) ? 'data' : (KINDS.find((kind) => one.startsWith(kind)) ?? one),
  );
}

/** What was refused, or what the one target is. */
function inShort({ refresh, targets }: Session): string {
  const [verdict = ''] = refresh === 'ok' ? Object.values(targets) : [refresh];
  const texts = ['old', 'new'];
  return texts.find((text) => createHash('sha256').update(text).digest('hex') === verdict) ?? verdict;
}

function told(number: number, plan: Plan, { python, ours }: Verdicts): string {
  return [
    `repository ${number} of seed ${SEED}, where ${plan.broken} (alone and in full: DTUF_SEED=${SEED} DTUF_ONLY=${number}):`,
    `  python-tuf: ${JSON.stringify(python)}`,
    `  we:         ${JSON.stringify(ours)}`,
    `  with ${JSON.stringify(plan, undefined, ONLY === undefined ? undefined : 2)}`,
  ].join('\n');
}
