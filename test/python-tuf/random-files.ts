// What stands in metadata files: versions, dates, targets, what a parent signs of a file, and what nobody knows.
import type { JsonObject } from '../../src/json.ts';
import { targetName } from './names.ts';
import type {
  Algorithm,
  DelegationsPlan,
  FilePlan,
  MetaPlan,
  State,
  TargetPlan,
  TargetsPlan,
} from './plan.ts';
import type { Random } from './random.ts';
import { dateAfter } from './state.ts';

const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const NOW = Date.parse('2026-01-01T12:00:00Z');

const UNKNOWN: readonly JsonObject[] = [
  { 'x-note': 'tab\t, newline\n, "quotes" and \\, \u2028' },
  { '\u{1f600}': 1, '\ue000': [true, null, {}, []], é: 'e\u0301' },
  { deep: { deeper: [{ constructor: 9007199254740991, negative: -5 }] } },
  { '': '', ' ': '\u0000\u007f' },
];

export class RandomFiles {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** A file that is yet to be signed. */
  file(version: number, state?: State): FilePlan {
    return { version, expires: this.expires(state), signedBy: [], ...this.#unknown(0.15) };
  }

  /** Most files live for long; some until clients look again, or until some time between. */
  expires(state?: State): string {
    const now = state === undefined ? NOW : Date.parse(state.now);
    const isLong = this.#random.chance(0.95);
    return dateAfter(now + (isLong ? 400 * DAY : this.#random.pick([1000, HOUR, 3 * DAY, 10 * DAY])));
  }

  /** When clients look again. */
  later({ now }: State): string {
    return dateAfter(Date.parse(now) + this.#random.pick([HOUR, 3 * DAY, 40 * DAY]));
  }

  meta(version: number): MetaPlan {
    const hashes: Algorithm[][] = [[], ['sha256'], ['sha512'], ['sha512', 'sha256']];
    const length = this.#random.chance(0.5);
    return { version, length, hashes: this.#random.pick(hashes), ...this.#unknown(0.1) };
  }

  targets(version: number, delegations?: DelegationsPlan): TargetsPlan {
    const targets: Record<string, TargetPlan> = {};
    for (let i = this.#random.from(0, 3); i > 0; i--) this.addTarget(targets, targetName(this.#random));
    return { ...this.file(version), targets, ...(delegations === undefined ? {} : { delegations }) };
  }

  addTarget(targets: Record<string, TargetPlan>, path: string): void {
    const random = this.#random;
    const hashes: Algorithm[][] = [['sha256'], ['sha256'], ['sha512'], ['sha256', 'sha512']];
    targets[path] = {
      text: random.chance(0.1) ? '' : `${path}, ${random.from(0, 999)} times`,
      hashes: random.pick(hashes),
      ...(random.chance(0.2) ? { custom: random.pick(UNKNOWN) } : {}),
      ...this.#unknown(0.1),
    };
  }

  /** A new version: some targets gone, some new, some changed. */
  changeTargets(plan: TargetsPlan, before: TargetsPlan | undefined): void {
    const random = this.#random;
    plan.version = (before?.version ?? 0) + random.from(1, 2);
    for (const path of random.some(Object.keys(plan.targets), 0, 1)) delete plan.targets[path];
    for (const path of random.some(Object.keys(plan.targets), 0, 2)) this.addTarget(plan.targets, path);
    if (random.chance(0.5)) this.addTarget(plan.targets, targetName(random));
  }

  /** Members that nobody knows, and everybody keeps: they are under the signature. */
  #unknown(probability: number): { unknown?: JsonObject } {
    return this.#random.chance(probability) ? { unknown: this.#random.pick(UNKNOWN) } : {};
  }
}
