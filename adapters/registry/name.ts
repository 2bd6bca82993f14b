import { isRepositoryName as isLegalName } from '../../src/registry/reference.ts';

export { isTag } from '../../src/registry/reference.ts';

/** Legal names that an OCI image layout needs for itself: a repository `a/blobs` would lie inside that of `a`. */
const reserved = new Set(['blobs', 'index.json', 'oci-layout']);

/** Whether a repository may have this name here; judged before any storage is touched. */
export function isRepositoryName(name: string): boolean {
  return isLegalName(name) && !name.split('/').some((part) => reserved.has(part));
}
