// A random repository of a seed, and what both clients meet of it once it is written.
import { breakPlan } from './breaks.ts';
import type { Case } from './judge.ts';
import type { Plan, Written } from './plan.ts';
import { Random } from './random.ts';
import { RandomStates } from './random-state.ts';
import { type Served, serve } from './serve.ts';

/** @param keys names of the keys that whoever writes it has. */
export function randomPlan(seed: string, keys: readonly string[]): Plan {
  const random = new Random(seed);
  const make = new RandomStates(random, keys);
  const isBroken = random.chance(0.6);
  const first = make.first();
  const second = make.next(first, isBroken);
  const states = [first, second] as const;
  const plan: Plan = { broken: 'nothing is wrong', states, lookups: make.lookups(states) };
  return isBroken ? breakPlan(plan, random, keys) : plan;
}

export async function caseOf(plan: Plan, written: readonly Written[]): Promise<Case> {
  const sessions: { served: Served; now: string }[] = [];
  for (const [i, state] of plan.states.entries()) {
    const files = written[i];
    if (files === undefined) throw new Error('each state is written');
    sessions.push({ served: await serve(state, files, sessions[i - 1]?.served), now: state.now });
  }
  const trust = written[0]?.roots[0];
  if (trust === undefined) throw new Error('a repository has a root');
  return { trust, sessions, lookups: plan.lookups };
}
