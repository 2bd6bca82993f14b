import type { Call } from '../options.ts';
import type { Bytes, Destination, Sink } from '../ports.ts';
import type { Target } from '../target.ts';
import type { Check } from '../tuf/check.ts';

/** What `save()` did. */
export interface Saved {
  readonly how: Sink['how'];
  readonly bytesFetched: number;
  readonly bytesReused: number;
}

/** Of `save()`. */
export interface SaveCall extends Call, Destination {
  /** Called when the whole is verified, before it appears under its name. Where it throws, nothing appears. */
  onVerified?: () => void | Promise<void>;
}

/** A stream that says what was verified before it was handed out. */
export type TargetStream = ReadableStream<Uint8Array> & { readonly verified: 'whole' | 'chunks' | 'none' };

/** A part of a target: the file itself, or one of several. */
export interface VerifiedPart {
  /** As OCI writes it. */
  readonly digest: string;
  /** In bytes. */
  readonly length: number;
  /** The part, verified whole. */
  stream(call?: Call): Promise<ReadableStream<Uint8Array>>;
}

/**
 * A target whose data is verified whole before any of it is handed out, but where `stream` is asked not to. Of a target
 * of several parts the data is that of its parts, one after the other.
 *
 * All methods throw DTufError TARGET_MISMATCH where the data is not what was signed, TARGET_MISSING where the registry has
 * lost it, and what the registry client throws.
 */
export interface VerifiedTarget extends Target {
  /** Each check that was made on the way to it, in order: of the metadata, and the search through the roles (5.6.7). */
  readonly explain: readonly Check[];
  /** @throws DTufError TOO_LARGE above `limits.memory` */
  bytes(call?: Call): Promise<Bytes>;
  /** As UTF-8. @throws DTufError TOO_LARGE */
  text(call?: Call): Promise<string>;
  /** @throws DTufError TOO_LARGE; SyntaxError where the verified text is no JSON */
  json<T = unknown>(call?: Call): Promise<T>;
  /** @throws DTufError TOO_LARGE */
  blob(call?: Call & { type?: string }): Promise<Blob>;
  /** For `Cache.put` and `respondWith`. @throws DTufError TOO_LARGE */
  response(call?: Call & { type?: string }): Promise<Response>;
  /**
   * Writes it to where the host keeps files. Nothing appears under the name before it is verified.
   *
   * In a page it is called within a click, so that the browser asks where to, where it has a picker. To pause it, abort it by
   * the `signal`: what came so far is kept for a day, hashed again by the next `save`, and only the rest is fetched.
   *
   * @throws DTufError ABORTED where the user picked no file; STORAGE_FAILED; TOO_LARGE where the browser has no place for it
   */
  save(call?: SaveCall): Promise<Saved>;
  /** @param call with `unverified: true` the data is handed out while it arrives; the stream ends in an error where the whole does not verify. */
  stream(call?: Call & { unverified?: true }): Promise<TargetStream>;
  /** The bytes from `start` to before `end`. @throws DTufError INVALID_ARGUMENT, TOO_LARGE */
  slice(start: number, end: number, call?: Call): Promise<Bytes>;
  parts(): AsyncIterable<VerifiedPart>;
}
