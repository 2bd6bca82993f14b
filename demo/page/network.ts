// The way between a client and a registry, and whoever stands on it.
import { base, type World } from './world.ts';

/** What the attacker did to one request. */
export interface Deed {
  /** The request, as the client sent it. */
  readonly asked: string;
  readonly did: string;
}

/** A request of a client, in the hands of the attacker. */
export interface Intercepted {
  /** The tag or digest of the manifest that is asked for, if it is one. */
  readonly manifest: string | undefined;
  /** The digest of the blob that is asked for, if it is one. */
  readonly blob: string | undefined;
  /** The registry's own answer; of another manifest than the one that was asked for, where one is named. */
  pass(manifest?: string): Promise<Response>;
  /** Writes down what was done. */
  did(text: string): void;
}

/** @returns undefined to let the request pass. */
export type Attacker = (intercepted: Intercepted) => Promise<Response | undefined>;

export class Network {
  readonly #world: World;
  readonly deeds: Deed[] = [];
  /** Answers that came to the client. */
  answers = 0;
  #attacker: Attacker | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** From now on every request goes through the hands of `attacker`. */
  takeOver(attacker: Attacker): void {
    this.#attacker = attacker;
  }

  /** The registry as it was when a release was the newest: it still has the metadata of each. */
  asOf(release: number): void {
    this.takeOver(async ({ manifest, pass }) =>
      manifest === 'timestamp.json' ? pass(`${release}.timestamp.json`) : undefined,
    );
  }

  /** Nobody stands on the way. */
  free(): void {
    this.#attacker = undefined;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input), base());
    const pass = (to = url) => this.#world.registry.fetch(new URL(to.pathname + to.search, base()), init);
    this.answers++;
    const [, kind, name] = /\/(manifests|blobs)\/([^/]+)$/.exec(url.pathname) ?? [];
    const answer = await this.#attacker?.({
      manifest: kind === 'manifests' ? name : undefined,
      blob: kind === 'blobs' ? name : undefined,
      pass: (other) => pass(other === undefined ? url : new URL(other, url)),
      did: (did) => this.deeds.push({ asked: `GET …/${kind}/${name}`, did }),
    });
    return answer ?? pass();
  };
}
