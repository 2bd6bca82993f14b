// What a layout does for a publisher.

import type { JsonObject } from '../json.ts';
import type { Call, UploadCall } from '../options.ts';
import type { Bytes, Content } from '../ports.ts';
import type { TargetFile } from '../tuf/targets.ts';
import type { MetadataSource, Part } from './layout.ts';
import type { BundleFiles } from './write-bundle.ts';

/** What is published of a target: new data, or the parts of a target that is there. */
export type NewPart = Content | Part;

/** A target that was uploaded. */
export interface PushedTarget {
  /** What has to be signed of it. */
  readonly file: TargetFile;
  /** python-dtuf's layout: the list of blobs, which is what is signed. */
  readonly list?: Bytes;
}

/** What is published at the moment. */
export interface Published {
  readonly source: MetadataSource;
  /** The same for the same state. */
  readonly state: string;
  /** Gives this state the tag of its version, which a publisher that was killed has not given it. */
  keepAs(version: number): Promise<void>;
}

export interface Publisher {
  /** Uploads the data of a target and keeps it from garbage collection. */
  pushTarget(
    name: string,
    parts: readonly NewPart[],
    custom: JsonObject | undefined,
    call: UploadCall,
  ): Promise<PushedTarget>;
  /** Undefined where nothing is published yet. */
  published(signal?: AbortSignal): Promise<Published | undefined>;
  /** The `state` that was published last with a timestamp of this version. */
  stateAt(version: number, signal?: AbortSignal): Promise<string | undefined>;
  /** Uploads what {@link switchTo} names. Clients do not see it. */
  upload(files: BundleFiles, call: Call): Promise<void>;
  /**
   * Publishes what was uploaded: clients see the state before or this one, at any moment.
   *
   * @param version of the timestamp.
   * @returns the `state` that {@link published} answers from now on.
   */
  switchTo(version: number, files: BundleFiles, call: Call): Promise<string>;
}
