// What a layout answers: where the TUF files of a repository and the data of its targets are.
import type { Expected } from '../content/verify.ts';
import type { Bytes } from '../ports.ts';
import type { Role } from '../tuf/metadata.ts';
import type { Root } from '../tuf/root.ts';
import type { TargetFile } from '../tuf/targets.ts';

/** The layouts of a repository in a registry. */
export type RegistryLayout = 'native' | 'legacy';

/** `http` is a plain TUF repository on a web server. */
export type LayoutName = RegistryLayout | 'http';

/** What is stored, and what the host called it. */
export interface StoredState {
  readonly etag: string;
  readonly metadata: Partial<Record<Role, Bytes>>;
}

/** The metadata that a repository offers, for one refresh. Nothing of it is verified. */
export interface MetadataSource {
  readonly layout: LayoutName;
  /** Whether these are the stored files again, since the host says that nothing changed. */
  readonly isStored?: boolean;
  /** What the host is told next time, so that it can answer "unchanged". */
  readonly etag?: string;
  /** The root of that version, or undefined where the repository has none. */
  root(version: number): Promise<Bytes | undefined>;
  /** All roots on offer, the newest first. */
  roots(): AsyncIterable<Bytes>;
  /** The same source under the final root, where that decides how files are named (6.2). */
  under?(root: Root): MetadataSource;
  timestamp(): Promise<Bytes>;
  /** @param limit in bytes. */
  snapshot(version: number, limit: number): Promise<Bytes>;
  /** @param limit in bytes. */
  targets(version: number, limit: number): Promise<Bytes>;
}

/** Where the files of delegated roles are. Each version of one stands under a name of its own: none needs the others. */
export interface RoleSource {
  /**
   * The file of a delegated role, not verified.
   *
   * @param limit in bytes.
   * @throws DTufError METADATA_MISSING, LIMIT_EXCEEDED
   */
  role(name: string, version: number, limit: number): Promise<Bytes>;
}

/** One file of a target: the target itself, or a part of a target of several. */
export interface Part {
  /** As OCI writes it. */
  readonly digest: string;
  readonly length: number;
  readonly expected: Expected;
  /** The data, where it is at hand and verified. */
  readonly bytes?: Bytes;
  /**
   * The data, not verified; no longer than `length`.
   *
   * @param start first byte, below `length`; 0 if left out.
   */
  open(signal?: AbortSignal, start?: number): Promise<ReadableStream<Uint8Array>>;
}

/** Finds the data of targets. */
export interface TargetSource {
  /**
   * The target as TUF knows it: the file, or the manifest that lists its parts.
   *
   * @throws DTufError TARGET_MISMATCH, TARGET_MISSING, NOT_SUPPORTED
   */
  whole(name: string, file: TargetFile, signal?: AbortSignal): Promise<Part>;
  /**
   * The parts of a target, in order. What has to be fetched for that is verified against `file`.
   *
   * @throws DTufError TARGET_MISMATCH, TARGET_MISSING
   */
  parts(name: string, file: TargetFile, signal?: AbortSignal): Promise<readonly Part[]>;
}
