import { DTufError } from '../errors.ts';
import type { Bytes, Digester } from '../ports.ts';
import { type Digest, digestOf, isDigest, parseDigest, plainBytes } from './digest.ts';
import { dockerListType, dockerManifestType, ociIndexType, ociManifestType } from './manifest.ts';
import { doOnce } from './once.ts';
import { parseReference } from './reference.ts';
import { deleteAt } from './removal.ts';
import type { Answer, Call, Transport } from './transport.ts';
import { requestBody } from './upload-body.ts';

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
  readonly etag?: string;
  readonly signal?: AbortSignal;
}

export interface PushManifestOptions {
  readonly signal?: AbortSignal;
  /**
   * What the tag named when the caller looked last; undefined for nothing. An attempt whose answer got lost is then not
   * repeated over what somebody else has put there since: the caller has to read back what the tag names.
   */
  readonly replaces?: { readonly digest: Digest | undefined };
}

/** Each list stays under 128 bytes: a longer Accept costs a page a preflight (Fetch, CORS-safelisted request-header). */
const manifestTypes = [ociManifestType, dockerManifestType];
const indexTypes = [ociIndexType, dockerListType];
const schema1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(?:json|prettyjws)$/;

/** The manifests of one repository (distribution-spec v1.1, "Pulling manifests", "Pushing manifests"). */
export class Manifests {
  readonly #transport: Transport;
  readonly #repository: string;
  readonly #conditional: boolean;
  readonly #digester: Digester | undefined;

  /** @internal */
  constructor(transport: Transport, repository: string, conditional: boolean, digester?: Digester) {
    this.#transport = transport;
    this.#repository = repository;
    this.#conditional = conditional;
    this.#digester = digester;
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
    let answer = await this.#transport.ask(call, this.#transport.limits.manifest);
    if (answer.status === 404) {
      // distribution answers 404 to a tag that names an index where Accept does not list it: not "not there".
      const again = { ...call, headers: { Accept: indexTypes.join(', ') } };
      answer = await this.#transport.ask(again, this.#transport.limits.manifest);
    }
    if (answer.status === 404) return undefined;
    if (answer.status === 304) return 'unchanged';
    if (answer.status !== 200) throw this.#transport.refuse(call, answer);
    return this.#check(reference, answer);
  }

  /**
   * Uploads a manifest. What it names must be there already.
   *
   * @param reference a tag, or the manifest's own digest.
   * @returns its digest.
   * @throws DTufError TOO_LARGE above limits.manifest; DIGEST_MISMATCH where the registry stored something else.
   */
  async push(
    reference: string,
    bytes: Bytes,
    mediaType: string,
    { signal, replaces }: PushManifestOptions = {},
  ): Promise<Digest> {
    const digest = await digestOf(bytes, this.#digester);
    if (isDigest(parseReference(reference)) && reference !== digest) {
      throw new DTufError(
        'INVALID_ARGUMENT',
        'The manifest does not have the digest that it is to be stored under.',
        {
          expected: reference,
          got: digest,
        },
      );
    }
    const { manifest } = this.#transport.limits;
    if (bytes.length > manifest) {
      throw new DTufError('TOO_LARGE', 'The manifest is larger than registries take.', {
        expected: `at most ${manifest} bytes`,
        got: `${bytes.length} bytes`,
      });
    }
    const call: Call = {
      method: 'PUT',
      url: this.#url(reference),
      doing: `to store the manifest ${reference} of ${this.#repository}`,
      scope: `repository:${this.#repository}:pull,push`,
      headers: { 'Content-Type': mediaType, 'Content-Length': String(bytes.length) },
      body: requestBody(plainBytes(bytes), bytes.length),
      signal,
    };
    const answer = await doOnce(this.#transport, {
      call,
      isDone: () => this.#isDone(reference, digest, replaces, signal),
      attempt: (risk) => {
        risk();
        return this.#transport.attempt(call, this.#transport.limits.answer);
      },
    });
    if (answer === undefined) return digest;
    if (!answer.response.ok) throw this.#transport.refuse(call, answer);
    checkNamed(digest, answer.headers);
    return digest;
  }

  /**
   * Removes a manifest and all tags that name it.
   *
   * @returns false where it was not there, or where the registry does not do that.
   */
  delete(digest: Digest): Promise<boolean> {
    const doing = `to delete the manifest ${parseDigest(digest)} of ${this.#repository}`;
    return deleteAt(this.#transport, this.#url(digest), this.#repository, doing);
  }

  /** Whether a push has happened whose answer got lost, or must not happen any more. */
  async #isDone(
    reference: string,
    digest: Digest,
    replaces: PushManifestOptions['replaces'],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const found = await this.fetch(reference, signal ? { signal } : {});
    const present = typeof found === 'object' ? found.digest : undefined;
    if (present === digest) return true;
    return replaces !== undefined && present !== undefined && present !== replaces.digest;
  }

  #get(reference: string, { accept = manifestTypes, etag, signal }: ManifestOptions): Call {
    const known = this.#conditional && etag !== undefined ? { 'If-None-Match': etag } : {};
    return {
      method: 'GET',
      url: this.#url(reference),
      doing: `to fetch the manifest ${reference} of ${this.#repository}`,
      scope: `repository:${this.#repository}:pull`,
      headers: { Accept: accept.join(', '), ...known },
      // A tag may name something else by now; a digest never does.
      cache: isDigest(reference) ? undefined : 'no-cache',
      signal,
    };
  }

  async #check(reference: string, { bytes, headers }: Answer): Promise<FetchedManifest> {
    const digest = await digestOf(bytes, this.#digester);
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

  #url(reference: string): URL {
    return new URL(`/v2/${this.#repository}/manifests/${reference}`, this.#transport.registry);
  }
}

/** Another algorithm than ours is another name for what may be the same bytes, and is left alone. */
function checkNamed(digest: Digest, headers: Headers): void {
  const named = headers.get('docker-content-digest');
  if (named === null || named === digest || !named.startsWith('sha256:')) return;
  throw new DTufError('DIGEST_MISMATCH', 'The manifest is not the one that the registry says it is.', {
    expected: named.slice(0, 80),
    got: digest,
  });
}
