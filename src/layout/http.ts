// Reads a plain TUF repository on a web server: one file after the other, as the specification names them (5.3 to 5.6).
import { DTufError, hasCode } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Call } from '../registry/call.ts';
import type { Root } from '../tuf/root.ts';
import type { HttpSite } from './http-site.ts';
import type { MetadataSource, RoleSource } from './layout.ts';

/**
 * A status that says that there is no such file. 403 is one, since S3 and the storages like it answer so for a name that
 * does not exist where the reader may not list. Whoever could forge it could forge 404 as well, and what a withheld root
 * can do is bounded by the expiry of the others; any other status fails the refresh.
 */
const ABSENT: readonly number[] = [404, 403];

export class HttpMetadata implements MetadataSource, RoleSource {
  readonly layout = 'http';
  readonly #site: HttpSite;
  readonly #signal: AbortSignal | undefined;
  readonly #consistent: boolean;

  /** @param consistent whether the final root has consistent snapshots (6.2); root and timestamp are asked for before it is known. */
  constructor(site: HttpSite, signal?: AbortSignal, consistent = true) {
    this.#site = site;
    this.#signal = signal;
    this.#consistent = consistent;
  }

  under(root: Root): HttpMetadata {
    return new HttpMetadata(this.#site, this.#signal, root.consistentSnapshot);
  }

  root(version: number): Promise<Bytes | undefined> {
    return this.#file(`${version}.root.json`, 'root', this.#site.limits.root, ABSENT);
  }

  /** A web server lists nothing: the chain is walked from its first root, and handed out from its end. */
  async *roots(): AsyncIterable<Bytes> {
    const { rootRotations, memory } = this.#site.limits;
    const found: Bytes[] = [];
    let held = 0;
    for (let version = 1; version <= rootRotations; version++) {
      const bytes = await this.root(version);
      if (bytes === undefined) break;
      held += bytes.length;
      if (held > memory) {
        throw new DTufError(
          'LIMIT_EXCEEDED',
          `the roots of ${this.#site.metadata.href} are larger than ${memory} bytes together: start from a newer root.json in the place of a key`,
          { role: 'root', expected: `at most ${memory} bytes` },
        );
      }
      found.push(bytes);
    }
    if (found.length === 0) {
      throw new DTufError(
        'NOT_A_REPOSITORY',
        `there is no 1.root.json below ${this.#site.metadata.href}: check the address. Where a repository has only newer roots, start from one of them (root.json) in the place of a key`,
        { role: 'root', expected: '1.root.json' },
      );
    }
    yield* found.reverse();
  }

  timestamp(): Promise<Bytes> {
    return this.#required('timestamp.json', 'timestamp', this.#site.limits.timestamp);
  }

  snapshot(version: number, limit: number): Promise<Bytes> {
    return this.#versioned('snapshot', version, limit);
  }

  role(name: string, version: number, limit: number): Promise<Bytes> {
    return this.#versioned(name, version, limit);
  }

  targets(version: number, limit: number): Promise<Bytes> {
    return this.#versioned('targets', version, limit);
  }

  /** 5.5.1, 5.6.1: the version is in the name where snapshots are consistent. */
  #versioned(role: string, version: number, limit: number): Promise<Bytes> {
    const name = `${encodeURIComponent(role)}.json`;
    return this.#required(this.#consistent ? `${version}.${name}` : name, role, limit);
  }

  async #required(name: string, role: string, limit: number): Promise<Bytes> {
    const bytes = await this.#file(name, role, limit, [404]);
    if (bytes !== undefined) return bytes;
    throw new DTufError(
      'METADATA_MISSING',
      `there is no ${name} below ${this.#site.metadata.href}: check the address, or ask the publisher`,
      { role, expected: name },
    );
  }

  async #file(
    name: string,
    role: string,
    limit: number,
    absent: readonly number[],
  ): Promise<Bytes | undefined> {
    const call: Call = {
      method: 'GET',
      url: new URL(name, this.#site.metadata),
      doing: `to fetch ${name}`,
      // Some servers answer a .json that is missing with a page otherwise.
      headers: { Accept: 'application/json' },
      cache: 'no-cache',
      signal: this.#signal,
    };
    const answer = await this.#ask(call, name, role, limit);
    if (answer.status === 200) return answer.bytes;
    if (absent.includes(answer.status)) return undefined;
    throw await this.#site.transport.refuse(call, answer);
  }

  async #ask(call: Call, name: string, role: string, limit: number) {
    try {
      return await this.#site.transport.ask(call, limit);
    } catch (error) {
      if (!hasCode(error, 'LIMIT_EXCEEDED')) throw error;
      throw new DTufError('LIMIT_EXCEEDED', `${name} has more than the ${limit} bytes that it may have`, {
        role,
        expected: `at most ${limit} bytes`,
        got: 'more',
        cause: error,
      });
    }
  }
}
