import { DTufError } from '../errors.ts';
import type { Bytes } from '../ports.ts';
import type { Call } from './call.ts';
import { type Digest, digestOf, isDigest, plainBytes } from './digest.ts';
import { checkNamed, type Manifests } from './manifests.ts';
import { doOnce } from './once.ts';
import { parseReference } from './reference.ts';
import { requestBody } from './upload-body.ts';

export interface PushManifestOptions {
  readonly signal?: AbortSignal;
  /**
   * What the tag named when the caller looked last; undefined for nothing. An attempt whose answer got lost is then not
   * repeated over what somebody else has put there since: the caller has to read back what the tag names.
   */
  readonly replaces?: { readonly digest: Digest | undefined };
}

/**
 * Uploads a manifest (distribution-spec v1.1, "Pushing manifests"). What it names must be there already.
 *
 * @param reference a tag, or the manifest's own digest.
 * @returns its digest.
 * @throws DTufError TOO_LARGE above limits.manifest; DIGEST_MISMATCH where the registry stored something else.
 */
export async function pushManifest(
  manifests: Manifests,
  reference: string,
  bytes: Bytes,
  mediaType: string,
  options: PushManifestOptions = {},
): Promise<Digest> {
  const { transport, repository } = manifests;
  const digest = await digestOf(bytes);
  if (isDigest(parseReference(reference)) && reference !== digest) {
    throw new DTufError(
      'INVALID_ARGUMENT',
      'The manifest does not have the digest that it is to be stored under.',
      { expected: reference, got: digest },
    );
  }
  const { manifest, answer: bound } = transport.limits;
  if (bytes.length > manifest) {
    throw new DTufError('TOO_LARGE', 'The manifest is larger than registries take.', {
      expected: `at most ${manifest} bytes`,
      got: `${bytes.length} bytes`,
    });
  }
  const call: Call = {
    method: 'PUT',
    url: manifests.url(reference),
    doing: `to store the manifest ${reference} of ${repository}`,
    scope: `repository:${repository}:pull,push`,
    headers: { 'Content-Type': mediaType, 'Content-Length': String(bytes.length) },
    body: requestBody(plainBytes(bytes), bytes.length),
    signal: options.signal,
  };
  const answer = await doOnce(transport, {
    call,
    isDone: () => isDone(manifests, reference, digest, options),
    attempt: (risk) => {
      risk();
      return transport.attempt(call, bound);
    },
  });
  if (answer === undefined) return digest;
  if (!answer.response.ok) throw await transport.refuse(call, answer);
  checkNamed(digest, answer.headers);
  return digest;
}

/** Whether a push has happened whose answer got lost, or must not happen any more. */
async function isDone(
  manifests: Manifests,
  reference: string,
  digest: Digest,
  { replaces, signal }: PushManifestOptions,
): Promise<boolean> {
  const found = await manifests.fetch(reference, signal ? { signal } : {});
  const present = typeof found === 'object' ? found.digest : undefined;
  if (present === digest) return true;
  return replaces !== undefined && present !== undefined && present !== replaces.digest;
}
