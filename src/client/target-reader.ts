import { DTufError } from '../errors.ts';
import { late } from '../late.ts';
import type { Call } from '../options.ts';
import type { Bytes, Chosen } from '../ports.ts';
import type { Target } from '../target.ts';
import type { Check } from '../tuf/check.ts';
import { collectParts, partsOf, type Reading } from './reading.ts';
import type { SaveCall, Saved, TargetStream, VerifiedPart, VerifiedTarget } from './verified-target.ts';

/** Reads a target. */
export class TargetReader implements VerifiedTarget {
  readonly name: string;
  readonly length: number;
  readonly hashes: Readonly<Record<string, string>>;
  readonly custom?: unknown;
  readonly role: string;
  readonly explain: readonly Check[];
  readonly #reading: Reading;

  constructor(target: Target, reading: Reading) {
    this.name = target.name;
    this.length = target.length;
    this.hashes = target.hashes;
    if (target.custom !== undefined) this.custom = target.custom;
    this.role = target.role;
    this.explain = reading.explain;
    this.#reading = reading;
  }

  async bytes(call: Call = {}): Promise<Bytes> {
    const parts = await partsOf(this.name, this.#reading, call.signal);
    const { total } = parts;
    const { memory } = this.#reading.limits;
    if (total > memory) {
      throw new DTufError(
        'TOO_LARGE',
        `${this.name} has ${total} bytes, more than the ${memory} that are held in memory: save it, or read it as a stream`,
        { target: this.name, expected: `at most ${memory}`, got: String(total) },
      );
    }
    const bytes = await collectParts(parts, this.#reading, call);
    await this.#reading.onPulled();
    return bytes;
  }

  async text(call?: Call): Promise<string> {
    return new TextDecoder().decode(await this.bytes(call));
  }

  async json<T = unknown>(call?: Call): Promise<T> {
    return JSON.parse(await this.text(call)) as T;
  }

  async blob({ type = 'application/octet-stream', ...call }: Call & { type?: string } = {}): Promise<Blob> {
    return new Blob([await this.bytes(call)], { type });
  }

  async response({
    type = 'application/octet-stream',
    ...call
  }: Call & { type?: string } = {}): Promise<Response> {
    const bytes = await this.bytes(call);
    return new Response(bytes, { headers: { 'Content-Type': type, 'Content-Length': String(bytes.length) } });
  }

  async save({ signal, onProgress, onVerified, ...destination }: SaveCall = {}): Promise<Saved> {
    const { files } = this.#reading;
    const { name } = this;
    if (files === undefined) {
      throw new DTufError('NOT_SUPPORTED', 'there are no files here: use bytes(), blob() or stream()', {
        target: name,
      });
    }
    const call = { ...(signal ? { signal } : {}), ...(onProgress ? { onProgress } : {}) };
    // Before anything else is waited for: a page may ask its user only soon after the click.
    const chosen: Chosen = (await files.choose?.(destination, name)) ?? destination;
    try {
      const { saveTarget } = await late(import('./save-target.ts'));
      const saving = { name, sha256: this.hashes['sha256'], files, destination: chosen, onVerified };
      const saved = await saveTarget(saving, this.#reading, call);
      await this.#reading.onPulled();
      return saved;
    } catch (error) {
      await chosen.giveUp?.();
      throw error;
    }
  }

  async stream(call: Call & { unverified?: true } = {}): Promise<TargetStream> {
    const { streamTarget } = await late(import('./stream-target.ts'));
    return streamTarget(this.name, this.#reading, call);
  }

  async slice(start: number, end: number, call: Call = {}): Promise<Bytes> {
    const { sliceTarget } = await late(import('./stream-target.ts'));
    return sliceTarget(this.name, this.#reading, start, end, call);
  }

  async *parts(): AsyncIterable<VerifiedPart> {
    const { streamParts } = await late(import('./stream-target.ts'));
    yield* streamParts(this.name, this.#reading);
  }
}
