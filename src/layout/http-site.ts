// The web server of a plain TUF repository: two base addresses, and names below them.
import { DTufError } from '../errors.ts';
import type { Limits } from '../limits.ts';
import { Transport } from '../registry/transport.ts';

export interface HttpSiteOptions {
  /** The base address of the metadata files, or the address of a bundle among them: `…/metadata/bundle.json`. */
  readonly metadata: string | URL;
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

/**
 * Reads the address of metadata: a base, or a bundle in it.
 *
 * @throws DTufError INVALID_ARGUMENT
 */
export function parseMetadataAddress(address: string | URL): { base: URL; bundle: URL | undefined } {
  const url = parseBase(address);
  if (!url.pathname.endsWith('.json/')) return { base: url, bundle: undefined };
  url.pathname = url.pathname.slice(0, -1);
  return { base: new URL('.', url), bundle: url };
}

/**
 * Reads a base address: what has no slash at its end gets one.
 *
 * @throws DTufError INVALID_ARGUMENT
 */
export function parseBase(base: string | URL): URL {
  const url = parseUrl(String(base));
  const web = url?.protocol === 'https:' || url?.protocol === 'http:';
  // A login would show up in messages; below a query or a fragment no names can be put.
  if (!url || !web || url.username || url.password || /[?#]/.test(url.href)) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      'A TUF repository on a web server is named by the address of its metadata, as in https://example.com/metadata/, without a login, a query or a fragment.',
      { expected: 'https://host/path/' },
    );
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    // The caller says what was expected.
    return undefined;
  }
}
