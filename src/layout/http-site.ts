// The web server of a plain TUF repository: two base addresses, and names below them.
import type { Limits } from '../limits.ts';
import type { Place } from '../options.ts';
import { Transport } from '../registry/transport.ts';
import { parseBase, parseMetadataAddress } from './web-address.ts';

export interface HttpSiteOptions {
  /** The base address of the metadata files, or the address of a bundle among them: `…/metadata/bundle.json`. */
  readonly metadata: Place;
  /** The base address of the targets; by default `targets/` beside the metadata's. */
  readonly targets?: string | URL | undefined;
  readonly fetch: typeof fetch;
  readonly limits: Limits;
}

/** @throws DTufError INVALID_ARGUMENT where an address is none, or no place below which names can be put. */
export class HttpSite {
  readonly metadata: URL;
  /** Where the address is that of a bundle. */
  readonly bundle: URL | undefined;
  readonly targets: URL;
  readonly limits: Limits;
  readonly transport: Transport;

  constructor({ metadata, targets, fetch, limits }: HttpSiteOptions) {
    const { base, bundle } = parseMetadataAddress(metadata);
    this.metadata = base;
    this.bundle = bundle;
    this.targets = targets === undefined ? new URL('../targets/', this.metadata) : parseBase(targets);
    this.limits = limits;
    this.transport = new Transport({ registry: this.metadata, fetch, limits });
  }
}
