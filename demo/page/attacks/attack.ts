// What an attack is, and how one is carried out between a client and a registry.
import { type Bytes, type Check, DTufError } from '../dtuf.ts';
import type { Deed, Network } from '../network.ts';
import { Reader } from '../reader.ts';
import { type Taken, takeWithoutVerifying } from '../trusting-client.ts';
import type { World } from '../world.ts';

export interface Scene {
  readonly world: World;
  readonly reader: Reader;
  /** The way between the reader and the registry. */
  readonly network: Network;
  /** The two releases, by the versions of their timestamps. */
  readonly old: number;
  readonly newest: number;
  /** Tells what happened beside requests. */
  tell(who: Happening['who'], what: string): void;
}

export interface Happening {
  readonly who: 'reader' | 'attacker' | 'time';
  readonly what: string;
  /** The request that it was done to, if it was. */
  readonly asked?: string;
}

export interface Attack {
  readonly id: string;
  readonly title: string;
  /** What the one who picks it is about to do. */
  readonly invitation: string;
  /** What it is good for, to whoever does it. */
  readonly aim: string;
  /** What even a client that verifies cannot do about it. */
  readonly remains: string;
  /** The target that the reader wants. */
  readonly wanted?: 'data';
  /** Whether it takes a clock that is moved on. */
  readonly takesTime?: true;
  /** The module, as it is written. */
  readonly source: string;
  /** @returns what the reader was handed out. @throws DTufError where it was refused */
  run(scene: Scene): Promise<Bytes>;
}

export interface Outcome {
  readonly attack: Attack;
  readonly happenings: readonly Happening[];
  /** The checks that the reader made at last, the one that failed included. */
  readonly checks: readonly Check[];
  /** Undefined where nothing was refused: then the attack has succeeded. */
  readonly refusal: DTufError | undefined;
  readonly handedOut: Bytes | undefined;
  /** The name of the target. */
  readonly wanted: string;
  /** What a client that verifies nothing takes from the same attacker. */
  readonly taken: Taken;
  /** What the publisher has published under that name. */
  readonly genuine: Bytes;
}

/** Carries an attack out, first against the reader, then against a client that trusts. */
export async function carryOut(attack: Attack, world: World): Promise<Outcome> {
  await world.publishUpdate();
  const wanted = attack.wanted === 'data' ? world.data : world.text;
  const genuine = await new Reader(world).pull(wanted);

  const reader = new Reader(world);
  const told = new Told(reader.network.deeds);
  const { network } = reader;
  const tell = (who: Happening['who'], what: string) => told.tell({ who, what });
  let refusal: DTufError | undefined;
  let handedOut: Bytes | undefined;
  try {
    handedOut = await attack.run(await sceneOf(world, reader, tell));
  } catch (error) {
    if (!(error instanceof DTufError)) throw error;
    refusal = error;
  }
  const happenings = told.all();
  const taken = await takeWithoutVerifying(network, world.repository, wanted);
  return { attack, happenings, checks: reader.checks, refusal, handedOut, wanted, taken, genuine };
}

export async function sceneOf(world: World, reader: Reader, tell: Scene['tell']): Promise<Scene> {
  const [old, newest = old] = (await world.releases()).slice(-2);
  if (old === undefined || newest === undefined) throw new Error('the story needs two releases');
  return { world, reader, network: reader.network, old, newest, tell };
}

/** What was told and what was done, in the order in which it happened. */
class Told {
  readonly #deeds: readonly Deed[];
  readonly #happenings: Happening[] = [];
  #seen = 0;

  constructor(deeds: readonly Deed[]) {
    this.#deeds = deeds;
  }

  tell(happening: Happening): void {
    this.#catchUp();
    this.#happenings.push(happening);
  }

  all(): readonly Happening[] {
    this.#catchUp();
    return [...this.#happenings];
  }

  #catchUp(): void {
    for (const { asked, did } of this.#deeds.slice(this.#seen)) {
      this.#happenings.push({ who: 'attacker', asked, what: did });
    }
    this.#seen = this.#deeds.length;
  }
}
