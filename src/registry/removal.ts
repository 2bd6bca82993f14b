// What is no longer wanted (distribution-spec v1.1, "Content Management").
import type { Blobs } from './blobs.ts';
import type { Call } from './call.ts';
import { type Digest, parseDigest } from './digest.ts';
import type { Manifests } from './manifests.ts';

/**
 * Removes a manifest and all tags that name it.
 *
 * @returns false where it was not there, or where the registry does not do that.
 */
export function deleteManifest(manifests: Manifests, digest: Digest): Promise<boolean> {
  return remove(manifests, `manifests/${parseDigest(digest)}`);
}

/** Removes a blob. @returns false where it was not there, or where the registry does not do that. */
export function deleteBlob(blobs: Blobs, digest: Digest): Promise<boolean> {
  return remove(blobs, `blobs/${parseDigest(digest)}`);
}

async function remove({ transport, repository }: Manifests | Blobs, what: string): Promise<boolean> {
  const call: Call = {
    method: 'DELETE',
    url: new URL(`/v2/${repository}/${what}`, transport.registry),
    doing: `to delete ${what} of ${repository}`,
    scope: `repository:${repository}:pull,delete`,
  };
  const answer = await transport.ask(call, transport.limits.answer);
  if (answer.response.ok) return true;
  if (answer.status === 404 || answer.status === 405) return false;
  throw await transport.refuse(call, answer);
}
