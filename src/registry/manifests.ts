import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Call } from './call.ts';
import { type Digest, digestOf, isDigest } from './digest.ts';
import { dockerListType, dockerManifestType, ociIndexType, ociManifestType } from './manifest.ts';
import { parseReference } from './reference.ts';
import type { Answer, Transport } from './transport.ts';

export interface FetchedManifest {
  readonly bytes: Bytes;
  /** As the registry named it, without parameters, in lower case. The manifest's own `mediaType` may be another. */
  readonly mediaType: string;
  readonly digest: Digest;
  /** To be given to the next fetch of the same tag. */
  readonly etag?: string;
}

export interface ManifestOptions {
  readonly accept?: readonly string[];
  /** Of what the caller has. Sent only where the registry was made with `conditional`. */
  readonly etag?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Each list stays under 128 bytes: a longer Accept costs a page a preflight (Fetch, CORS-safelisted request-header). */
const manifestTypes = [ociManifestType, dockerManifestType];
const indexTypes = [ociIndexType, dockerListType];
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/;

/** The manifests of one repository (distribution-spec v1.1, "Pulling manifests"). */
export class Manifests {
  /** @internal */
  readonly transport: Transport;
  /** The name of the repository. */
  readonly repository: string;
  readonly #conditional: boolean;

  /** @internal */
  constructor(transport: Transport, repository: string, conditional: boolean) {
    this.transport = transport;
    this.repository = repository;
    this.#conditional = conditional;
  }

  /**
   * A manifest by tag or digest.
   *
   * @returns undefined where there is none, `unchanged` where it is the one of `options.etag`.
   * @throws DTufError DIGEST_MISMATCH where it is not the one that was asked for, or not the one that the registry
   * says it is; LIMIT_EXCEEDED above limits.manifest.
   */
  async fetch(
    reference: string,
    options: ManifestOptions = {},
  ): Promise<FetchedManifest | 'unchanged' | undefined> {
    const call = this.#get(parseReference(reference), options);
    let answer = await this.transport.ask(call, this.transport.limits.manifest);
    if (answer.status === 404) {
      // distribution answers 404 to a tag that names an index where Accept does not list it: not "not there".
      const again = { ...call, headers: { Accept: indexTypes.join(', ') } };
      answer = await this.transport.ask(again, this.transport.limits.manifest);
    }
    if (answer.status === 404) return undefined;
    if (answer.status === 304) return 'unchanged';
    if (answer.status !== 200) throw await this.transport.refuse(call, answer);
    return this.#check(reference, answer);
  }

  #get(reference: string, { accept = manifestTypes, etag, signal }: ManifestOptions): Call {
    const known = this.#conditional && etag !== undefined ? { 'If-None-Match': etag } : {};
    return {
      method: 'GET',
      url: this.url(reference),
      doing: `to fetch the manifest ${reference} of ${this.repository}`,
      scope: `repository:${this.repository}:pull`,
      headers: { Accept: accept.join(', '), ...known },
      // A tag may name something else by now; a digest never does.
      cache: isDigest(reference) ? undefined : 'no-cache',
      signal,
    };
  }

  async #check(reference: string, { bytes, headers }: Answer): Promise<FetchedManifest> {
    const digest = await digestOf(bytes);
    if (isDigest(reference) && reference !== digest) {
      throw new DTufError(
        'DIGEST_MISMATCH',
        'The registry sent another manifest than the one that was asked for.',
        {
          expected: reference,
          got: digest,
        },
      );
    }
    const mediaType = (headers.get('content-type') ?? '').replace(/;.*$/s, '').trim().toLowerCase();
    // What a registry calls the digest of a schema 1 manifest is that of the payload that was signed.
    if (!schema1.test(mediaType)) checkNamed(digest, headers);
    const etag = headers.get('etag');
    return Object.freeze({ bytes, mediaType, digest, ...(etag === null ? {} : { etag }) });
  }

  /** @internal */
  url(reference: string): URL {
    return new URL(`/v2/${this.repository}/manifests/${reference}`, this.transport.registry);
  }
}

/** Another algorithm than ours is another name for what may be the same bytes, and is left alone. */
export function checkNamed(digest: Digest, headers: Headers): void {
  const named = headers.get('docker-content-digest');
  if (named === null || named === digest || !named.startsWith('sha256:')) return;
  throw new DTufError('DIGEST_MISMATCH', 'The manifest is not the one that the registry says it is.', {
    expected: named.slice(0, 80),
    got: digest,
  });
}
