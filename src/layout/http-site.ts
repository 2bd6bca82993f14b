// The web server of a plain TUF repository: two base addresses, and names below them.
import type { Limits } from '../limits.ts';
import { Transport } from '../registry/transport.ts';

export interface HttpSiteOptions {
  /** The base address of the metadata files. */
  readonly metadata: URL;
  /** The base address of the targets; by default `targets/` beside the metadata's. */
  readonly targets: URL | undefined;
  readonly fetch: typeof fetch;
  readonly limits: Limits;
}

export class HttpSite {
  readonly metadata: URL;
  readonly targets: URL;
  readonly limits: Limits;
  readonly transport: Transport;

  constructor({ metadata, targets, fetch, limits }: HttpSiteOptions) {
    this.metadata = metadata;
    this.targets = targets ?? new URL('../targets/', metadata);
    this.limits = limits;
    this.transport = new Transport({ registry: metadata, fetch, limits });
  }
}
